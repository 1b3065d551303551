#include "core/sampling/cuda/batchpass.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include <ATen/ATen.h>
#include <c10/cuda/CUDAStream.h>

namespace tessera::core::cuda
{

namespace
{

constexpr int64_t kAttendedAtOnce = 2048; // rows whose parts of attention are in memory

class Pass
{
public:
    Pass(const DeviceWeights &weights, const Batch &batch)
        : m_weights(weights)
        , m_shape(weights.shape)
        , m_batch(batch)
        , m_stream(c10::cuda::getCurrentCUDAStream())
        , m_wide(weights.tokens.options())
        , m_narrow(m_wide.dtype(weights.type))
    {
        const int64_t most = std::min(batch.rows, kAttendedAtOnce) * m_shape.heads * m_shape.splits();
        m_mixed = at::empty({most, kHeadDim}, m_wide);
        m_partWeights = at::empty({most, 2}, m_wide);
    }

    at::Tensor logits(int64_t first, int64_t count, const StopFn &stopped)
    {
        m_x = at::empty({m_batch.rows, m_shape.embedding}, m_wide);
        embed(m_batch.tokens, int(m_batch.rows), m_weights.tokens.const_data_ptr<float>(),
              m_weights.positions.const_data_ptr<float>(), m_shape.embedding, m_x.mutable_data_ptr<float>(), m_stream);
        at::Tensor normed = norm({}, nullptr, m_weights.blocks.front().norm1);
        for (int layer = 0; layer < m_shape.layers; ++layer) {
            if (stopped && stopped()) {
                return {};
            }
            normed = block(layer, normed);
        }
        return at::mm(normed, m_weights.head.narrow(0, first, count).t());
    }

private:
    // x += added + bias, normalised; in float for the head.
    at::Tensor norm(const at::Tensor &added, const float *bias, const DeviceNorm &weights, bool wide = false)
    {
        const at::Tensor out = at::empty(m_x.sizes(), wide ? m_wide : m_narrow);
        addNorm(m_weights.format, m_x.mutable_data_ptr<float>(), added.defined() ? added.const_data_ptr() : nullptr,
                bias, weights.pointers(), int(m_x.size(0)), m_shape.embedding, out.mutable_data_ptr(), wide, m_stream);
        return out;
    }

    // Without the bias, which the kernel behind adds: LibTorch's product with one looks for an algorithm at every call.
    static at::Tensor product(const DeviceLinear &layer, const at::Tensor &x) { return at::mm(x, layer.weight.t()); }
    static const float *bias(const DeviceLinear &layer) { return layer.bias.const_data_ptr<float>(); }

    // From the normalised input of a block to that of the next one. The last goes on with the kept rows alone.
    at::Tensor block(int layer, const at::Tensor &normed)
    {
        const DeviceBlock &block = m_weights.blocks[size_t(layer)];
        const bool last = layer + 1 == m_shape.layers;
        const at::Tensor queryKeyValue = product(block.queryKeyValue, normed);
        storeKeysValues(m_weights.format, m_batch.tokens, int(m_batch.rows), queryKeyValue.mutable_data_ptr(),
                        bias(block.queryKeyValue), m_shape, layer, m_stream);
        const at::Tensor mixed = last ? attendKept(queryKeyValue, layer) : attendAll(queryKeyValue, layer);
        const at::Tensor second = norm(product(block.proj, mixed), bias(block.proj), block.norm2);
        const at::Tensor hidden = product(block.up, second);
        biasGelu(m_weights.format, hidden.mutable_data_ptr(), bias(block.up), int(hidden.size(0)), int(hidden.size(1)),
                 m_stream);
        const DeviceNorm &next = last ? m_weights.finalNorm : m_weights.blocks[size_t(layer) + 1].norm1;
        return norm(product(block.down, hidden), bias(block.down), next, last);
    }

    at::Tensor attendKept(const at::Tensor &queryKeyValue, int layer)
    {
        at::Tensor queries = queryKeyValue;
        if (!m_batch.allKept) {
            queries = queryKeyValue.index_select(0, m_batch.keptRows);
            m_x = m_x.index_select(0, m_batch.keptRows);
        }
        const at::Tensor mixed = at::empty(m_x.sizes(), m_narrow);
        attendCaches(m_batch.keptTokens, queries, mixed, layer);
        return mixed;
    }

    at::Tensor attendAll(const at::Tensor &queryKeyValue, int layer)
    {
        const int64_t fresh = m_batch.freshRows, others = m_batch.rows - fresh;
        if (others == 0) {
            return attendFresh(queryKeyValue);
        }
        const at::Tensor mixed = at::empty({m_batch.rows, m_shape.embedding}, m_narrow);
        if (fresh > 0) {
            mixed.narrow(0, 0, fresh).copy_(attendFresh(queryKeyValue.narrow(0, 0, fresh)));
        }
        attendCaches(m_batch.tokens + fresh, queryKeyValue.narrow(0, fresh, others), mixed.narrow(0, fresh, others),
                     layer);
        return mixed;
    }

    // Inputs that begin their windows, among themselves, each behind the other: [rows, embedding].
    // The fused kernels by name: LibTorch's own choice may take cuDNN's, which compiles a plan for each new shape.
    at::Tensor attendFresh(const at::Tensor &queryKeyValue) const
    {
        const int64_t rows = queryKeyValue.size(0), longest = m_batch.freshLength;
        const at::Tensor split = queryKeyValue.view({rows, 3, m_shape.heads, kHeadDim});
        const at::Tensor query = split.select(1, 0), key = split.select(1, 1), value = split.select(1, 2);
        const at::Tensor &starts = m_batch.freshStarts;
        if (query.scalar_type() == at::kFloat) {
            constexpr int64_t kCausal = 1; // sdp::CustomMaskType::CausalFromTopLeft
            return std::get<0>(at::_efficient_attention_forward(query.unsqueeze(0), key.unsqueeze(0),
                                                                value.unsqueeze(0), std::nullopt, starts, starts,
                                                                longest, longest, 0.0, kCausal))
                .reshape({rows, m_shape.embedding});
        }
        return std::get<0>(
                   at::_flash_attention_forward(query, key, value, starts, starts, longest, longest, 0.0, true, false))
            .reshape({rows, m_shape.embedding});
    }

    // Rows whose keys and values lie in caches.
    void attendCaches(const TokenRow *tokens, const at::Tensor &queries, const at::Tensor &out, int layer) const
    {
        const AttentionParts parts{m_mixed.mutable_data_ptr<float>(),
                                   reinterpret_cast<float2 *>(m_partWeights.mutable_data_ptr<float>())};
        for (int64_t start = 0; start < queries.size(0); start += kAttendedAtOnce) {
            const int64_t rows = std::min(kAttendedAtOnce, queries.size(0) - start);
            attendRows(m_weights.format, tokens + start, int(rows), queries.narrow(0, start, rows).const_data_ptr(),
                       int(queries.size(1)), m_shape, layer, parts, out.narrow(0, start, rows).mutable_data_ptr(),
                       m_stream);
        }
    }

    const DeviceWeights &m_weights;
    const NetworkShape m_shape;
    const Batch &m_batch;
    const cudaStream_t m_stream;
    const at::TensorOptions m_wide, m_narrow;
    at::Tensor m_mixed, m_partWeights;
    at::Tensor m_x; // the residual stream, float [rows, embedding]
};

} // namespace

at::Tensor batchLogits(const DeviceWeights &weights, const Batch &batch, int64_t first, int64_t count,
                       const StopFn &stopped)
{
    return Pass(weights, batch).logits(first, count, stopped);
}

} // namespace tessera::core::cuda
