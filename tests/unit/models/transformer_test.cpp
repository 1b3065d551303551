#include "models/transformer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "fillsource.h"

namespace tessera::models
{

namespace
{

TransformerConfig tinyConfig(int64_t unmasked)
{
    return {.vocabSize = 16, .blockSize = 12, .layers = 2, .heads = 2, .embedding = 8, .unmasked = unmasked};
}

const at::Tensor kTokens = at::tensor({1, 5, 9, 2, 14, 0, 7}, at::kLong).reshape({1, 7});

void expectLastRow(const at::Tensor &logits, const std::vector<double> &expected)
{
    for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(logits[0][6][int64_t(i)].item<double>(), expected[i], 2e-5) << "logit " << i;
}

TEST(TransformerGolden, CausalLogits)
{
    FillSource source;
    const Transformer model = Transformer::create(tinyConfig(0), source);
    const at::Tensor logits = model.forward(kTokens);
    EXPECT_NEAR(logits.sum().item<double>(), -0.864471, 1e-4);
    EXPECT_NEAR(logits.abs().sum().item<double>(), 61.221112, 1e-3);
    expectLastRow(logits, {-0.659174, -1.166481, -1.150191, -0.617617, 0.192185, 0.915722, 1.228220, 0.989409, 0.306484,
                           -0.514012, -1.103785, -1.198103, -0.754631, 0.027571, 0.797397, 1.209297});
}

TEST(TransformerGolden, UnmaskedPrefix)
{
    FillSource source;
    const Transformer model = Transformer::create(tinyConfig(4), source);
    const at::Tensor logits = model.forward(kTokens);
    EXPECT_NEAR(logits.sum().item<double>(), -0.740389, 1e-4);
    EXPECT_NEAR(logits.abs().sum().item<double>(), 59.900988, 1e-3);
    expectLastRow(logits, {-0.643654, -1.165909, -1.164825});
}

TEST(Transformer, LaterTokensDoNotChangeEarlierLogits)
{
    FreshSource source(3);
    const Transformer model = Transformer::create(tinyConfig(3), source);
    const at::Tensor whole = model.forward(kTokens);
    for (int64_t length = 3; length < 7; ++length)
        EXPECT_TRUE(at::allclose(model.forward(kTokens.slice(1, 0, length)), whole.slice(1, 0, length), 1e-5, 1e-6));
}

TEST(Transformer, SkipGivesTheLastRows)
{
    for (const int64_t unmasked : {0, 3}) {
        FreshSource source(3);
        const Transformer model = Transformer::create(tinyConfig(unmasked), source);
        for (const int64_t skip : {2, 4})
            EXPECT_TRUE(at::allclose(model.forward(kTokens, skip), model.forward(kTokens).slice(1, skip), 1e-5, 1e-6));
    }
}

TEST(TransformerLayout, KeysAndParametersOfThePublishedModel)
{
    const TransformerConfig config{};
    ShapeSource source;
    Transformer::create(config, source);
    EXPECT_EQ(source.shapes.size(), 16U * 24 + 5); // the published 413 count 24 mask buffers, which are never asked for
    const int64_t n = config.embedding, layers = config.layers;
    EXPECT_EQ(source.parameters(),
              layers * (12 * n * n + 13 * n) + 2 * config.vocabSize * n + config.blockSize * n + 2 * n);
    EXPECT_EQ(source.shapes["blocks.23.mlp.2.weight"], (std::vector<int64_t>{n, 4 * n}));
    EXPECT_EQ(source.shapes["pos_emb"], (std::vector<int64_t>{1, 512, n}));
}

} // namespace

} // namespace tessera::models
