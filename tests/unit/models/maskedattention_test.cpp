#include "models/maskedattention.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "models/transformer.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kBatch = 3, kHeads = 2, kLength = 70, kPrefix = 30, kHeadDim = 16;

using Gradients = std::vector<at::Tensor>;

// [B, heads, length, headDim] as a transformer has them: views of [B, length, heads * headDim].
at::Tensor heads(int64_t length)
{
    return at::randn({kBatch, length, kHeads * kHeadDim}).view({kBatch, length, kHeads, kHeadDim}).transpose(1, 2);
}

class MaskedAttention : public testing::TestWithParam<int64_t> // positions from which the rows are asked for
{
protected:
    MaskedAttention()
    {
        at::manual_seed(5);
        for (const int64_t length : {kLength - GetParam(), kLength, kLength})
            m_inputs.push_back(heads(length) * 1.5);
        m_upstream = heads(kLength - GetParam());
    }

    // Result, then the gradients of q, k and v, all in double.
    Gradients results(at::ScalarType type, bool ours) const
    {
        std::vector<at::Tensor> inputs;
        for (const at::Tensor &input : m_inputs)
            inputs.push_back(input.to(at::kBFloat16).to(type).requires_grad_(true));
        const at::Tensor mask = attentionMask(kLength, kPrefix, inputs[0].options()).slice(0, GetParam()).detach();
        const at::Tensor out = ours ? maskedAttention(inputs[0], inputs[1], inputs[2], mask)
                                    : at::scaled_dot_product_attention(inputs[0], inputs[1], inputs[2], mask);
        Gradients all = torch::autograd::grad({out}, inputs, {m_upstream.to(at::kBFloat16).to(type)});
        all.insert(all.begin(), out.detach());
        for (at::Tensor &tensor : all)
            tensor = tensor.to(at::kDouble);
        return all;
    }

    std::vector<at::Tensor> m_inputs;
    at::Tensor m_upstream;
};

TEST_P(MaskedAttention, GradientsInBfloat16AreThoseOfDoubles)
{
    const Gradients exact = results(at::kDouble, false), ours = results(at::kBFloat16, true);
    EXPECT_FALSE(at::equal(ours[1], results(at::kBFloat16, false)[1])) << "the library's own";
    for (size_t i = 0; i < exact.size(); ++i) {
        ASSERT_EQ(ours[i].sizes(), exact[i].sizes());
        EXPECT_LT(((ours[i] - exact[i]).norm() / exact[i].norm()).item<double>(), 0.012) << "tensor " << i;
    }
}

TEST_P(MaskedAttention, Float32IsLeftToTheLibrary)
{
    const Gradients library = results(at::kFloat, false), ours = results(at::kFloat, true);
    for (size_t i = 0; i < library.size(); ++i)
        EXPECT_TRUE(at::equal(ours[i], library[i])) << "tensor " << i;
}

INSTANTIATE_TEST_SUITE_P(Rows, MaskedAttention, testing::Values(0, kPrefix - 1, kLength - 1));

} // namespace

} // namespace tessera::models
