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

namespace tessera::core
{

namespace
{

// One picture in the making.
class Renderer
{
public:
    Renderer(const Scene &scene, HeightCache &cache, int width, int height)
        : m_scene(scene)
        , m_ground{scene, &cache}
        , m_width(width)
        , m_height(height)
    {
        cache.begin(scene);
    }

    Landscape render()
    {
        Landscape picture;
        traceAll(picture);
        develop(picture);
        picture.facts = sceneFacts(m_scene);
        return picture;
    }

private:
    PixelSample trace(float px, float py, float start, float &reached) const
    {
        const Vec3 eye = m_scene.camera.position, ray = viewRay(m_scene.camera, px, py, m_width, m_height);
        PixelSample s = shadeRay(m_ground, eye, ray, start, reached);
        overlaySprites(m_scene, eye, ray, s);
        return s;
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
        m_reached.assign(pixels, 0);
        for (int y = m_height - 1; y >= 0; --y) {
            for (int x = 0; x < m_width; ++x) {
                const std::size_t i = static_cast<std::size_t>(y) * m_width + x;
                const float below = y + 1 < m_height ? m_reached[i + m_width] : 0;
                const PixelSample s =
                    trace(static_cast<float>(x) + .5f, static_cast<float>(y) + .5f, startBefore(below), m_reached[i]);
                m_radiance[i] = s.color;
                picture.object[i] = static_cast<std::uint8_t>(s.object);
                picture.material[i] = static_cast<std::uint8_t>(s.material);
                picture.depth[i] = depthCode(s.distance);
            }
        }
    }

    static float startBefore(float reached) { return reached >= kSkyDistance ? reached : .94f * reached - .001f; }

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

    // Three more rays where a pixel differs from its neighbours.
    void smoothEdges(const Exposure &exposure)
    {
        constexpr float kVisible = .22f;
        constexpr float kOffsets[3][2] = {{.17f, .33f}, {.67f, .17f}, {.83f, .8f}};
        std::vector<Vec3> shown(m_radiance.size());
        for (std::size_t i = 0; i < shown.size(); ++i)
            shown[i] = exposure.develop(m_radiance[i], 1);
        const float white = exposure.white();
        const auto clip = [white](Vec3 c) {
            return Vec3{std::min(c.x, white), std::min(c.y, white), std::min(c.z, white)};
        };
        for (int y = 0; y < m_height; ++y) {
            for (int x = 0; x < m_width; ++x) {
                if (contrastAt(shown, x, y) < kVisible)
                    continue;
                Vec3 &c = m_radiance[static_cast<std::size_t>(y) * m_width + x];
                c = clip(c);
                const float start = startNear(x, y);
                float reached;
                for (const auto &o : kOffsets)
                    c = c
                        + clip(trace(static_cast<float>(x) + o[0], static_cast<float>(y) + o[1], start, reached).color);
                c = c * .25f;
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
    std::vector<float> m_reached; // km to the land or the water, without sprites
};

Landscape renderWith(HeightCache &cache, std::uint32_t seed, int width, int height)
{
    Scene scene = makeScene(seed);
    scene.camera.columns = static_cast<float>(width);
    Landscape picture = Renderer(scene, cache, width, height).render();
    picture.facts.seed = seed;
    return picture;
}

void checkSize(int width, int height)
{
    constexpr int kLargest = 8192;
    if (width < 1 || height < 1 || width > kLargest || height > kLargest)
        throw std::invalid_argument("a landscape of " + std::to_string(width) + " x " + std::to_string(height)
                                    + " pixels was asked for; each side must be between 1 and 8192");
}

// Gives out seeds to worker threads and hands the pictures on in order.
class Assembly
{
public:
    Assembly(std::uint32_t firstSeed, int count, int window, std::stop_token stop,
             const std::function<void(std::uint32_t, Landscape &&)> &take)
        : m_first(firstSeed)
        , m_count(count)
        , m_slots(static_cast<std::size_t>(window))
        , m_stop(std::move(stop))
        , m_take(take)
    {}

    void work(int width, int height)
    {
        try {
            HeightCache cache;
            for (int i = claim(); i >= 0; i = claim())
                deliver(i, renderWith(cache, m_first + static_cast<std::uint32_t>(i), width, height));
        } catch (...) {
            fail(std::current_exception());
        }
    }

    int result() const
    {
        if (m_failure)
            std::rethrow_exception(m_failure);
        return m_done;
    }

private:
    bool ended() const { return m_failure || m_stop.stop_requested(); }

    // Next index, or -1. Waits while the window of unordered pictures is full.
    int claim()
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] {
            return ended() || m_next >= m_count || m_next < m_done + static_cast<int>(m_slots.size());
        });
        return ended() || m_next >= m_count ? -1 : m_next++;
    }

    void deliver(int index, Landscape &&picture)
    {
        std::unique_lock lock(m_mutex);
        m_slots[static_cast<std::size_t>(index) % m_slots.size()] = std::move(picture);
        for (auto *slot = &m_slots[static_cast<std::size_t>(m_done) % m_slots.size()]; *slot && !ended();
             slot = &m_slots[static_cast<std::size_t>(m_done) % m_slots.size()]) {
            Landscape next = std::move(**slot);
            slot->reset();
            m_take(m_first + static_cast<std::uint32_t>(m_done), std::move(next));
            ++m_done;
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
    const int m_count;
    int m_next = 0;
    int m_done = 0;
    std::vector<std::optional<Landscape>> m_slots;
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
    checkSize(width, height);
    HeightCache cache;
    return renderWith(cache, seed, width, height);
}

int generateLandscapes(std::uint32_t firstSeed, int count, int width, int height, int threads, std::stop_token stop,
                       const std::function<void(std::uint32_t, Landscape &&)> &take)
{
    checkSize(width, height);
    const int workers = std::clamp(threads, 1, std::max(1, count));
    Assembly assembly(firstSeed, count, 2 * workers, std::move(stop), take);
    {
        std::vector<std::jthread> pool;
        for (int i = 1; i < workers; ++i)
            pool.emplace_back([&] { assembly.work(width, height); });
        assembly.work(width, height);
    }
    return assembly.result();
}

} // namespace tessera::core
