#include "models/training/tapdistance.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::models
{
namespace
{

at::Tensor wave(std::vector<int64_t> shape, double step)
{
    int64_t count = 1;
    for (const int64_t side : shape) {
        count *= side;
    }
    return at::arange(count, at::kDouble).mul(step).sin().to(at::kFloat).reshape(shape);
}

// By the formula, from plain tensor operations.
at::Tensor plain(const at::Tensor &x, const at::Tensor &target, const at::Tensor &weights)
{
    const at::Tensor difference = x / x.norm(2, {1}, true) - target / target.norm(2, {1}, true);
    return (difference.square() * weights.view({1, -1, 1, 1})).sum(1).mean({1, 2});
}

TEST(TapDistance, ValueAndGradientAgreeWithPlainOperations)
{
    const at::Tensor target = wave({3, 10, 4, 5}, 0.31);
    const at::Tensor weights = wave({10}, 0.9) + 0.5;
    const at::Tensor upstream = at::tensor({1.F, -2.F, 0.5F});
    at::Tensor x = wave({3, 10, 4, 5}, 0.7).requires_grad_(true);
    at::Tensor y = x.detach().clone().requires_grad_(true);

    const at::Tensor found = tapDistance(x, target, weights);
    const at::Tensor expected = plain(y, target, weights);
    EXPECT_TRUE(at::allclose(found, expected, 1e-5, 1e-6));
    (found * upstream).sum().backward();
    (expected * upstream).sum().backward();
    EXPECT_TRUE(at::allclose(x.grad(), y.grad(), 1e-4, 1e-6));
}

TEST(TapDistance, Bfloat16IsCloseAndStaysBfloat16)
{
    const at::Tensor target = wave({2, 64, 8, 8}, 0.31).contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor weights = at::ones({1, 64, 1, 1});
    at::Tensor x = wave({2, 64, 8, 8}, 0.7).to(at::kBFloat16).requires_grad_(true);
    const at::Tensor found = tapDistance(x, target.to(at::kBFloat16), weights);
    EXPECT_EQ(found.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::allclose(found, plain(x.to(at::kFloat), target, weights), 0.02));
    found.sum().backward();
    EXPECT_EQ(x.grad().scalar_type(), at::kBFloat16);
}

TEST(TapDistance, DarkPlacesHaveNoGradient)
{
    const at::Tensor dark = at::zeros({1, 64, 4, 4}).requires_grad_(true);
    const at::Tensor distance = tapDistance(dark, at::ones({1, 64, 4, 4}), at::ones({64}));
    EXPECT_NEAR(distance.item<double>(), 1, 1e-5);
    distance.sum().backward();
    EXPECT_EQ(dark.grad().abs().sum().item<double>(), 0);
}

} // namespace
} // namespace tessera::models
