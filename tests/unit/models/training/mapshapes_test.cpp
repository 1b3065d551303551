#include "models/training/mapshapes.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace tessera::models
{
namespace
{

LabelPlane planeOf(const std::vector<std::string> &rows)
{
    LabelPlane plane{int(rows[0].size()), int(rows.size()), {}};
    for (const std::string &row : rows) {
        for (const char letter : row) {
            plane.labels.push_back(uint8_t(letter - '0'));
        }
    }
    return plane;
}

std::vector<std::string> rowsOf(const LabelPlane &plane)
{
    std::vector<std::string> rows(size_t(plane.height));
    for (int y = 0; y < plane.height; ++y) {
        for (int x = 0; x < plane.width; ++x) {
            rows[size_t(y)] += char('0' + plane.at(x, y));
        }
    }
    return rows;
}

using Rows = std::vector<std::string>;

TEST(MapShapes, SmallPartsTakeTheirLargestNeighbour)
{
    LabelPlane plane = planeOf({"11122", "13122", "11122", "44442"});
    removeSmallParts(plane, 4);
    EXPECT_EQ(rowsOf(plane), (Rows{"11122", "11122", "11122", "44442"}));
    removeSmallParts(plane, 5);
    EXPECT_EQ(rowsOf(plane), (Rows{"11122", "11122", "11122", "11112"}));
}

TEST(MapShapes, SmallPartsInsideSmallPartsGoToTheLargeOne)
{
    LabelPlane plane = planeOf({"111111", "122211", "123211", "122211", "111111"});
    removeSmallParts(plane, 10);
    EXPECT_EQ(rowsOf(plane), (Rows(5, "111111")));
    LabelPlane single = planeOf({"77"});
    removeSmallParts(single, 100);
    EXPECT_EQ(rowsOf(single), (Rows{"77"}));
}

TEST(MapShapes, ModeFilterTakesTheCommonestLabelOfTheSquare)
{
    LabelPlane plane = planeOf({"1112", "1312", "1122", "4122"});
    const LabelPlane before = plane;
    modeFilter(plane, 1);
    for (int y = 0; y < plane.height; ++y) {
        for (int x = 0; x < plane.width; ++x) {
            int counts[10] = {};
            for (int v = std::max(0, y - 1); v <= std::min(3, y + 1); ++v) {
                for (int u = std::max(0, x - 1); u <= std::min(3, x + 1); ++u) {
                    ++counts[before.at(u, v)];
                }
            }
            EXPECT_EQ(plane.at(x, y), std::max_element(counts, counts + 10) - counts) << x << "," << y;
        }
    }
}

TEST(MapShapes, ModeFilterWiderThanTheMapLeavesOneLabel)
{
    LabelPlane plane = planeOf({"122", "122"});
    modeFilter(plane, 10);
    EXPECT_EQ(rowsOf(plane), (Rows{"222", "222"}));
}

TEST(MapShapes, BendingMovesNoFurtherThanItsAmplitude)
{
    LabelPlane plane{40, 30, std::vector<uint8_t>(40 * 30, 1)};
    for (int y = 15; y < 30; ++y) {
        for (int x = 0; x < 40; ++x) {
            plane.at(x, y) = 2;
        }
    }
    MapRandom random(1);
    bendOutlines(plane, random, 4, 12);
    int moved = 0;
    for (int x = 0; x < 40; ++x) {
        for (int y = 0; y < 30; ++y) {
            moved += plane.at(x, y) != (y < 15 ? 1 : 2);
        }
        EXPECT_EQ(plane.at(x, 10), 1);
        EXPECT_EQ(plane.at(x, 20), 2);
    }
    EXPECT_GT(moved, 10);
}

TEST(MapShapes, NearStrokesCoverFarOnes)
{
    LabelPlane plane{32, 32, std::vector<uint8_t>(32 * 32, 1)};
    std::vector<uint16_t> depth(32 * 32, 100);
    for (size_t i = 32 * 16; i < depth.size(); ++i) {
        plane.labels[i] = 2;
        depth[i] = 50000;
    }
    MapRandom random(4);
    redrawWithBrush(plane, depth.data(), random, 6);
    const auto near = std::count(plane.labels.begin(), plane.labels.end(), uint8_t(2));
    EXPECT_GT(near, 32 * 16);
}

TEST(MapShapes, RandomNumbersAreTheSameEverywhere)
{
    // First outputs of SplitMix64 for the seed 1234567.
    MapRandom random(1234567);
    EXPECT_EQ(random.next(), 6457827717110365317ULL);
    EXPECT_EQ(random.next(), 3203168211198807973ULL);
}

} // namespace
} // namespace tessera::models
