#include "core/render/regionedit.h"

#include <gtest/gtest.h>

namespace tessera::core
{

namespace
{

constexpr int kFactor = 8;

Image filled(int width, int height, uint8_t value)
{
    return {width, height, std::vector<uint8_t>(3 * size_t(width) * size_t(height), value)};
}

int valueAt(const Image &image, int x, int y)
{
    return image.rgb[3 * (size_t(y) * size_t(image.width) + size_t(x))];
}

TEST(RegionEdit, OnePixelFreesItsCode)
{
    LabelMap region(37, 41); // odd sizes: the rest beyond whole codes is not looked at
    region.row(15)[16] = 1;
    region.row(40)[36] = 1;
    const Grid<uint8_t> locked = lockedCells(region, {5, 4}, kFactor);
    for (int row = 0; row < 5; ++row)
        for (int column = 0; column < 4; ++column)
            EXPECT_EQ(locked.at({row, column}), row == 1 && column == 2 ? 0 : 1) << row << ", " << column;
}

TEST(RegionEdit, NewInsideOldOutsideFadingBetween)
{
    Grid<uint8_t> locked({6, 6}, 1);
    locked.at({2, 3}) = 0; // pixels 24..31 by 16..23
    const Image result = blended(filled(50, 48, 0), filled(48, 48, 180), locked, kFactor);
    EXPECT_EQ(result.width, 48);
    EXPECT_EQ(valueAt(result, 24, 16), 180);
    EXPECT_EQ(valueAt(result, 31, 23), 180);
    EXPECT_EQ(valueAt(result, 32, 20), 160); // one of nine steps away
    EXPECT_EQ(valueAt(result, 31 + kBlendBandPixels, 20), 20);
    EXPECT_EQ(valueAt(result, 32 + kBlendBandPixels, 20), 0);
    EXPECT_EQ(valueAt(result, 24, 15 - kBlendBandPixels), 0);
    EXPECT_EQ(valueAt(result, 0, 0), 0);
}

TEST(RegionEdit, BandReachesOverSmallBlocks)
{
    Grid<uint8_t> locked({8, 8}, 1);
    locked.at({0, 0}) = 0;
    const Image result = blended(filled(32, 32, 0), filled(32, 32, 90), locked, 4);
    EXPECT_EQ(valueAt(result, 3 + kBlendBandPixels, 0), 10);
    EXPECT_EQ(valueAt(result, 4 + kBlendBandPixels, 0), 0);
}

} // namespace

} // namespace tessera::core
