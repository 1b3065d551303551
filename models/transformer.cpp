#include "models/transformer.h"

#include <limits>

#include <ATen/ATen.h>

#include "models/maskedattention.h"

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

// x: [B, T, n], normalised -> [B, T - skip, n]: what the positions from `skip` on gather.
at::Tensor attention(const TransformerBlock &block, const at::Tensor &x, int64_t skip, const TransformerConfig &config)
{
    const int64_t length = x.size(1);
    const auto heads = [&](const Linear &projection, const at::Tensor &from) {
        return linear(projection, from).view({x.size(0), from.size(1), config.heads, config.headDim()}).transpose(1, 2);
    }; // [B, heads, T, headDim]
    const at::Tensor q = heads(block.query, x.slice(1, skip));
    const at::Tensor k = heads(block.key, x), v = heads(block.value, x);
    at::Tensor mixed;
    if (config.unmasked == 0 && skip == 0) // for which devices have kernels of their own
        mixed = at::scaled_dot_product_attention(q, k, v, {}, 0.0, true);
    else if (hasUnmaskedKernels(q, k, v))
        mixed = prefixedAttention(q, k, v, config.unmasked);
    else
        mixed = maskedAttention(q, k, v, attentionMask(length, config.unmasked, q.options()).slice(0, skip));
    return linear(block.proj, mixed.transpose(1, 2).reshape({x.size(0), length - skip, config.embedding}));
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
    return at::linear(features(tokens, skip, dropout), head); // [B, T - skip, vocab]
}

at::Tensor Transformer::features(const at::Tensor &tokens, int64_t skip, double dropout) const
{
    at::Tensor x = at::embedding(tokenEmbedding, tokens) + positionEmbedding.slice(1, 0, tokens.size(1));
    x = dropped(x, dropout); // [B, T, n]
    for (const TransformerBlock &block : blocks) {
        const int64_t unasked = &block == &blocks.back() ? skip : 0; // positions that nobody behind this layer reads
        x = x.slice(1, unasked) + dropped(attention(block, layerNorm(block.ln1, x), unasked, config), dropout);
        x = x + dropped(linear(block.mlpDown, at::gelu(linear(block.mlpUp, layerNorm(block.ln2, x)))), dropout);
    }
    return layerNorm(lnFinal, x);
}

} // namespace tessera::models
