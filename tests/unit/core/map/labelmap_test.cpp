#include "core/map/labelmap.h"

#include "models/error.h"

#include <gtest/gtest.h>

#include <random>

namespace tessera::core
{
namespace
{

LabelMap noisyMap(int width, int height)
{
    LabelMap map(width, height);
    std::mt19937 random(unsigned(width * 1000 + height));
    for (uint8_t &label : map.labels) {
        label = uint8_t(random());
    }
    return map;
}

TEST(LabelMap, refusesImpossibleSizes)
{
    EXPECT_THROW(LabelMap(0, 5), Error);
    EXPECT_THROW(LabelMap(5, -1), Error);
    EXPECT_THROW(LabelMap(LabelMap::kMaxSidePixels + 1, 5), Error);
    EXPECT_NO_THROW(LabelMap(LabelMap::kMaxSidePixels, 1));
}

struct Sizes {
    int width, height, newWidth, newHeight;
};

class LabelMapResize : public testing::TestWithParam<Sizes>
{};

TEST_P(LabelMapResize, takesTheFloorOfThePlace)
{
    const auto [width, height, newWidth, newHeight] = GetParam();
    const LabelMap map = noisyMap(width, height);
    const LabelMap resized = map.resizedNearest(newWidth, newHeight);
    ASSERT_EQ(resized.rect(), (PixelRect{0, 0, newWidth, newHeight}));
    for (int y = 0; y < newHeight; ++y) {
        for (int x = 0; x < newWidth; ++x) {
            ASSERT_EQ(resized.at(x, y), map.at(x * width / newWidth, y * height / newHeight)) << x << ", " << y;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, LabelMapResize,
                         testing::Values(Sizes{64, 48, 32, 24}, Sizes{32, 24, 64, 48}, Sizes{17, 31, 53, 7},
                                         Sizes{683, 512, 256, 256}, Sizes{1, 1, 9, 5}, Sizes{9, 5, 1, 1},
                                         Sizes{301, 203, 256, 512}, Sizes{40, 40, 40, 40}));

TEST(LabelMap, cropsAndCounts)
{
    const LabelMap map = noisyMap(13, 9);
    const LabelMap part = map.cropped({4, 2, 5, 7});
    ASSERT_EQ(part.rect(), (PixelRect{0, 0, 5, 7}));
    EXPECT_EQ(part.at(0, 0), map.at(4, 2));
    EXPECT_EQ(part.at(4, 6), map.at(8, 8));

    LabelMap plain(7, 3, 2);
    plain.labels[5] = 255;
    const auto counts = plain.histogram();
    EXPECT_EQ(counts[2], 20u);
    EXPECT_EQ(counts[255], 1u);
    plain.fill(9);
    EXPECT_EQ(plain, LabelMap(7, 3, 9));
}

TEST(PixelRect, unitesAndIntersects)
{
    const PixelRect a{2, 3, 4, 5}, b{5, 1, 10, 3};
    EXPECT_EQ(a.united(b), (PixelRect{2, 1, 13, 7}));
    EXPECT_EQ(a.intersected(b), (PixelRect{5, 3, 1, 1}));
    EXPECT_EQ(a.united({}), a);
    EXPECT_EQ(PixelRect{}.united(a), a);
    EXPECT_TRUE(a.intersected({6, 3, 4, 4}).empty());
    EXPECT_TRUE(a.contains(5, 7));
    EXPECT_FALSE(a.contains(6, 7));
}

} // namespace
} // namespace tessera::core
