#include "models/training/degradations.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::models
{

namespace
{

at::Tensor waves()
{
    const at::Tensor x = at::arange(32, at::kFloat).reshape({1, 1, 32}), y = x.transpose(1, 2);
    const at::Tensor channels = at::arange(3, at::kFloat).reshape({3, 1, 1});
    return 0.8 * at::sin(0.5 * x + channels) * at::cos(0.3 * y);
}

double difference(const at::Tensor &a, const at::Tensor &b)
{
    return (a - b).abs().mean().item<double>();
}

TEST(Degradations, BlocksHoldTheirMeans)
{
    const at::Tensor picture = at::arange(12, at::kFloat).reshape({3, 2, 2}), blocks = blockAverages(picture, 2);
    EXPECT_TRUE(at::equal(blocks[0], at::full({2, 2}, 1.5f)));
    EXPECT_TRUE(at::equal(blocks[2], at::full({2, 2}, 9.5f)));
}

TEST(Degradations, QuantisationLosesMoreAtLowQuality)
{
    EXPECT_LT(difference(quantisedLikeJpeg(waves(), 100), waves()), 0.01);
    EXPECT_GT(difference(quantisedLikeJpeg(waves(), 10), waves()),
              2 * difference(quantisedLikeJpeg(waves(), 80), waves()));
}

TEST(Degradations, QuantisationKeepsFlatColours)
{
    const at::Tensor flat = at::tensor({0.5f, -0.25f, 0.75f}).reshape({3, 1, 1}).expand({3, 16, 16}).contiguous();
    EXPECT_LT(difference(quantisedLikeJpeg(flat, 50), flat), 0.02);
}

TEST(Degradations, ColoursBecomeThoseOfTheOther)
{
    const at::Tensor other = 0.3 * waves().flip({0}) + at::tensor({0.1f, 0.2f, -0.3f}).reshape({3, 1, 1});
    const at::Tensor result = withColoursOf(waves(), other);
    EXPECT_TRUE(at::allclose(result.mean(at::IntArrayRef({1, 2})), other.mean(at::IntArrayRef({1, 2})), 1e-4, 1e-4));
    EXPECT_TRUE(at::allclose(at::std(result, at::IntArrayRef({1, 2}), true),
                             at::std(other, at::IntArrayRef({1, 2}), true), 1e-4, 1e-4));
}

TEST(SeamRatio, CaseWorkedByHand)
{
    // Steps of 2 between the windows, of 1 within them; what lies above each other is beside no border.
    const at::Tensor picture = at::tensor({0.f, 1.f, 3.f, 4.f}).reshape({1, 1, 4}).expand({3, 2, 4});
    const at::Tensor windows = at::tensor({0, 1}, at::kLong).reshape({1, 2});
    EXPECT_DOUBLE_EQ(seamRatio(picture, windows, 2), 2);
    EXPECT_EQ(seamRatio(picture.transpose(1, 2), windows.t(), 2), 2);
    EXPECT_EQ(seamRatio(picture, at::zeros({1, 2}, at::kLong), 2), 0);
}

} // namespace

} // namespace tessera::models
