#include "core/landscape/landscape.h"

#include "core/landscape/exposure.h"
#include "core/landscape/march.h"
#include "core/landscape/shading.h"
#include "core/landscape/sprites.h"

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace tessera::core
{

namespace
{

// One picture in the making.
class Renderer
{
public:
    Renderer(const Scene &scene, HeightCache &cache, int width, int height, bool several)
        : m_scene(scene)
        , m_ground{scene, &cache}
        , m_width(width)
        , m_height(height)
    {
        cache.begin(scene);
        if (several)
            m_reachedBeside.assign(kBeside * static_cast<std::size_t>(width) * height, kUnknown);
    }

    Landscape render()
    {
        Landscape picture;
        traceAll(picture);
        develop(picture);
        picture.facts = sceneFacts(m_scene);
        m_traced = true; // the land stays where it is when the scene is lit anew
        return picture;
    }

private:
    static constexpr std::size_t kBeside = 3;
    static constexpr float kUnknown = -1;

    PixelSample trace(float px, float py, float start, float &reached, bool known = false) const
    {
        const Vec3 eye = m_scene.camera.position, ray = viewRay(m_scene.camera, px, py, m_width, m_height);
        PixelSample s = known ? shadeAt(m_ground, eye, ray, reached) : shadeRay(m_ground, eye, ray, start, reached);
        overlaySprites(m_scene, eye, ray, s);
        return s;
    }

    // One of the three rays of a pixel beside the one through its middle. Where several lightings are made it is kept
    // how far each goes.
    PixelSample traceBeside(int x, int y, int number, float start)
    {
        constexpr float kOffsets[kBeside][2] = {{.83f, .8f}, {.17f, .33f}, {.67f, .17f}};
        const float px = static_cast<float>(x) + kOffsets[number][0], py = static_cast<float>(y) + kOffsets[number][1];
        float once = kUnknown;
        const std::size_t pixel = static_cast<std::size_t>(y) * m_width + x;
        float &reached =
            m_reachedBeside.empty() ? once : m_reachedBeside[kBeside * pixel + static_cast<std::size_t>(number)];
        return trace(px, py, start, reached, reached != kUnknown);
    }

    // From the bottom row up: in a column each ray passes over the land that the one below it met, so it begins
    // a little before that place, and above the sky there is only sky.
    void traceAll(Landscape &picture)
    {
        const std::size_t pixels = static_cast<std::size_t>(m_width) * m_height;
        picture.width = m_width;
        picture.height = m_height;
        picture.object.resize(pixels);
        picture.material.resize(pixels);
        picture.depth.resize(pixels);
        m_radiance.resize(pixels);
        m_reached.resize(pixels);
        for (int y = m_height - 1; y >= 0; --y) {
            for (int x = 0; x < m_width; ++x) {
                const std::size_t i = static_cast<std::size_t>(y) * m_width + x;
                const float below = y + 1 < m_height ? m_reached[i + m_width] : 0;
                const PixelSample s = trace(static_cast<float>(x) + .5f, static_cast<float>(y) + .5f,
                                            startBefore(below), m_reached[i], m_traced);
                m_radiance[i] = s.color;
                picture.object[i] = static_cast<std::uint8_t>(s.object);
                picture.material[i] = static_cast<std::uint8_t>(s.material);
                picture.depth[i] = depthCode(s.distance);
            }
        }
    }

    static float startBefore(float reached) { return reached >= kSkyDistance ? reached : .985f * reached - .0004f; }

    // Where a ray between this pixel and its neighbours may begin.
    float startNear(int x, int y) const
    {
        float nearest = kSkyDistance;
        for (int j = std::max(0, y - 1); j <= std::min(m_height - 1, y + 1); ++j)
            for (int i = std::max(0, x - 1); i <= std::min(m_width - 1, x + 1); ++i)
                nearest = std::min(nearest, m_reached[static_cast<std::size_t>(j) * m_width + i]);
        return startBefore(nearest);
    }

    float key() const
    {
        const float hour = m_scene.night ? .088f : m_scene.sun.y < 0 ? .15f : .185f;
        const float taste = .72f + .6f * hashToFloat(hash32(m_scene.seed + 31)); // some pictures are bright, some dark
        return taste * (m_scene.biome == Biome::Arctic ? hour * 1.45f : hour);
    }

    // Largest difference to the four neighbours, as seen on the screen.
    float contrastAt(const std::vector<Vec3> &shown, int x, int y) const
    {
        float most = 0;
        const auto compare = [&](int otherX, int otherY) {
            if (otherX < 0 || otherY < 0 || otherX >= m_width || otherY >= m_height)
                return;
            const Vec3 d = shown[static_cast<std::size_t>(y) * m_width + x]
                           - shown[static_cast<std::size_t>(otherY) * m_width + otherX];
            most = std::max(most, std::fabs(d.x) + std::fabs(d.y) + std::fabs(d.z));
        };
        compare(x + 1, y);
        compare(x - 1, y);
        compare(x, y + 1);
        compare(x, y - 1);
        return most;
    }

    // More rays where a pixel differs from its neighbours: one where it is a little, three where it is much.
    void smoothEdges(const Exposure &exposure)
    {
        constexpr float kVisible = .22f, kStrong = .34f;
        std::vector<Vec3> shown(m_radiance.size());
        for (std::size_t i = 0; i < shown.size(); ++i)
            shown[i] = exposure.develop(m_radiance[i], 1);
        const float white = exposure.white();
        const auto clip = [white](Vec3 c) {
            return Vec3{std::min(c.x, white), std::min(c.y, white), std::min(c.z, white)};
        };
        for (int y = 0; y < m_height; ++y) {
            for (int x = 0; x < m_width; ++x) {
                const float contrast = contrastAt(shown, x, y);
                if (contrast < kVisible)
                    continue;
                Vec3 &c = m_radiance[static_cast<std::size_t>(y) * m_width + x];
                c = clip(c);
                const float start = startNear(x, y);
                const int rays = contrast < kStrong ? 1 : 3;
                for (int k = 0; k < rays; ++k)
                    c = c + clip(traceBeside(x, y, k, start).color);
                c = c * (1 / static_cast<float>(rays + 1));
            }
        }
    }

    void develop(Landscape &picture)
    {
        const Exposure exposure(m_radiance, key(), m_scene.night ? 160.f : 60.f);
        smoothEdges(exposure);
        const float saturation = m_scene.saturation * (m_scene.night ? .55f : 1.f); // eyes see few colours at night
        picture.rgb.resize(m_radiance.size() * 3);
        for (std::size_t i = 0; i < m_radiance.size(); ++i) {
            const Vec3 c = exposure.develop(m_radiance[i], saturation);
            picture.rgb[3 * i] = static_cast<std::uint8_t>(c.x * 255 + .5f);
            picture.rgb[3 * i + 1] = static_cast<std::uint8_t>(c.y * 255 + .5f);
            picture.rgb[3 * i + 2] = static_cast<std::uint8_t>(c.z * 255 + .5f);
        }
    }

    const Scene &m_scene;
    Ground m_ground;
    int m_width;
    int m_height;
    std::vector<Vec3> m_radiance;
    std::vector<float> m_reached;       // km to the land or the water, without sprites
    std::vector<float> m_reachedBeside; // the same for the other rays of each pixel, or nothing
    bool m_traced = false;              // they are known
};

std::vector<Landscape> renderWith(HeightCache &cache, std::uint32_t seed, int lightings, int width, int height)
{
    const auto scene = std::make_unique<Scene>(makeScene(seed));
    scene->camera.columns = static_cast<float>(width);
    Renderer renderer(*scene, cache, width, height, lightings > 1);
    std::vector<Landscape> pictures;
    for (int i = 0; i < lightings; ++i) {
        if (i > 0)
            relight(*scene, seed, i);
        pictures.push_back(renderer.render());
        pictures.back().facts.seed = seed;
        pictures.back().facts.lighting = i;
    }
    return pictures;
}

void checkSize(int width, int height)
{
    constexpr int kLargest = 8192;
    if (width < 1 || height < 1 || width > kLargest || height > kLargest)
        throw std::invalid_argument("a landscape of " + std::to_string(width) + " x " + std::to_string(height)
                                    + " pixels was asked for; each side must be between 1 and 8192");
}

void checkLightings(int lightings)
{
    if (lightings < 1 || lightings > kMaxLightings)
        throw std::invalid_argument(std::to_string(lightings)
                                    + " lightings of a landscape were asked for; there can be 1 to "
                                    + std::to_string(kMaxLightings));
}

// Gives out seeds to worker threads and hands the pictures on in order.
class Assembly
{
public:
    Assembly(std::uint32_t firstSeed, int count, int lightings, int window, std::stop_token stop,
             const std::function<void(std::uint32_t, Landscape &&)> &take)
        : m_first(firstSeed)
        , m_count(count)
        , m_lightings(lightings)
        , m_seeds(count / lightings + (count % lightings > 0))
        , m_slots(static_cast<std::size_t>(window))
        , m_stop(std::move(stop))
        , m_take(take)
    {}

    void work(int width, int height)
    {
        try {
            HeightCache cache;
            for (int i = claim(); i >= 0; i = claim()) {
                const int lightings = std::min(m_lightings, m_count - i * m_lightings);
                deliver(i, renderWith(cache, m_first + static_cast<std::uint32_t>(i), lightings, width, height));
            }
        } catch (...) {
            fail(std::current_exception());
        }
    }

    int result() const
    {
        if (m_failure)
            std::rethrow_exception(m_failure);
        return m_taken;
    }

private:
    using Pictures = std::vector<Landscape>; // of one seed

    bool ended() const { return m_failure || m_stop.stop_requested(); }

    // Next index, or -1. Waits while the window of unordered pictures is full.
    int claim()
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] {
            return ended() || m_next >= m_seeds || m_next < m_done + static_cast<int>(m_slots.size());
        });
        return ended() || m_next >= m_seeds ? -1 : m_next++;
    }

    std::optional<Pictures> &slot(int index) { return m_slots[static_cast<std::size_t>(index) % m_slots.size()]; }

    void deliver(int index, Pictures &&pictures)
    {
        std::unique_lock lock(m_mutex);
        slot(index) = std::move(pictures);
        for (; slot(m_done) && !ended(); ++m_done) {
            Pictures next = std::move(*std::exchange(slot(m_done), std::nullopt));
            for (std::size_t k = 0; k < next.size() && !ended(); ++k, ++m_taken)
                m_take(m_first + static_cast<std::uint32_t>(m_done), std::move(next[k]));
        }
        m_changed.notify_all();
    }

    void fail(std::exception_ptr failure)
    {
        const std::lock_guard lock(m_mutex);
        if (!m_failure)
            m_failure = std::move(failure);
        m_changed.notify_all();
    }

    const std::uint32_t m_first;
    const int m_count; // of the pictures
    const int m_lightings;
    const int m_seeds;
    int m_next = 0;  // seed to be given out
    int m_done = 0;  // seeds whose pictures are handed over
    int m_taken = 0; // pictures
    std::vector<std::optional<Pictures>> m_slots;
    std::stop_token m_stop;
    const std::function<void(std::uint32_t, Landscape &&)> &m_take;
    std::exception_ptr m_failure;
    std::mutex m_mutex;
    std::condition_variable m_changed;
};

} // namespace

