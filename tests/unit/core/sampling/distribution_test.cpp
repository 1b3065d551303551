#include "core/sampling/distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::core
{

namespace
{

using testing::ElementsAre;
using testing::FloatNear;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Probabilities after the filters, for logits that are the logarithms of `probabilities`.
std::vector<float> filtered(const std::vector<float> &probabilities, const SamplingParams &params)
{
    std::vector<float> logits, out(probabilities.size());
    for (const float probability : probabilities) {
        logits.push_back(std::log(probability) + 7.0f); // a constant changes nothing
    }
    filteredLogProbabilities(logits, params, out);
    for (float &value : out) {
        value = std::exp(value);
    }
    return out;
}

auto near(float value)
{
    return FloatNear(value, 1e-6f);
}

TEST(Filter, WithoutFiltersNormalises)
{
    EXPECT_THAT(filtered({0.8f, 0.4f, 0.4f}, {}), ElementsAre(near(0.5f), near(0.25f), near(0.25f)));
}

TEST(Filter, TemperatureSharpens)
{
    EXPECT_THAT(filtered({0.2f, 0.4f}, {.temperature = 0.5}), ElementsAre(near(0.2f), near(0.8f)));
    EXPECT_THAT(filtered({0.2f, 0.4f}, {.temperature = 1e-300}), ElementsAre(0.0f, 1.0f));
}

TEST(Filter, TopKKeepsTies)
{
    EXPECT_THAT(filtered({0.1f, 0.3f, 0.2f, 0.4f}, {.topK = 1}), ElementsAre(0, 0, 0, 1));
    EXPECT_THAT(filtered({0.1f, 0.2f, 0.2f, 0.4f}, {.topK = 2}), ElementsAre(0, near(0.25f), near(0.25f), near(0.5f)));
}

TEST(Filter, TopKBeyondTheCodesIsOff)
{
    EXPECT_THAT(filtered({0.25f, 0.75f}, {.topK = 2}), ElementsAre(near(0.25f), near(0.75f)));
    EXPECT_THAT(filtered({0.25f, 0.75f}, {.topK = 1000}), ElementsAre(near(0.25f), near(0.75f)));
}

TEST(Filter, TopPKeepsTheCodeThatCrosses)
{
    const std::vector<float> odds{0.1f, 0.3f, 0.2f, 0.4f};
    EXPECT_THAT(filtered(odds, {.topP = 0.01}), ElementsAre(0, 0, 0, 1));
    EXPECT_THAT(filtered(odds, {.topP = 0.5}), ElementsAre(0, near(3 / 7.0f), 0, near(4 / 7.0f)));
    EXPECT_THAT(filtered(odds, {.topP = 0.8}), ElementsAre(0, near(3 / 9.0f), near(2 / 9.0f), near(4 / 9.0f)));
    EXPECT_THAT(filtered(odds, {.topP = 1}), ElementsAre(near(0.1f), near(0.3f), near(0.2f), near(0.4f)));
}

TEST(Filter, TopPOfManyCodesKeepsTheFirstInFallingOrder)
{
    constexpr size_t kCodes = 1000;
    std::mt19937 generator(7);
    std::uniform_int_distribution<int> share(1, 400); // some are equal
    std::vector<float> odds(kCodes);
    for (float &value : odds) {
        value = float(share(generator));
    }
    std::vector<size_t> order(kCodes);
    std::iota(order.begin(), order.end(), size_t(0));
    std::ranges::stable_sort(order, [&](size_t a, size_t b) { return odds[a] > odds[b]; });
    const double total = std::accumulate(odds.begin(), odds.end(), 0.0);
    for (const double probability : {0.05, 0.2, 0.5, 0.9, 0.9999}) {
        const std::vector<float> kept = filtered(odds, {.topP = probability});
        double before = 0;
        for (const size_t code : order) {
            EXPECT_EQ(kept[code] > 0, before <= probability) << code << " at " << probability;
            before += double(odds[code]) / total;
        }
    }
}

TEST(Filter, TopPCountsWhatTopKLeft)
{
    // Top-k leaves 4/7 and 3/7: the first alone exceeds one half. Without it 0.4 would not.
    EXPECT_THAT(filtered({0.1f, 0.3f, 0.2f, 0.4f}, {.topK = 2, .topP = 0.5}), ElementsAre(0, 0, 0, 1));
}

TEST(ChooseCode, TakesTheLowestIndexOnTies)
{
    EXPECT_EQ(chooseCode(std::vector<float>{1, 3, 3, 2, 3}), 1);
    EXPECT_EQ(chooseCode(std::vector<float>{1, 2, 3}, std::vector<float>{2, 1, 0}), 0);
}

TEST(ChooseCode, AddsNoiseAndSkipsFilteredCodes)
{
    EXPECT_EQ(chooseCode(std::vector<float>{1, 2}, std::vector<float>{5, 0}), 0);
    EXPECT_EQ(chooseCode(std::vector<float>{-kInfinity, -90}, std::vector<float>{20, -3}), 1);
}

TEST(OddsOf, ReportsLogProbabilityAndEntropy)
{
    const std::vector<float> logits{std::log(0.5f), std::log(0.25f), std::log(0.25f), -kInfinity};
    const CodeOdds odds = oddsOf(logits, 1);
    EXPECT_NEAR(odds.logProbability, std::log(0.25), 1e-6);
    EXPECT_NEAR(odds.entropy, 1.5 * std::log(2), 1e-6);
}

TEST(IsDistribution, RefusesWhatIsNotFinite)
{
    EXPECT_TRUE(isDistribution(std::vector<float>{0, -kInfinity}));
    EXPECT_FALSE(isDistribution(std::vector<float>{0, kInfinity}));
    EXPECT_FALSE(isDistribution(std::vector<float>{0, std::nanf("")}));
    EXPECT_FALSE(isDistribution(std::vector<float>{-kInfinity, -kInfinity}));
}

} // namespace

} // namespace tessera::core
