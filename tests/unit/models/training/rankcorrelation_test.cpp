#include "models/training/rankcorrelation.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::models
{

namespace
{

at::Tensor numbers(std::initializer_list<double> values)
{
    return at::tensor(std::vector<double>(values), at::kDouble);
}

TEST(RankCorrelation, EqualValuesShareTheMeanOfTheirRanks)
{
    EXPECT_TRUE(averageRanks(numbers({30, 10, 20, 10})).equal(numbers({4, 1.5, 3, 1.5})));
    EXPECT_TRUE(averageRanks(numbers({7, 7, 7})).equal(numbers({2, 2, 2})));
    EXPECT_TRUE(averageRanks(numbers({0, 0, 0, 5, -1}).reshape({5, 1})).equal(numbers({3, 3, 3, 5, 1})));
}

TEST(RankCorrelation, OnlyTheOrderCounts)
{
    const at::Tensor x = numbers({-3, 0, 0.5, 2, 40});
    EXPECT_DOUBLE_EQ(rankCorrelation(x, x.exp()), 1);
    EXPECT_DOUBLE_EQ(rankCorrelation(x, -x.to(at::kFloat)), -1);
    EXPECT_DOUBLE_EQ(rankCorrelation(x, numbers({3, 3, 3, 3, 3})), 0);
}

// By hand, and as NumPy says of the ranks. Without ties: 1 - 6 sum d^2 / (n (n^2 - 1)), here with sum d^2 = 194.
TEST(RankCorrelation, GivesKnownValues)
{
    EXPECT_NEAR(rankCorrelation(numbers({106, 86, 100, 101, 99, 103, 97, 113, 112, 110}),
                                numbers({7, 0, 27, 50, 28, 29, 20, 12, 6, 17})),
                1 - 6.0 * 194 / (10 * 99), 1e-12);
    // Ranks 2, 2, 2, 4, 5 and 1, 2.5, 2.5, 4.5, 4.5: 7.5 / sqrt(8 * 9).
    EXPECT_NEAR(rankCorrelation(numbers({0, 0, 0, 1, 2}), numbers({1, 3, 3, 9, 9})), 7.5 / std::sqrt(8.0 * 9), 1e-12);
}

// A sky that is told as one distance may agree fully; one told at random distances cannot.
TEST(RankCorrelation, TiesInBothAgree)
{
    const at::Tensor given = numbers({0, 0, 0, 0, 0.2, 0.6}), ties = numbers({0, 0, 0, 0, 0.1, 0.9});
    const at::Tensor torn = numbers({0.01, 0.03, 0.02, 0, 0.1, 0.9});
    EXPECT_DOUBLE_EQ(rankCorrelation(given, ties), 1);
    EXPECT_NEAR(rankCorrelation(given, torn), std::sqrt(12.5 / 17.5), 1e-12);
}

// Row by row: 1, left out because constant, -0.5.
TEST(RankCorrelation, InRowsHeightDoesNotCount)
{
    const at::Tensor given = numbers({1, 2, 3, 7, 7, 7, 10, 20, 30}).reshape({3, 3});
    EXPECT_DOUBLE_EQ(rankCorrelationInRows(given, numbers({4, 5, 6, 9, 8, 7, 3, 1, 2}).reshape({3, 3})), 0.25);
    EXPECT_DOUBLE_EQ(rankCorrelationInRows(numbers({1, 1, 2, 2}).reshape({2, 2}), at::rand({2, 2})), 0);
}

} // namespace

} // namespace tessera::models
