// Group normalisation of a GPU's channels-last maps, as training does it, against LibTorch's in doubles.
#include "models/groupnorm.h"

#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "models/blocks.h"
#include "models/cuda/fusednorm.h"

namespace tessera::models
{

namespace
{

const c10::Device kGpu(at::kCUDA, 0);
constexpr at::MemoryFormat kLast = at::MemoryFormat::ChannelsLast, kPlanes = at::MemoryFormat::Contiguous;

struct Case {
    std::vector<int64_t> shape;
    int64_t groups;
    double mean = 0, deviation = 1;
    at::MemoryFormat upstream = kLast;
};

// What a normalisation gives, and its gradients.
struct Found {
    at::Tensor y, ofX, ofWeight, ofBias;
};

double misfit(const at::Tensor &found, const at::Tensor &expected)
{
    const at::Tensor a = found.detach().to(at::kCPU, at::kDouble), b = expected.detach().to(at::kCPU, at::kDouble);
    return ((a - b).norm() / b.norm()).item<double>();
}

class GpuGroupNorm : public testing::Test
{
protected:
    void SetUp() override
    {
        if (at::getNumGPUs() == 0)
            GTEST_SKIP() << "there is no GPU";
    }

    void TearDown() override { at::autocast::set_autocast_enabled(at::kCUDA, false); }

    at::Tensor random(at::IntArrayRef shape) { return at::randn(shape, m_generator); }

    // x, weight, bias and the upstream gradient; x and the latter in `type`'s values.
    void draw(const Case &of, at::ScalarType type)
    {
        const int64_t channels = of.shape[1];
        m_x = random(of.shape).mul_(of.deviation).add_(of.mean).to(type).contiguous(kLast);
        m_weight = random({channels}).mul_(0.3).add_(1);
        m_bias = random({channels}).mul_(0.3);
        m_upstream = random(of.shape).to(type).contiguous(of.upstream);
    }

    Found expected(const Case &of, bool silu) const
    {
        const at::Tensor x = leaf(m_x.to(at::kDouble).contiguous()), weight = leaf(m_weight.to(at::kDouble)),
                         bias = leaf(m_bias.to(at::kDouble));
        const at::Tensor z = at::group_norm(x, of.groups, weight, bias, kGroupNormEpsilon), y = silu ? at::silu(z) : z;
        y.backward(m_upstream.to(at::kDouble).contiguous());
        return {y, x.grad(), weight.grad(), bias.grad()};
    }

    Found found(const Case &of, bool silu) const
    {
        const at::Tensor x = leaf(m_x.to(kGpu)), weight = leaf(m_weight.to(kGpu)), bias = leaf(m_bias.to(kGpu));
        EXPECT_TRUE(cuda::suitsFusedNorm(x, weight, bias));
        const at::Tensor y = silu ? groupNormSilu(x, of.groups, weight, bias, kGroupNormEpsilon)
                                  : groupNorm(x, of.groups, weight, bias, kGroupNormEpsilon);
        y.backward(m_upstream.to(kGpu));
        return {y, x.grad(), weight.grad(), bias.grad()};
    }

    void compare(const Case &of, at::ScalarType type, bool silu)
    {
        SCOPED_TRACE((at::str(at::IntArrayRef(of.shape)) + " " + at::str(type)) + (silu ? " with SiLU" : ""));
        draw(of, type);
        const Found exact = expected(of, silu), gpu = found(of, silu);
        EXPECT_EQ(gpu.y.scalar_type(), type);
        EXPECT_EQ(gpu.ofX.scalar_type(), type);
        EXPECT_EQ(gpu.ofWeight.scalar_type(), at::kFloat);
        EXPECT_TRUE(gpu.y.is_contiguous(kLast));
        EXPECT_TRUE(gpu.ofX.is_contiguous(kLast));
        const double rounding = type == at::kFloat ? 2e-6 : type == at::kHalf ? 4e-4 : 3e-3;
        EXPECT_LT(misfit(gpu.y, exact.y), rounding);
        EXPECT_LT(misfit(gpu.ofX, exact.ofX), rounding);
        EXPECT_LT(misfit(gpu.ofWeight, exact.ofWeight), 1e-5);
        EXPECT_LT(misfit(gpu.ofBias, exact.ofBias), 1e-5);
    }

    static at::Tensor leaf(const at::Tensor &tensor) { return tensor.detach().requires_grad_(true); }

    at::Tensor m_x, m_weight, m_bias, m_upstream;

private:
    at::Generator m_generator = at::detail::createCPUGenerator(5);
};

TEST_F(GpuGroupNorm, IsThatOfTheProcessor)
{
    const std::vector<Case> cases{
        {{2, 96, 16, 16}, 32},         {{1, 192, 128, 128}, 32, 0.5, 1, kPlanes}, {{64, 16, 16, 16}, 4},
        {{3, 512, 17, 19}, 32, -1, 3}, {{5, 384, 32, 32}, 32, 0, 1, kPlanes},     {{2, 288, 24, 40}, 32},
        {{3, 36, 7, 11}, 4, 1, 2},  // channels that 16 bytes do not divide into
        {{2, 33, 61, 1}, 11, 1, 2}, // nor 4
        {{1, 2080, 3, 100}, 4},     // more than one block is wide
        {{2, 512, 1, 2}, 1},
    };
    for (const Case &of : cases) {
        for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf}) {
            compare(of, type, true);
            compare(of, type, false);
        }
    }
}

TEST_F(GpuGroupNorm, IsExactWhereMeansAreLarge)
{
    compare({{2, 96, 64, 64}, 32, 100, 0.1}, at::kFloat, true);
    compare({{1, 192, 128, 128}, 32, -3000, 0.5}, at::kFloat, false);
    compare({{1, 96, 64, 64}, 32, 100, 2}, at::kBFloat16, true);
}

