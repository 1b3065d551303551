#include "models/groupnorm.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::models
{

namespace
{

// Largest difference from the same in doubles.
double error(const at::Tensor &x, int64_t groups)
{
    const at::Tensor weight = at::linspace(0.5, 1.5, x.size(1)), bias = at::linspace(-1, 1, x.size(1));
    const at::Tensor exact =
        at::group_norm(x.contiguous().to(at::kDouble), groups, weight.to(at::kDouble), bias.to(at::kDouble), 1e-6);
    const at::Tensor found = groupNorm(x, groups, weight, bias, 1e-6);
    EXPECT_EQ(found.strides(), x.strides());
    return (found - exact).abs().max().item<double>();
}

at::Tensor picture(at::IntArrayRef shape, double mean, double deviation)
{
    at::manual_seed(4);
    return at::randn(shape).mul_(deviation).add_(mean);
}

TEST(GroupNorm, IsExactWhereMeansAreLarge)
{
    for (const at::MemoryFormat layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
        EXPECT_LT(error(picture({1, 64, 283, 61}, 3, 0.05).contiguous(layout), 32), 3e-5);
        EXPECT_LT(error(picture({2, 32, 70, 67}, -40, 0.5).contiguous(layout), 32), 3e-5);
        EXPECT_LT(error(picture({1, 96, 5, 3}, 0, 1).contiguous(layout), 8), 3e-6);
    }
}

// A corner that has nothing in common with the rest.
TEST(GroupNorm, IsExactWhereThePictureIsUneven)
{
    const at::Tensor x = picture({1, 32, 128, 128}, 0, 0.01);
    x.slice(2, 0, 16).add_(1000);
    EXPECT_LT(error(x.contiguous(at::MemoryFormat::ChannelsLast), 32), 3e-5);
}

TEST(GroupNorm, ConstantsBecomeTheBias)
{
    const at::Tensor x = at::full({1, 32, 20, 30}, 7.0f).contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor bias = at::linspace(-1, 1, 32);
    EXPECT_TRUE(at::equal(groupNorm(x, 32, at::ones({32}), bias, 1e-6), bias.reshape({1, 32, 1, 1}).expand_as(x)));
}

// What tiles are normalised by.
TEST(GroupNorm, MomentsOfPartsAreThoseOfTheWhole)
{
    for (const at::MemoryFormat layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
        const at::Tensor x = picture({1, 64, 83, 61}, 3, 0.5).contiguous(layout);
        x.slice(2, 0, 16).add_(100);
        GroupMoments parts;
        for (const auto &[first, last] : {std::pair{0, 20}, {20, 21}, {21, 83}})
            parts.add(groupMoments(x.slice(2, first, last), 16));
        const GroupMoments all = groupMoments(x, 16);
        EXPECT_EQ(parts.count, all.count);
        for (size_t group = 0; group < 16; ++group) {
            EXPECT_NEAR(parts.mean[group], all.mean[group], 1e-4);
            EXPECT_NEAR(parts.variance[group] / all.variance[group], 1, 1e-5);
        }
    }
}

TEST(GroupNorm, ByItsOwnMomentsIsTheSame)
{
    const at::Tensor weight = at::linspace(0.5, 1.5, 64), bias = at::linspace(-1, 1, 64);
    const at::Tensor x = picture({1, 64, 83, 61}, 3, 0.5), last = x.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor expected = groupNorm(last, 16, weight, bias, 1e-6);
    EXPECT_TRUE(at::equal(groupNorm(last, groupMoments(last, 16), weight, bias, 1e-6), expected));
    const at::Tensor planes = groupNorm(x, groupMoments(x, 16), weight, bias, 1e-6);
    EXPECT_LT((planes - expected).abs().max().item<double>(), 2e-5);
}

TEST(GroupNorm, SiluOfItIsThatOfLibTorch)
{
    const at::Tensor weight = at::linspace(0.5, 1.5, 64), bias = at::linspace(-1, 1, 64);
    const at::Tensor x = picture({2, 64, 21, 17}, 3, 0.5), last = x.contiguous(at::MemoryFormat::ChannelsLast);
    for (const at::Tensor &map : {x, last}) {
        const at::Tensor expected = at::silu(groupNorm(map, 16, weight, bias, 1e-6));
        EXPECT_TRUE(at::equal(groupNormSilu(map, 16, weight, bias, 1e-6), expected));
    }
}

TEST(GroupNorm, KeepsGradients)
{
    const at::Tensor x = picture({1, 32, 9, 8}, 1, 1).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
    EXPECT_TRUE(groupNorm(x, 32, at::ones({32}), at::zeros({32}), 1e-6).requires_grad());
}

} // namespace

} // namespace tessera::models
