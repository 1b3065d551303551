#include "core/map/strokes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <queue>
#include <random>

namespace tessera::core
{
namespace
{

// Distance of a point from a line, found by narrowing in on it: slow and plain.
double distanceFromLine(double x, double y, PixelPoint from, PixelPoint to)
{
    const auto at = [&](double t) {
        return std::hypot(from.x + t * (to.x - from.x) - x, from.y + t * (to.y - from.y) - y);
    };
    double low = 0, high = 1;
    for (int i = 0; i < 70; ++i) {
        const double a = low + (high - low) / 3, b = high - (high - low) / 3;
        (at(a) < at(b) ? high : low) = at(a) < at(b) ? b : a;
    }
    return at((low + high) / 2);
}

PixelRect boundsOfDifference(const LabelMap &first, const LabelMap &second)
{
    PixelRect bounds;
    for (int y = 0; y < first.height; ++y) {
        for (int x = 0; x < first.width; ++x) {
            if (first.at(x, y) != second.at(x, y)) {
                bounds = bounds.united({x, y, 1, 1});
            }
        }
    }
    return bounds;
}

bool holdsPoint(PixelPoint point, int x, int y)
{
    return std::floor(point.x) == x && std::floor(point.y) == y;
}

TEST(PaintStroke, coversWhatADistanceReferenceCovers)
{
    std::mt19937 random(7);
    const auto anyOf = [&](double low, double high) { return low + (high - low) * (random() / 4294967296.0); };
    for (int trial = 0; trial < 24; ++trial) {
        const LabelMap before(61, 47);
        LabelMap map = before;
        const PixelPoint from{anyOf(-20, 80), anyOf(-20, 70)};
        const PixelPoint to = trial % 5 == 0 ? from : PixelPoint{anyOf(-20, 80), anyOf(-20, 70)};
        const double diameter = trial % 3 == 0 ? anyOf(0.1, 3) : anyOf(3, 40);
        const PixelRect changed = paintStroke(map, from, to, diameter, 3);
        EXPECT_EQ(changed, boundsOfDifference(before, map));
        const double radius = std::max(diameter, 1.0) / 2;
        for (int y = 0; y < map.height; ++y) {
            for (int x = 0; x < map.width; ++x) {
                const double distance = distanceFromLine(x + 0.5, y + 0.5, from, to);
                if (std::abs(distance - radius) < 1e-6) {
                    continue;
                }
                const bool covered = distance < radius || holdsPoint(from, x, y) || holdsPoint(to, x, y);
                ASSERT_EQ(map.at(x, y) == 3, covered) << "trial " << trial << " at " << x << ", " << y;
            }
        }
    }
}

TEST(PaintStroke, thinBrushesLeaveNoGaps)
{
    LabelMap map(64, 64);
    paintStroke(map, {1.1, 2.2}, {61.9, 33.4}, 1, 5);
    for (int x = 1; x <= 61; ++x) {
        int painted = 0;
        for (int y = 0; y < map.height; ++y) {
            painted += map.at(x, y) == 5;
        }
        EXPECT_GE(painted, 1) << "column " << x;
    }
}

TEST(PaintStroke, tellsWhatChangedOnly)
{
    LabelMap map(20, 20, 4);
    EXPECT_TRUE(paintStroke(map, {10, 10}, {12, 10}, 8, 4).empty());
    EXPECT_TRUE(paintStroke(map, {-50, -50}, {-40, -40}, 8, 1).empty());
    EXPECT_EQ(map, LabelMap(20, 20, 4));
    EXPECT_EQ(paintStroke(map, {0.5, 19.5}, {0.5, 19.5}, 1, 1), (PixelRect{0, 19, 1, 1}));
    EXPECT_EQ(paintStroke(map, {-1e7, 10.5}, {1e7, 10.5}, 1, 2), (PixelRect{0, 10, 20, 1}));
}

// One pixel at a time, breadth first.
LabelMap plainFill(LabelMap map, int startX, int startY, uint8_t label)
{
    const uint8_t old = map.at(startX, startY);
    std::queue<std::pair<int, int>> open;
    const auto visit = [&](int x, int y) {
        if (map.rect().contains(x, y) && map.at(x, y) == old && old != label) {
            map.row(y)[x] = label;
            open.emplace(x, y);
        }
    };
    visit(startX, startY);
    while (!open.empty()) {
        const auto [x, y] = open.front();
        open.pop();
        visit(x - 1, y);
        visit(x + 1, y);
        visit(x, y - 1);
        visit(x, y + 1);
    }
    return map;
}

TEST(FloodFill, equalsAPlainReference)
{
    std::mt19937 random(11);
    for (int trial = 0; trial < 40; ++trial) {
        LabelMap map(1 + int(random() % 90), 1 + int(random() % 70));
        for (uint8_t &label : map.labels) {
            label = random() % 10 < 4; // near the density where areas become mazes
        }
        const int x = int(random() % unsigned(map.width)), y = int(random() % unsigned(map.height));
        const LabelMap before = map, expected = plainFill(map, x, y, 7);
        const PixelRect changed = floodFill(map, x, y, 7);
        ASSERT_EQ(map, expected) << "trial " << trial;
        EXPECT_EQ(changed, boundsOfDifference(before, map));
    }
}

TEST(FloodFill, doesNotPassCornersNorLeaveTheMap)
{
    LabelMap map(2, 2);
    map.row(0)[1] = map.row(1)[0] = 1;
    EXPECT_EQ(floodFill(map, 0, 0, 9), (PixelRect{0, 0, 1, 1}));
    EXPECT_EQ(map.at(1, 1), 0);
    EXPECT_TRUE(floodFill(map, 0, 0, 9).empty());
    EXPECT_TRUE(floodFill(map, 2, 0, 5).empty());
    EXPECT_TRUE(floodFill(map, 0, -1, 5).empty());
}

TEST(FillRect, isClippedToTheMap)
{
    LabelMap map(10, 8);
    EXPECT_EQ(fillRect(map, {-3, 5, 6, 100}, 2), (PixelRect{0, 5, 3, 3}));
    EXPECT_EQ(map.histogram()[2], 9u);
    EXPECT_EQ(fillRect(map, {0, 4, 2, 2}, 2), (PixelRect{0, 4, 2, 1}));
    EXPECT_TRUE(fillRect(map, {20, 20, 5, 5}, 2).empty());
}

TEST(ReplaceEverywhere, changesEveryPixelThatHoldsTheSame)
{
    LabelMap map(9, 7);
    map.row(2)[3] = map.row(5)[1] = 4;
    EXPECT_EQ(replaceEverywhere(map, 3, 2, 6), (PixelRect{1, 2, 3, 4}));
    EXPECT_EQ(map.at(3, 2), 6);
    EXPECT_EQ(map.at(1, 5), 6);
    EXPECT_EQ(map.histogram()[0], 61u);
    EXPECT_TRUE(replaceEverywhere(map, 3, 2, 6).empty());
    EXPECT_TRUE(replaceEverywhere(map, 9, 2, 1).empty());
    EXPECT_TRUE(replaceEverywhere(map, 0, -1, 1).empty());
}

FieldMap blankField(int width, int height)
{
    return {width, height, std::vector<float>(size_t(width) * size_t(height), -1.0f)};
}

TEST(FieldStrokes, coverThePixelsThatLabelsWould)
{
    LabelMap labels(61, 47);
    FieldMap field = blankField(61, 47);
    EXPECT_EQ(paintStroke(field, {5, 9}, {50, 40}, 7, 0.25f), paintStroke(labels, {5, 9}, {50, 40}, 7, 3));
    EXPECT_EQ(fillRect(field, {50, -5, 40, 20}, 0.5f), fillRect(labels, {50, -5, 40, 20}, 4));
    EXPECT_EQ(floodFill(field, 0, 46, 1.0f), floodFill(labels, 0, 46, 5));
    EXPECT_EQ(replaceEverywhere(field, 5, 9, 0.75f), replaceEverywhere(labels, 5, 9, 6));
    const float valueOf[] = {-1, 0, 0, 0.25f, 0.5f, 1, 0.75f};
    for (size_t i = 0; i < field.values.size(); ++i)
        ASSERT_EQ(field.values[i], valueOf[labels.labels[i]]) << i;
}

TEST(PaintGradient, runsEvenlyAcrossTheLineAndIsConstantBeyondIt)
{
    FieldMap field = blankField(9, 20);
    EXPECT_EQ(paintGradient(field, {4, 15}, {4, 5}, 1, -1), (PixelRect{0, 5, 9, 15}));
    for (int x = 0; x < 9; ++x) {
        EXPECT_EQ(field.at(x, 19), 1.0f);
        EXPECT_NEAR(field.at(x, 14), 0.9, 1e-6);
        EXPECT_NEAR(field.at(x, 9), -0.1, 1e-6);
        EXPECT_EQ(field.at(x, 2), -1.0f);
    }
}

} // namespace
} // namespace tessera::core