TEST_F(GpuGroupNorm, IsExactWhereThePictureIsUneven)
{
    const Case of{{1, 32, 128, 128}, 32, 0, 0.01};
    draw(of, at::kFloat);
    m_x.slice(2, 0, 16).add_(1000);
    const Found exact = expected(of, false), gpu = found(of, false);
    EXPECT_LT(misfit(gpu.y, exact.y), 2e-6);
    EXPECT_LT(misfit(gpu.ofX, exact.ofX), 2e-6);
}

TEST_F(GpuGroupNorm, EqualInputsGiveEqualBits)
{
    const Case of{{4, 192, 64, 64}, 32};
    draw(of, at::kBFloat16);
    const Found first = found(of, true), second = found(of, true);
    EXPECT_TRUE(at::equal(first.y, second.y));
    EXPECT_TRUE(at::equal(first.ofX, second.ofX));
    EXPECT_TRUE(at::equal(first.ofWeight, second.ofWeight));
    EXPECT_TRUE(at::equal(first.ofBias, second.ofBias));
}

// Views whose values begin anywhere, or that are not dense.
TEST_F(GpuGroupNorm, TakesViews)
{
    const at::Tensor wide = random({3, 40, 9, 8}).contiguous(kLast).to(kGpu);
    const at::Tensor values = random({2 * 35 * 30 + 1}).to(kGpu);
    const at::Tensor odd = at::as_strided(values, {2, 35, 6, 5}, {35 * 30, 1, 35 * 5, 35}, 1);
    const at::Tensor weight = at::linspace(0.5, 1.5, 35), bias = at::linspace(-1, 1, 35);
    for (const at::Tensor &view : {wide.slice(1, 2, 37), wide.slice(1, 2, 37).slice(0, 1), odd}) {
        const at::Tensor x = view.to(at::kCPU, at::kDouble).contiguous();
        const at::Tensor exact =
            at::silu(at::group_norm(x, 7, weight.to(at::kDouble), bias.to(at::kDouble), kGroupNormEpsilon));
        const at::Tensor y = groupNormSilu(view, 7, leaf(weight.to(kGpu)), leaf(bias.to(kGpu)), kGroupNormEpsilon);
        EXPECT_LT(misfit(y, exact), 2e-6);
    }
}

TEST_F(GpuGroupNorm, AutocastKeepsTheType)
{
    draw({{2, 96, 16, 16}, 32}, at::kBFloat16);
    const at::Tensor x = m_x.to(kGpu), weight = m_weight.to(kGpu), bias = m_bias.to(kGpu);
    const at::Tensor exact = expected({{2, 96, 16, 16}, 32}, true).y;
    const c10::InferenceMode inference;
    EXPECT_FALSE(cuda::suitsFusedNorm(x, weight, bias)); // inference in float32 stays as it is
    at::autocast::set_autocast_enabled(at::kCUDA, true);
    at::autocast::set_autocast_dtype(at::kCUDA, at::kBFloat16);
    EXPECT_TRUE(cuda::suitsFusedNorm(x, weight, bias));
    EXPECT_FALSE(cuda::suitsFusedNorm(x.contiguous(), weight, bias)); // planes are LibTorch's
    const at::Tensor y = groupNormSilu(x, 32, weight, bias, kGroupNormEpsilon);
    EXPECT_EQ(y.scalar_type(), at::kBFloat16);
    EXPECT_LT(misfit(y, exact), 3e-3);
}

Conv randomConv(at::Tensor weight)
{
    const at::Tensor last = weight.mul_(0.1).contiguous(kLast);
    return {last, at::zeros({last.size(0)})};
}

// A residual block's gradient by its input.
at::Tensor blockGradient(const ResBlock &block, const at::Tensor &x, const at::Tensor &upstream)
{
    const at::Tensor input = x.detach().requires_grad_(true);
    forward(block, input).backward(upstream);
    return input.grad();
}

ResBlock moved(const ResBlock &block)
{
    const auto norm = [](const GroupNorm &from) {
        return GroupNorm{from.weight.to(kGpu), from.bias.to(kGpu), from.groups};
    };
    const auto conv = [](const Conv &from) { return Conv{from.weight.to(kGpu), from.bias.to(kGpu)}; };
    return {norm(block.norm1), conv(block.conv1), norm(block.norm2), conv(block.conv2), conv(block.shortcut)};
}

TEST_F(GpuGroupNorm, ABlockLearnsAsOnTheProcessor)
{
    at::globalContext().setAllowTF32CuDNN(false);
    const GroupNorm norm1{at::linspace(0.5, 1.5, 48), at::linspace(-1, 1, 48), 16};
    const GroupNorm norm2{at::linspace(1.5, 0.5, 96), at::linspace(-1, 1, 96), 32};
    const ResBlock block{norm1, randomConv(random({96, 48, 3, 3})), norm2, randomConv(random({96, 96, 3, 3})),
                         randomConv(random({96, 48, 1, 1}))};
    const at::Tensor x = random({2, 48, 20, 24}).contiguous(kLast), upstream = random({2, 96, 20, 24});
    const at::Tensor expected = blockGradient(block, x, upstream);
    EXPECT_LT(misfit(blockGradient(moved(block), x.to(kGpu), upstream.to(kGpu)), expected), 2e-5);
    at::autocast::set_autocast_enabled(at::kCUDA, true);
    at::autocast::set_autocast_dtype(at::kCUDA, at::kBFloat16);
    EXPECT_LT(misfit(blockGradient(moved(block), x.to(kGpu), upstream.to(kGpu, at::kBFloat16)), expected), 2e-2);
    at::autocast::clear_cache();
}

} // namespace

} // namespace tessera::models
