// The steps of a GPU on the processor: the same pixel functions in the same order, heights without a cache.
#pragma once

#include "core/landscape/batchpainter.h"
#include "core/landscape/pixels.h"

#include <deque>
#include <utility>
#include <vector>

namespace tessera::core
{

// A picture of a scene, without facts; `reached` is filled unless it is known.
inline Landscape paintedByPixels(const Scene &scene, int width, int height, std::vector<float> &reached)
{
    constexpr int kStrip = 16;
    const auto pixels = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    const bool known = !reached.empty();
    reached.resize(pixels);
    std::vector<Vec3> radiance(pixels), shown(pixels);
    Landscape picture;
    picture.width = width;
    picture.height = height;
    picture.object.resize(pixels);
    picture.material.resize(pixels);
    picture.depth.resize(pixels);
    picture.rgb.resize(3 * pixels);
    const PicturePlanes planes = {width,
                                  height,
                                  reached.data(),
                                  nullptr,
                                  radiance.data(),
                                  shown.data(),
                                  picture.object.data(),
                                  picture.material.data(),
                                  picture.depth.data(),
                                  picture.rgb.data()};
    const Ground ground{scene, nullptr, Heights::Whole};
    LogSums sums;
    for (int y = height - 1; y >= 0; --y) {
        for (int x = 0; x < width; ++x) {
            const bool begins = (y + 1) % kStrip == 0 || y + 1 == height;
            if (!known)
                reachPixel(ground, planes, x, y, begins ? 0 : reached[planes.at(x, y + 1)]);
            shadePixel(ground, planes, x, y);
            sums.add(radiance[planes.at(x, y)]);
        }
    }
    const Exposure exposure = exposureOf(scene, planes, sums);
    for (std::size_t i = 0; i < pixels; ++i)
        showPixel(planes, exposure, i);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            if (const int rays = raysBeside(planes, x, y); rays > 0)
                smoothPixel(ground, planes, exposure, x, y, rays);
    for (std::size_t i = 0; i < pixels; ++i)
        developPixel(scene, planes, exposure, i);
    return picture;
}

// Paints a batch when it is collected. The scenes must live until then in a copy: they do.
class HostPainter : public BatchPainter
{
public:
    HostPainter(int width, int height, int pictures) : m_width(width), m_height(height), m_room(pictures) {}

    int room() const override { return m_room; }

    void begin(const std::vector<Picture> &pictures) override
    {
        Batch batch;
        for (const Picture &picture : pictures)
            batch.push_back({std::make_unique<Scene>(*picture.scene), picture.land});
        m_underWay.push_back(std::move(batch));
    }

    std::vector<Landscape> collect() override
    {
        const Batch batch = std::move(m_underWay.front());
        m_underWay.pop_front();
        std::vector<std::vector<float>> reached(batch.size());
        std::vector<Landscape> painted;
        for (const auto &[scene, land] : batch)
            painted.push_back(paintedByPixels(*scene, m_width, m_height, reached[static_cast<std::size_t>(land)]));
        return painted;
    }

private:
    using Batch = std::vector<std::pair<std::unique_ptr<Scene>, int>>;

    int m_width;
    int m_height;
    int m_room;
    std::deque<Batch> m_underWay;
};

} // namespace tessera::core
