#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "core/sampling/engine.h"
#include "core/sampling/tensorcache.h"
#include "models/error.h"
#include "models/memoryfailure.h"
#include "models/transformer.h"

namespace tessera::core
{

namespace
{

constexpr double kLayerNormEpsilon = 1e-5;

at::Tensor layerNorm(const models::Norm &norm, const at::Tensor &x)
{
    return at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, kLayerNormEpsilon);
}

// x: [in] -> [out] as a matrix-vector product, or [n, in] -> [n, out] as a matrix product. A product with a
// one-row matrix would take twice the time of the former.
at::Tensor linear(const models::Linear &layer, const at::Tensor &x)
{
    return x.dim() == 1 ? at::addmv(layer.bias, layer.weight, x) : at::addmm(layer.bias, x, layer.weight.t());
}

// [n, width] -> [count, width], or [width] for one.
at::Tensor lastRows(const at::Tensor &x, int64_t count)
{
    const int64_t first = x.size(0) - count;
    return count == 1 ? x.select(0, first) : x.narrow(0, first, count);
}

class TorchEngine : public TransformerEngine
{
public:
    explicit TorchEngine(const models::Transformer &model) : m_model(model)
    {
        const c10::InferenceMode inference;
        const models::TransformerConfig &config = model.config;
        const at::TensorOptions options = model.tokenEmbedding.options().requires_grad(false);
        m_mask = models::attentionMask(config.blockSize, config.unmasked, options);
        constexpr size_t kKept = 2; // one window with guidance
        m_store = std::make_shared<TensorCacheStore>(
            std::vector<int64_t>{config.layers, 2, config.heads, config.blockSize, config.headDim()}, options, kKept);
    }

    std::unique_ptr<WindowCache> makeCache() override { return std::make_unique<TensorCache>(m_store); }
    uint64_t cacheBytes() const override { return m_store->bytes(); }
    void freeCaches() override { m_store->free(); }

    std::unique_ptr<WindowCache> copyCache(const WindowCache &from, int64_t tokens) override
    {
        const c10::InferenceMode inference;
        auto copy = std::make_unique<TensorCache>(m_store);
        copy->copyFrom(static_cast<const TensorCache &>(from), tokens);
        return copy;
    }

protected:
    bool run(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
             const StopFn &stopped) override
    {
        const c10::InferenceMode inference;
        try {
            const at::Tensor head = m_model.head.narrow(0, first, count);
            for (const EngineInput &input : inputs) { // row by row, so that no row's rounding depends on the others
                const at::Tensor last = features(input, stopped);
                if (!last.defined()) {
                    return false;
                }
                const at::Tensor scores = last.dim() == 1 ? at::mv(head, last) : at::mm(last, head.t());
                at::from_blob(logits, {input.logitRows, count}, at::kFloat)
                    .copy_(scores.view({input.logitRows, count}));
                logits += input.logitRows * count;
            }
        } catch (const std::exception &failure) {
            if (!models::isWantOfMemory(failure))
                throw;
            throw Error(ErrorCode::OutOfMemory,
                        "The device's memory does not suffice for sampling; a smaller canvas or the CPU would do");
        }
        for (const EngineInput &input : inputs) {
            input.cache->grow(int64_t(input.tokens.size()));
        }
        return true;
    }

private:
    // Features before the head of the last tokens: [logitRows, embedding], or [embedding] of one. Undefined when
    // stopped.
    at::Tensor features(const EngineInput &input, const StopFn &stopped)
    {
        TensorCache &cache = static_cast<TensorCache &>(*input.cache);
        const int64_t start = cache.length(), added = int64_t(input.tokens.size());
        TORCH_CHECK(added > 0 && start + added <= m_model.config.blockSize, "append of ", added, " tokens to ", start,
                    " in blocks of ", m_model.config.blockSize);
        TORCH_CHECK(start > 0 || added >= m_model.config.unmasked, "first append of ", added, " tokens, ",
                    m_model.config.unmasked, " see each other");
        at::Tensor x = embed(input.tokens, start); // [added, embedding], or [embedding] for one token
        const int64_t layers = int64_t(m_model.blocks.size());
        for (int64_t layer = 0; layer < layers; ++layer) {
            if (stopped && stopped()) {
                return {};
            }
            x = runBlock(cache, layer, x, layer + 1 == layers ? input.logitRows : added);
        }
        return layerNorm(m_model.lnFinal, x);
    }