std::uint16_t depthCode(float distanceKm)
{
    if (distanceKm >= kSkyDistance)
        return 0;
    return static_cast<std::uint16_t>(65535 * std::sqrt(1 / (1 + std::max(0.f, distanceKm))) + .5f);
}

Landscape renderLandscape(std::uint32_t seed, int width, int height)
{
    return std::move(renderLandscapeLightings(seed, 1, width, height).front());
}

std::vector<Landscape> renderLandscapeLightings(std::uint32_t seed, int lightings, int width, int height)
{
    checkSize(width, height);
    checkLightings(lightings);
    HeightCache cache;
    return renderWith(cache, seed, lightings, width, height);
}

int generateLandscapes(std::uint32_t firstSeed, int count, int width, int height, int threads, std::stop_token stop,
                       const std::function<void(std::uint32_t seed, Landscape &&picture)> &take, int lightings)
{
    checkLightings(lightings);
    checkSize(width, height);
    const int workers = std::clamp(threads, 1, std::max(1, count));
    Assembly assembly(firstSeed, count, lightings, 2 * workers, std::move(stop), take);
    {
        std::vector<std::jthread> pool;
        for (int i = 1; i < workers; ++i)
            pool.emplace_back([&] { assembly.work(width, height); });
        assembly.work(width, height);
    }
    return assembly.result();
}

} // namespace tessera::core
