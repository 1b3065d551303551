// Kernels that training on a GPU has of its own, against LibTorch's operations.
#include <cmath>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include "models/maskedattention.h"
#include "models/training/tapdistance.h"
#include "models/transformer.h"

namespace tessera::models
{

namespace
{

const c10::Device kGpu(at::kCUDA, 0);

class TrainingKernels : public testing::Test
{
protected:
    void SetUp() override
    {
        if (at::getNumGPUs() == 0)
            GTEST_SKIP() << "there is no GPU";
    }

    at::Tensor random(at::IntArrayRef shape) { return at::randn(shape, m_generator); }

    static double misfit(const at::Tensor &found, const at::Tensor &expected)
    {
        const at::Tensor a = found.detach().cpu().to(at::kDouble), b = expected.detach().cpu().to(at::kDouble);
        return ((a - b).norm() / b.norm()).item<double>();
    }

private:
    at::Generator m_generator = at::detail::createCPUGenerator(5);
};

TEST_F(TrainingKernels, TapsLieAsFarApartAsOnTheProcessor)
{
    if (!hasTapDistance(kGpu))
        GTEST_SKIP() << "built without CUDA kernels";
    for (const int64_t channels : {64, 128, 512}) {
        for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
            at::Tensor x = random({3, channels, 9, 7}).relu(), target = random({3, channels, 9, 7}).relu();
            x.select(2, 4).zero_(); // places without any activation
            const at::Tensor weights = random({channels}).abs(), upstream = at::tensor({0.5F, 2.0F, 1.0F});
            x = x.to(type).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_(true);
            target = target.to(type);
            const at::Tensor there = x.detach().to(kGpu).requires_grad_(true);
            const at::Tensor expected = tapDistance(x, target, weights);
            const at::Tensor found = tapDistance(there, target.to(kGpu), weights.to(kGpu));
            EXPECT_LT(misfit(found, expected), 1e-5) << channels << " channels of " << type;
            expected.backward(upstream);
            found.backward(upstream.to(kGpu));
            EXPECT_LT(misfit(there.grad(), x.grad()), type == at::kFloat ? 1e-5 : 5e-3) << channels << " of " << type;
        }
    }
}

// All queries, those from the prefix's last token on, and none of the prefix.
TEST_F(TrainingKernels, AttentionWithoutMaskIsThatWithOne)
{
    constexpr int64_t kLength = 61, kPrefix = 25;
    for (const int64_t skip : {int64_t(0), kPrefix - 1, kPrefix + 3}) {
        std::vector<at::Tensor> exact, fast;
        for (const int64_t length : {kLength - skip, kLength, kLength}) {
            const at::Tensor values = random({2, length, 3, 64}).to(at::kBFloat16);
            exact.push_back(values.to(at::kFloat).requires_grad_(true));
            fast.push_back(values.to(kGpu).requires_grad_(true));
        }
        const auto turned = [](const at::Tensor &x) { return x.transpose(1, 2); };
        const at::Tensor q = turned(fast[0]), k = turned(fast[1]), v = turned(fast[2]);
        if (!hasUnmaskedKernels(q, k, v))
            GTEST_SKIP() << "the device has no such kernels";
        const at::Tensor mask = attentionMask(kLength, kPrefix, exact[0].options().requires_grad(false)).slice(0, skip);
        const at::Tensor expected =
            at::scaled_dot_product_attention(turned(exact[0]), turned(exact[1]), turned(exact[2]), mask);
        const at::Tensor found = prefixedAttention(q, k, v, kPrefix);
        EXPECT_LT(misfit(found, expected), 0.01) << "from " << skip;
        const at::Tensor upstream = random(expected.sizes());
        expected.backward(upstream);
        found.backward(upstream.to(kGpu, at::kBFloat16));
        for (size_t i = 0; i < 3; ++i)
            EXPECT_LT(misfit(fast[i].grad(), exact[i].grad()), 0.02) << "input " << i << " from " << skip;
    }
}

} // namespace

} // namespace tessera::models
