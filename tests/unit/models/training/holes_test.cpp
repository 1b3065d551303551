#include "models/training/holes.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace tessera::models
{

namespace
{

TEST(KeptCells, LeaveARegionAndSomethingAroundIt)
{
    std::mt19937_64 random(5);
    double kept = 0;
    for (int i = 0; i < 400; ++i) {
        const std::vector<uint8_t> cells = keptCells(16, random);
        const auto stay = std::ranges::count(cells, 1);
        ASSERT_GT(stay, 0);
        ASSERT_LT(stay, 256);
        ASSERT_EQ(stay + std::ranges::count(cells, 0), 256);
        kept += double(stay) / 256 / 400;
    }
    EXPECT_GT(kept, 0.5);
    EXPECT_LT(kept, 0.9);
}

// What was drawn before says nothing of what lies to the right and below: regions must show that often enough to learn
// from it.
TEST(KeptCells, OftenLieToTheRightOfTheRegionOrBelow)
{
    std::mt19937_64 random(6);
    int64_t region = 0, facing = 0;
    for (int i = 0; i < 400; ++i) {
        const std::vector<uint8_t> cells = keptCells(16, random);
        region += std::ranges::count(cells, 0);
        facing += std::ranges::count(facingKept(cells, 16), 1);
    }
    EXPECT_GT(double(facing) / double(region), 0.2);
}

TEST(KeptCells, FaceTheCellsThatBorderOnThemFromAboveOrTheLeft)
{
    const std::vector<uint8_t> kept{1, 0, 0, 0, //
                                    0, 0, 0, 0, //
                                    0, 0, 0, 1, //
                                    0, 0, 0, 0};
    const std::vector<uint8_t> facing{0, 0, 0, 0, //
                                      0, 0, 1, 1, //
                                      0, 0, 1, 0, //
                                      0, 0, 0, 0};
    EXPECT_EQ(facingKept(kept, 4), facing);
}

} // namespace

} // namespace tessera::models
