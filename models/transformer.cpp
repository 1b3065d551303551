#include "models/transformer.h"

#include <limits>

#include <ATen/ATen.h>

namespace tessera::models
{

namespace
{

constexpr double kLayerNormEpsilon = 1e-5;

at::Tensor layerNorm(const Norm &norm, const at::Tensor &x)
{
    return at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, kLayerNormEpsilon);
}

at::Tensor linear(const Linear &layer, const at::Tensor &x)
{
    return at::linear(x, layer.weight, layer.bias);
}

at::Tensor dropped(const at::Tensor &x, double dropout)
{
    return dropout > 0 ? at::dropout(x, dropout, true) : x;
}

at::Tensor attention(const TransformerBlock &block, const at::Tensor &x, const TransformerConfig &config)
{
    const int64_t batch = x.size(0), length = x.size(1);
    const auto heads = [&](const Linear &projection) {
        return linear(projection, x).view({batch, length, config.heads, config.headDim()}).transpose(1, 2);
    }; // [B, heads, T, headDim]
    const at::Tensor q = heads(block.query);
    std::optional<at::Tensor> mask;
    if (config.unmasked > 0)
        mask = attentionMask(length, config.unmasked, q.options());
    const at::Tensor mixed =
        at::scaled_dot_product_attention(q, heads(block.key), heads(block.value), mask, 0.0, !mask);
    return linear(block.proj, mixed.transpose(1, 2).reshape({batch, length, config.embedding}));
}

TransformerBlock takeBlock(ParameterSource &source, const std::string &name, int64_t n)
{
    return {takeNorm(source, name + ".ln1", n),
            takeNorm(source, name + ".ln2", n),
            takeLinear(source, name + ".attn.key", n, n),
            takeLinear(source, name + ".attn.query", n, n),
            takeLinear(source, name + ".attn.value", n, n),
            takeLinear(source, name + ".attn.proj", n, n),
            takeLinear(source, name + ".mlp.0", n, 4 * n),
            takeLinear(source, name + ".mlp.2", 4 * n, n)};
}

} // namespace

at::Tensor attentionMask(int64_t length, int64_t unmasked, const at::TensorOptions &options)
{
    at::Tensor mask = at::full({length, length}, -std::numeric_limits<double>::infinity(), options).triu_(1);
    const int64_t prefix = std::min(length, unmasked);
    mask.slice(0, 0, prefix).slice(1, 0, prefix).zero_();
    return mask;
}

Transformer Transformer::create(const TransformerConfig &config, ParameterSource &source)
{
    Transformer model;
    model.config = config;
    model.tokenEmbedding = source.take("tok_emb.weight", {config.vocabSize, config.embedding}, Init::Normal002);
    model.positionEmbedding = source.take("pos_emb", {1, config.blockSize, config.embedding}, Init::Zero);
    for (int64_t i = 0; i < config.layers; ++i)
        model.blocks.push_back(takeBlock(source, "blocks." + std::to_string(i), config.embedding));
    model.lnFinal = takeNorm(source, "ln_f", config.embedding);
    model.head = source.take("head.weight", {config.vocabSize, config.embedding}, Init::Normal002);
    return model;
}

at::Tensor Transformer::forward(const at::Tensor &tokens, int64_t skip, double dropout) const
{
    at::Tensor x = at::embedding(tokenEmbedding, tokens) + positionEmbedding.slice(1, 0, tokens.size(1));
    x = dropped(x, dropout); // [B, T, n]
    for (const TransformerBlock &block : blocks) {
        x = x + dropped(attention(block, layerNorm(block.ln1, x), config), dropout);
        x = x + dropped(linear(block.mlpDown, at::gelu(linear(block.mlpUp, layerNorm(block.ln2, x)))), dropout);
    }
    x = layerNorm(lnFinal, x.slice(1, skip));
    return at::linear(x, head); // [B, T - skip, vocab]
}

} // namespace tessera::models
