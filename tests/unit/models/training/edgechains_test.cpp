#include "models/training/edgechains.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace tessera::models
{
namespace
{

using Rows = std::vector<std::string>;

std::vector<uint8_t> linesOf(const Rows &rows)
{
    std::vector<uint8_t> lines;
    for (const std::string &row : rows)
        for (const char letter : row)
            lines.push_back(letter == '#');
    return lines;
}

TEST(EdgeChains, ShortOnesAreErased)
{
    std::vector<uint8_t> lines = linesOf({"##....", "..#..#", "...#..", "##...."});
    MapRandom random(1);
    eraseChains(lines, 6, 4, random, 3, 0);
    EXPECT_EQ(lines, linesOf({"##....", "..#...", "...#..", "......"})); // corners join
}

TEST(EdgeChains, AShareOfTheOthersIsErasedWhole)
{
    std::vector<uint8_t> lines;
    for (int row = 0; row < 200; ++row)
        for (int x = 0; x < 10; ++x)
            lines.push_back(row % 2 == 0);
    MapRandom random(2);
    eraseChains(lines, 10, 200, random, 8, 0.3);
    int kept = 0;
    for (size_t row = 0; row < 200; ++row) {
        const auto count = std::count(&lines[10 * row], &lines[10 * row] + 10, 1);
        EXPECT_TRUE(count == 0 || (count == 10 && row % 2 == 0)) << row;
        kept += count == 10;
    }
    EXPECT_NEAR(kept, 70, 15);
}

TEST(EdgeChains, LinesBecomeAsThickAsAsked)
{
    const std::vector<uint8_t> lines = linesOf({"....#", ".....", ".#...", ".....", "....."});
    EXPECT_EQ(thickened(lines, 5, 5, 1), lines);
    EXPECT_EQ(thickened(lines, 5, 5, 2), linesOf({"....#", "....#", ".##..", ".##..", "....."}));
    EXPECT_EQ(thickened(lines, 5, 5, 3), linesOf({"...##", "#####", "###..", "###..", "....."}));
}

} // namespace
} // namespace tessera::models