    at::Tensor embed(std::span<const int64_t> tokens, int64_t start) const
    {
        const int64_t added = int64_t(tokens.size());
        const at::Tensor ids =
            at::from_blob(const_cast<int64_t *>(tokens.data()), {added}, at::kLong).to(m_model.tokenEmbedding.device());
        const at::Tensor positions = m_model.positionEmbedding.select(0, 0).narrow(0, start, added);
        const at::Tensor x = m_model.tokenEmbedding.index_select(0, ids).add_(positions);
        return added == 1 ? x.select(0, 0) : x;
    }

    // Keys and values of all tokens, everything after them for the last `kept` alone.
    at::Tensor runBlock(TensorCache &cache, int64_t layer, at::Tensor x, int64_t kept) const
    {
        const models::TransformerBlock &block = m_model.blocks[size_t(layer)];
        at::Tensor normed = layerNorm(block.ln1, x);
        const int64_t added = x.dim() == 1 ? 1 : x.size(0);
        const int64_t length = cache.length() + added;
        const at::Tensor keys = store(part(cache, layer, 0), linear(block.key, normed), length);
        const at::Tensor values = store(part(cache, layer, 1), linear(block.value, normed), length);
        if (kept < added) {
            normed = lastRows(normed, kept);
            x = lastRows(x, kept);
        }
        x = x + linear(block.proj, attend(linear(block.query, normed), keys, values));
        return x.add_(linear(block.mlpDown, at::gelu(linear(block.mlpUp, layerNorm(block.ln2, x)))));
    }

    // Keys (`which` 0) or values (1) of one layer: [heads, blockSize, headDim].
    static at::Tensor part(TensorCache &cache, int64_t layer, int64_t which)
    {
        return cache.tensor().select(0, layer).select(0, which);
    }

    // Writes the rows of the new tokens behind the old ones; returns [heads, length, headDim].
    at::Tensor store(const at::Tensor &part, const at::Tensor &rows, int64_t length) const
    {
        const int64_t added = rows.dim() == 1 ? 1 : rows.size(0);
        const at::Tensor split = rows.view({added, m_model.config.heads, m_model.config.headDim()});
        part.narrow(1, length - added, added).copy_(split.transpose(0, 1));
        return part.narrow(1, 0, length);
    }

    // queries: the last tokens of the cache, [n, embedding] or [embedding]; the result has the same shape.
    at::Tensor attend(const at::Tensor &queries, const at::Tensor &keys, const at::Tensor &values) const
    {
        const int64_t count = queries.dim() == 1 ? 1 : queries.size(0);
        const int64_t length = keys.size(1);
        const at::Tensor split = queries.view({1, count, m_model.config.heads, m_model.config.headDim()});
        std::optional<at::Tensor> mask;
        if (count > 1) { // the last token alone sees everything
            mask = m_mask.narrow(0, length - count, count).narrow(1, 0, length);
        }
        const at::Tensor mixed = at::scaled_dot_product_attention(split.transpose(1, 2), keys.unsqueeze(0),
                                                                  values.unsqueeze(0), mask); // [1, heads, n, headDim]
        return mixed.transpose(1, 2).reshape(queries.sizes());
    }

    const models::Transformer &m_model;
    at::Tensor m_mask; // [blockSize, blockSize], additive
    std::shared_ptr<TensorCacheStore> m_store;
};

} // namespace

std::unique_ptr<TransformerEngine> makeTorchEngine(const models::Transformer &model)
{
    return std::make_unique<TorchEngine>(model);
}

} // namespace tessera::core
