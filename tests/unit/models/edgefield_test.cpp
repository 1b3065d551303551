#include "models/edgefield.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::models
{
namespace
{

// By looking at every line from every pixel.
std::vector<float> plainField(const std::vector<uint8_t> &lines, int width, int height, double reach)
{
    std::vector<float> field;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            double nearest = INFINITY;
            for (int i = 0; i < width * height; ++i)
                if (lines[size_t(i)] != 0)
                    nearest = std::min(nearest, std::hypot(double(i % width - x), double(i / width - y)));
            field.push_back(float(2 * std::exp(-nearest / reach) - 1));
        }
    }
    return field;
}

TEST(EdgeField, FallsWithTheDistanceToTheNearestLine)
{
    std::mt19937 random(1);
    for (const auto &[width, height, every] : {std::tuple{37, 23, 200}, {1, 40, 15}, {40, 1, 15}, {16, 50, 6}}) {
        std::vector<uint8_t> lines(size_t(width) * size_t(height));
        for (uint8_t &pixel : lines)
            pixel = random() % unsigned(every) == 0 ? uint8_t(1 + random() % 255) : uint8_t(0);
        lines[random() % lines.size()] = 1;
        for (const double reach : {1.5, 6.0}) {
            const std::vector<float> field = edgeField(lines, width, height, reach);
            EXPECT_THAT(field, testing::Pointwise(testing::FloatNear(1e-6F), plainField(lines, width, height, reach)))
                << width << " x " << height << ", reach " << reach;
        }
    }
}

TEST(EdgeField, IsOneOnLinesAndLowestWithoutAny)
{
    std::vector<uint8_t> lines(12 * 9, 0);
    EXPECT_THAT(edgeField(lines, 12, 9, 6), testing::Each(-1.F));
    lines[12 * 4 + 7] = 255;
    const std::vector<float> field = edgeField(lines, 12, 9, 6);
    EXPECT_EQ(field[12 * 4 + 7], 1.F);
    EXPECT_FLOAT_EQ(field[12 * 4 + 1], float(2 / std::exp(1.0) - 1)); // as far as it reaches
    EXPECT_EQ(std::ranges::count(field, 1.F), 1);
}

} // namespace
} // namespace tessera::models
