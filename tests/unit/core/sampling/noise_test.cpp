#include "core/sampling/noise.h"

#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "core/sampling/distribution.h"

namespace tessera::core
{

namespace
{

using Words = std::array<uint32_t, 4>;

std::vector<float> noiseAt(uint64_t seed, uint32_t variation, Cell cell, int64_t count = 8)
{
    std::vector<float> noise(size_t(count), -1.0f);
    gumbelNoise(seed, variation, cell, count, noise.data());
    return noise;
}

TEST(Philox, MatchesThePublishedVectors)
{
    constexpr uint32_t kOnes = 0xffffffff;
    EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
              (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(GumbelNoise, HasTheMeanAndVarianceOfItsDistribution)
{
    constexpr int64_t kCount = 200000;
    const std::vector<float> noise = noiseAt(1, 0, {0, 0}, kCount);
    double sum = 0, squares = 0;
    for (const float value : noise) {
        ASSERT_TRUE(std::isfinite(value));
        sum += value;
        squares += double(value) * value;
    }
    const double mean = sum / kCount;
    EXPECT_NEAR(mean, 0.5772157, 0.01);                           // Euler's constant; standard error 0.003
    EXPECT_NEAR(squares / kCount - mean * mean, 1.6449341, 0.03); // pi^2 / 6; standard error 0.008
}

// Pictures of a seed are to come out again from every later version. The numbers are from a Philox written apart from
// this one, in Python: counter (code / 4, row, column, variation), key (lower, upper half of the seed).
TEST(GumbelNoise, OfASeedStaysWhatItIs)
{
    const std::vector<float> expected{0.233926f, 5.265712f, 0.526993f, -1.228195f,
                                      0.323745f, 4.919709f, 0.043972f, -0.365423f};
    const std::vector<float> found = noiseAt(uint64_t(1) << 32 | 7, 2, {3, 4});
    for (size_t code = 0; code < expected.size(); ++code) {
        EXPECT_NEAR(found[code], expected[code], 1e-6) << "code " << code;
    }
}

TEST(GumbelNoise, DependsOnEveryPartOfThePlace)
{
    const std::set<std::vector<float>> all{noiseAt(1, 0, {0, 0}), noiseAt(2, 0, {0, 0}), noiseAt(1ull << 32, 0, {0, 0}),
                                           noiseAt(1, 1, {0, 0}), noiseAt(1, 0, {1, 0}), noiseAt(1, 0, {0, 1})};
    EXPECT_EQ(all.size(), 6u);
    EXPECT_EQ(noiseAt(1, 0, {3, 4}), noiseAt(1, 0, {3, 4}));
}

TEST(GumbelNoise, OfACodeDoesNotDependOnTheCount)
{
    const std::vector<float> many = noiseAt(5, 2, {7, 9}, 12);
    const std::vector<float> few = noiseAt(5, 2, {7, 9}, 5);
    EXPECT_EQ(few, std::vector<float>(many.begin(), many.begin() + 5));
}

TEST(GumbelNoise, IsLeftOutWhereACodeHasNoChance)
{
    constexpr float kNone = -std::numeric_limits<float>::infinity();
    const std::vector<float> scores{kNone, -3, kNone, kNone, kNone, kNone, kNone, kNone, -1, -2, kNone, -90, -5};
    const std::vector<float> all = noiseAt(5, 2, {7, 9}, int64_t(scores.size()));
    std::vector<float> noise(scores.size(), -1.0f);
    gumbelNoise(5, 2, {7, 9}, scores, noise.data());
    for (size_t code = 0; code < scores.size(); ++code) {
        EXPECT_EQ(noise[code], scores[code] == kNone ? 0.0f : all[code]) << code;
    }
}

TEST(GumbelNoise, DrawsFromTheDistribution)
{
    const std::vector<float> logs{std::log(0.5f), std::log(0.3f), std::log(0.2f)};
    constexpr int kSide = 200;
    int counts[3] = {};
    for (int row = 0; row < kSide; ++row) {
        for (int column = 0; column < kSide; ++column) {
            ++counts[chooseCode(logs, noiseAt(3, 0, {row, column}, 3))];
        }
    }
    EXPECT_NEAR(counts[0] / double(kSide * kSide), 0.5, 0.01); // standard error 0.0025
    EXPECT_NEAR(counts[1] / double(kSide * kSide), 0.3, 0.01);
}

} // namespace

} // namespace tessera::core
