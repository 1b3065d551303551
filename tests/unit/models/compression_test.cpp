#include "models/compression.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "models/error.h"

namespace tessera::models
{

namespace
{

TEST(Compression, Int8IsWithinHalfAStepPerRow)
{
    const StateDict tensors{
        {"w", at::randn({6, 5, 3, 3})}, {"w.bias", at::randn({6})}, {"pos_emb", at::randn({1, 4, 8})}};
    const StateDict small = compressed(tensors, WeightFormat::Int8);
    EXPECT_EQ(small.at("w").scalar_type(), at::kChar);
    EXPECT_EQ(small.at("pos_emb").scalar_type(), at::kHalf);
    const StateDict back = decompressed(small);
    EXPECT_EQ(back.size(), tensors.size());
    const at::Tensor error = (back.at("w") - tensors.at("w")).abs().reshape({6, -1}).amax(1);
    const at::Tensor step = tensors.at("w").abs().reshape({6, -1}).amax(1) / 127;
    EXPECT_TRUE((error <= step * 0.5001).all().item<bool>());
    EXPECT_TRUE(at::allclose(back.at("w.bias"), tensors.at("w.bias"), 1e-3, 1e-3));
    EXPECT_THROW(decompressed({{"w", small.at("w")}}), Error);
}

TEST(Compression, WhatDecidesCodesIsNotQuantised)
{
    const StateDict tensors{{"first_stage_model.quantize.embedding.weight", at::randn({6, 4})},
                            {"first_stage_model.quantize.embed.weight", at::randn({6, 4})}, // a Gumbel quantizer's
                            {"first_stage_model.quantize.proj.weight", at::randn({6, 4, 1, 1})},
                            {"transformer.pos_emb", at::randn({1, 4, 8})}};
    for (const auto &[name, tensor] : compressed(tensors, WeightFormat::Int8))
        EXPECT_EQ(tensor.scalar_type(), at::kHalf) << name;
}

// float16 ends at 65504: beyond it a value would become infinite.
TEST(Compression, WhatFloat16CannotHoldStaysFloat32)
{
    const StateDict tensors{{"large.bias", at::full({3}, 65536.0f)}, {"small.bias", at::full({3}, -65504.0f)}};
    for (const WeightFormat format : {WeightFormat::Float16, WeightFormat::Int8}) {
        const StateDict small = compressed(tensors, format);
        EXPECT_EQ(small.at("large.bias").scalar_type(), at::kFloat);
        EXPECT_EQ(small.at("small.bias").scalar_type(), at::kHalf);
        EXPECT_TRUE(at::equal(decompressed(small).at("large.bias"), tensors.at("large.bias")));
        EXPECT_TRUE(at::equal(decompressed(small).at("small.bias"), tensors.at("small.bias")));
    }
}

} // namespace

} // namespace tessera::models
