// Training sees the fields that painters get: it has code of its own for them, since it may not use OpenCV.
#include "core/landscape/landscape.h"
#include "core/map/depthmap.h"
#include "models/training/canny.h"
#include "models/training/fieldmaps.h"

#include <filesystem>
#include <string>

#include <unistd.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::core
{
namespace
{

constexpr int kWidth = 192, kHeight = 160;

ImageBytes landscapePicture(uint32_t seed)
{
    return {kWidth, kHeight, 3, renderLandscape(seed, kWidth, kHeight).rgb};
}

// Overlapping rings in two colours: outlines of every direction and steepness.
ImageBytes ringPicture()
{
    ImageBytes picture{kWidth, kHeight, 3, {}};
    for (int y = 0; y < kHeight; ++y) {
        for (int x = 0; x < kWidth; ++x) {
            const int left = (x - 60) * (x - 60) + (y - 70) * (y - 70);
            const int right = (x - 130) * (x - 130) + (y - 90) * (y - 90);
            const int red = left / 700 % 2 == 0 ? 220 : 30, blue = right / 900 % 2 == 0 ? 10 : 120;
            picture.bytes.insert(picture.bytes.end(), {uint8_t(red), uint8_t((x * 255) / kWidth), uint8_t(blue)});
        }
    }
    return picture;
}

std::vector<uint8_t> trainingEdges(const ImageBytes &picture, const EdgeOptions &options)
{
    std::vector<float> gray;
    for (size_t i = 0; i < picture.bytes.size(); i += 3) {
        gray.push_back(models::grayOf(&picture.bytes[i]));
    }
    return models::cannyEdges(gray, picture.width, picture.height, {options.sigma, options.low, options.high});
}

// The share of the edges in `a` that have one in `b` at most a pixel away.
double agreement(const std::vector<uint8_t> &a, const std::vector<uint8_t> &b)
{
    const auto near = [&](int x, int y) {
        for (int ny = std::max(0, y - 1); ny <= std::min(kHeight - 1, y + 1); ++ny) {
            for (int nx = std::max(0, x - 1); nx <= std::min(kWidth - 1, x + 1); ++nx) {
                if (b[size_t(ny * kWidth + nx)] != 0) {
                    return true;
                }
            }
        }
        return false;
    };
    int all = 0, met = 0;
    for (int i = 0; i < kWidth * kHeight; ++i) {
        if (a[size_t(i)] != 0) {
            ++all;
            met += near(i % kWidth, i / kWidth);
        }
    }
    return all == 0 ? 0 : double(met) / all;
}

TEST(TrainingFields, EdgesAreThoseOfEdgeMap)
{
    for (const ImageBytes &picture : {landscapePicture(3), landscapePicture(11), ringPicture()}) {
        for (const EdgeOptions &options : {EdgeOptions{}, EdgeOptions{0.8, 0.15, 0.4}, EdgeOptions{0, 1, 2}}) {
            const FieldMap field = edgeMap(picture, options);
            const std::vector<uint8_t> painted(field.values.begin(), field.values.end());
            const std::vector<uint8_t> seen = trainingEdges(picture, options);
            EXPECT_GT(std::count(seen.begin(), seen.end(), 1), 300) << options.sigma;
            EXPECT_GT(agreement(painted, seen), 0.99) << options.sigma;
            EXPECT_GT(agreement(seen, painted), 0.99) << options.sigma;
        }
    }
}

TEST(TrainingFields, ExactDepthIsTheNormalizedField)
{
    const Landscape landscape = renderLandscape(5, kWidth, kHeight);
    std::string folder = (std::filesystem::temp_directory_path() / "tessera-depth-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    models::ShardWriter writer(folder + "/a.tlds", kWidth, kHeight);
    writer.add({kWidth, kHeight, landscape.rgb, landscape.object, landscape.material, landscape.depth, "{}"});
    writer.close();
    const models::PictureSet pictures(folder);
    std::filesystem::remove_all(folder);

    const models::View view{0, 17, 9, 128, false};
    const FieldMap whole{kWidth, kHeight, {landscape.depth.begin(), landscape.depth.end()}};
    const FieldMap expected = normalizedField(whole.cropped({view.x, view.y, view.side, view.side}), "depth");
    const at::Tensor field = models::depthField(pictures, view, view.side, 0, true).contiguous();
    EXPECT_THAT(std::vector<float>(field.data_ptr<float>(), field.data_ptr<float>() + field.numel()),
                testing::ContainerEq(expected.values));
}

} // namespace
} // namespace tessera::core
