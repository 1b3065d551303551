#include "core/landscape/landscape.h"

#include "core/landscape/batchpainter.h"
#include "core/landscape/pixels.h"

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace tessera::core
{

namespace
{

// Makes pictures of one scene, whose light may change in between.
class Renderer
{
public:
    Renderer(const Scene &scene, HeightCache &cache, int width, int height, bool several)
        : m_scene(scene)
        , m_ground{scene, &cache}
        , m_width(width)
        , m_height(height)
        , m_radiance(pixels())
        , m_shown(pixels())
        , m_reached(pixels())
    {
        cache.begin(scene);
        if (several)
            m_reachedBeside.assign(kBesideRays * pixels(), kNotReached);
    }

    Landscape render()
    {
        Landscape picture;
        const PicturePlanes planes = planesOf(picture);
        trace(planes);
        develop(planes);
        picture.facts = sceneFacts(m_scene);
        m_traced = true; // the land stays where it is when the scene is lit anew
        return picture;
    }

private:
    std::size_t pixels() const { return static_cast<std::size_t>(m_width) * static_cast<std::size_t>(m_height); }

    PicturePlanes planesOf(Landscape &picture)
    {
        picture.width = m_width;
        picture.height = m_height;
        picture.object.resize(pixels());
        picture.material.resize(pixels());
        picture.depth.resize(pixels());
        picture.rgb.resize(3 * pixels());
        return {m_width,
                m_height,
                m_reached.data(),
                m_reachedBeside.empty() ? nullptr : m_reachedBeside.data(),
                m_radiance.data(),
                m_shown.data(),
                picture.object.data(),
                picture.material.data(),
                picture.depth.data(),
                picture.rgb.data()};
    }

    void trace(const PicturePlanes &planes) const
    {
        for (int y = m_height - 1; y >= 0; --y) {
            for (int x = 0; x < m_width; ++x) {
                if (!m_traced)
                    reachPixel(m_ground, planes, x, y, y + 1 < m_height ? planes.reached[planes.at(x, y + 1)] : 0);
                shadePixel(m_ground, planes, x, y);
            }
        }
    }

    void develop(const PicturePlanes &planes) const
    {
        LogSums sums;
        for (const Vec3 &c : m_radiance)
            sums.add(c);
        const Exposure exposure = exposureOf(m_scene, planes, sums);
        for (std::size_t i = 0; i < pixels(); ++i)
            showPixel(planes, exposure, i);
        for (int y = 0; y < m_height; ++y)
            for (int x = 0; x < m_width; ++x)
                if (const int rays = raysBeside(planes, x, y); rays > 0)
                    smoothPixel(m_ground, planes, exposure, x, y, rays);
        for (std::size_t i = 0; i < pixels(); ++i)
            developPixel(m_scene, planes, exposure, i);
    }

    const Scene &m_scene;
    const Ground m_ground;
    const int m_width;
    const int m_height;
    std::vector<Vec3> m_radiance, m_shown;
    std::vector<float> m_reached, m_reachedBeside; // as PicturePlanes tells
    bool m_traced = false;                         // they are known
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

// As many as the system lets it have: fewer make the same pictures, only later.
std::vector<std::jthread> startedThreads(int count, const std::function<void()> &work)
{
    std::vector<std::jthread> threads;
    threads.reserve(size_t(count));
    try {
        while (int(threads.size()) < count)
            threads.emplace_back(work);
    } catch (const std::system_error &) {
    }
    return threads;
}

} // namespace

void checkRequest(int width, int height, int lightings)
{
    constexpr int kLargest = 8192;
    if (width < 1 || height < 1 || width > kLargest || height > kLargest)
        throw std::invalid_argument("a landscape of " + std::to_string(width) + " x " + std::to_string(height)
                                    + " pixels was asked for; each side must be between 1 and 8192");
    if (lightings < 1 || lightings > kMaxLightings)
        throw std::invalid_argument(std::to_string(lightings)
                                    + " lightings of a landscape were asked for; there can be 1 to "
                                    + std::to_string(kMaxLightings));
}

Landscape renderLandscape(std::uint32_t seed, int width, int height)
{
    return std::move(renderLandscapeLightings(seed, 1, width, height).front());
}

std::vector<Landscape> renderLandscapeLightings(std::uint32_t seed, int lightings, int width, int height)
{
    checkRequest(width, height, lightings);
    HeightCache cache;
    return renderWith(cache, seed, lightings, width, height);
}

int generateLandscapes(std::uint32_t firstSeed, int count, int width, int height, int threads, std::stop_token stop,
                       const std::function<void(std::uint32_t seed, Landscape &&picture)> &take, int lightings)
{
    checkRequest(width, height, lightings);
    const int workers = std::clamp(threads, 1, std::max(1, count));
    Assembly assembly(firstSeed, count, lightings, 2 * workers, std::move(stop), take);
    const auto work = [&] { assembly.work(width, height); };
    {
        const std::vector<std::jthread> others = startedThreads(workers - 1, work);
        work();
    }
    return assembly.result();
}

} // namespace tessera::core
