#include "models/training/losses.h"

#include <functional>
#include <limits>
#include <utility>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::models
{
namespace
{

TEST(Losses, L1IsTheMeanAbsoluteDifference)
{
    const at::Tensor x = at::tensor({1.F, -2.F, 0.F});
    EXPECT_FLOAT_EQ(l1Loss(x, at::zeros({3})).item<float>(), 1);
}

TEST(Losses, PyramidWeighsFineDetailMost)
{
    const at::Tensor zero = at::zeros({1, 1, 32, 32});
    EXPECT_EQ(laplacianPyramidLoss(zero, zero).item<double>(), 0);
    // A constant difference lives in the last level alone, whose weight is 1 / 15.
    EXPECT_NEAR(laplacianPyramidLoss(zero + 0.5, zero).item<double>(), 0.5 / 15, 1e-6);
    // A chequerboard vanishes in the first averaging: it lives in the first level alone, whose weight is 8
    // / 15.
    const at::Tensor rows = at::arange(32).view({32, 1});
    const at::Tensor board = ((rows + rows.t()).remainder(2) * 2 - 1).to(at::kFloat).view({1, 1, 32, 32});
    EXPECT_NEAR(laplacianPyramidLoss(board, zero).item<double>(), 8.0 / 15, 1e-6);
}

TEST(Losses, PyramidTakesOddSizesAndBfloat16)
{
    at::Tensor x = at::rand({2, 3, 17, 19}).requires_grad_(true);
    const at::Tensor loss = laplacianPyramidLoss(x.to(at::kBFloat16), at::rand({2, 3, 17, 19}));
    EXPECT_EQ(loss.scalar_type(), at::kFloat);
    loss.backward();
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
}

TEST(Losses, HingeIsFlatBeyondItsMargins)
{
    const at::Tensor real = at::tensor({2.F, 0.F});
    const at::Tensor fake = at::tensor({-3.F, 1.F});
    EXPECT_FLOAT_EQ(discriminatorHingeLoss(real, fake).item<float>(), 0.5F * (0.5F + 1.F));
    EXPECT_FLOAT_EQ(generatorLoss(fake).item<float>(), 1);
}

// Each logit by itself, on either side of the margins.
TEST(Losses, HingeGradientsAreFiniteDifferences)
{
    const at::Tensor others = at::tensor({-1.5F, 0.2F, 1.4F, -0.6F});
    const std::pair<const char *, std::function<at::Tensor(const at::Tensor &)>> losses[] = {
        {"generator", [](const at::Tensor &x) { return generatorLoss(x); }},
        {"real", [&](const at::Tensor &x) { return discriminatorHingeLoss(x, others); }},
        {"made", [&](const at::Tensor &x) { return discriminatorHingeLoss(others, x); }},
    };
    for (const auto &[name, loss] : losses) {
        at::Tensor logits = at::tensor({-1.7F, -0.4F, 0.5F, 1.6F}).requires_grad_(true);
        loss(logits).backward();
        for (int64_t i = 0; i < 4; ++i) {
            constexpr double kStep = 0.125;
            const at::Tensor step = at::one_hot(at::tensor({i}), 4)[0] * kStep;
            const at::Tensor x = logits.detach();
            const double slope = (loss(x + step) - loss(x - step)).item<double>() / (2 * kStep);
            EXPECT_NEAR(logits.grad()[i].item<double>(), slope, 1e-6) << name << ' ' << i;
        }
    }
}

TEST(Losses, FeatureMatchingDetachesTheRealSide)
{
    const at::Tensor fake = at::ones({4}).requires_grad_(true);
    const at::Tensor real = at::zeros({4}).requires_grad_(true);
    const at::Tensor loss = featureMatchingLoss({fake, 3 * fake}, {real, real});
    EXPECT_FLOAT_EQ(loss.item<float>(), 2);
    loss.backward();
    EXPECT_TRUE(fake.grad().defined());
    EXPECT_FALSE(real.grad().defined());
}

TEST(Losses, AdaptiveWeightBalancesTheGradients)
{
    const at::Tensor weight = at::ones({5}).requires_grad_(true);
    const at::Tensor reconstruction = (6 * weight).sum();
    const at::Tensor adversarial = (2 * weight).sum();
    const at::Tensor first = lossGradient(reconstruction, weight);
    const at::Tensor second = lossGradient(adversarial, weight);
    EXPECT_NEAR(adaptiveWeight(first, second).item<double>(), 3, 1e-3);
    EXPECT_EQ(adaptiveWeight(first, second, 2).item<double>(), 2);
    EXPECT_FALSE(adaptiveWeight(first, second).requires_grad());
    // The graphs are still there, and a loss that ignores the weight has no gradient.
    reconstruction.backward();
    EXPECT_EQ(lossGradient(at::ones({1}).requires_grad_(true).sum(), weight).abs().sum().item<double>(), 0);
}

TEST(Losses, AdaptiveWeightIsZeroForBrokenGradients)
{
    const at::Tensor broken = at::full({2}, std::numeric_limits<float>::quiet_NaN());
    const at::Tensor infinite = at::full({2}, std::numeric_limits<float>::infinity());
    EXPECT_EQ(adaptiveWeight(broken, at::ones({2})).item<double>(), 0);
    EXPECT_EQ(adaptiveWeight(infinite, at::ones({2})).item<double>(), 0);
    EXPECT_EQ(adaptiveWeight(at::ones({2}), infinite).item<double>(), 0);
}

} // namespace
} // namespace tessera::models
