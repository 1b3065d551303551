#include "models/training/slicedwasserstein.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::models
{

namespace
{

using testing::Each;
using testing::SizeIs;

// Waves of several lengths, other ones in every picture.
std::vector<at::Tensor> pictures(int count)
{
    const at::Tensor x = at::arange(64, at::kFloat).reshape({1, 1, 64}), y = x.transpose(1, 2);
    const at::Tensor channels = at::arange(3, at::kFloat).reshape({3, 1, 1});
    std::vector<at::Tensor> all;
    for (int i = 0; i < count; ++i)
        all.push_back(at::sin(x * (0.1 + 0.2 * i) + channels) * at::cos(y * (1.9 - 0.3 * i)));
    return all;
}

double sum(const std::vector<double> &values)
{
    double total = 0;
    for (const double value : values)
        total += value;
    return total;
}

TEST(SlicedWasserstein, EqualPicturesAreAtNoDistance)
{
    const auto distances = slicedWasserstein(pictures(4), pictures(4));
    EXPECT_THAT(distances, SizeIs(3)); // 64, 32, 16
    EXPECT_THAT(distances, Each(0.0));
}

TEST(SlicedWasserstein, GrowsWithTheBlur)
{
    const auto sharp = pictures(4);
    double last = 0;
    for (const double sigma : {0.5, 1.0, 2.0, 4.0}) {
        std::vector<at::Tensor> soft;
        for (const at::Tensor &picture : sharp)
            soft.push_back(blurred(picture, sigma));
        const double found = sum(slicedWasserstein(sharp, soft));
        EXPECT_GT(found, last) << sigma;
        last = found;
    }
}

TEST(SlicedWasserstein, BrightnessAndContrastOfAllDoNotCount)
{
    std::vector<at::Tensor> changed;
    for (const at::Tensor &picture : pictures(4))
        changed.push_back(picture * 3 + 0.5);
    for (const double distance : slicedWasserstein(pictures(4), changed))
        EXPECT_NEAR(distance, 0, 1e-4);
}

TEST(Blurred, KeepsTheMeanAndMeetsTheGaussian)
{
    at::Tensor point = at::zeros({3, 31, 31});
    point.select(1, 15).select(1, 15).fill_(1);
    const at::Tensor soft = blurred(point, 1.5);
    EXPECT_NEAR(soft[0].sum().item<double>(), 1, 1e-5);
    EXPECT_NEAR(soft[1][15][16].item<double>() / soft[1][15][15].item<double>(), std::exp(-1 / 4.5), 1e-5);
    EXPECT_TRUE(at::allclose(blurred(at::ones({3, 16, 16}), 2), at::ones({3, 16, 16}), 1e-5, 1e-5));
}

} // namespace

} // namespace tessera::models
