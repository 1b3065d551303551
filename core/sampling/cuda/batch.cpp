#include "core/sampling/cuda/batch.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "core/sampling/tensorcache.h"

namespace tessera::core::cuda
{

namespace
{

constexpr int64_t kFewestFresh = 16; // tokens from which fused attention pays

// What goes to the device, still on the host.
struct Layout {
    std::vector<TokenRow> tokens, keptTokens;
    std::vector<int64_t> keptRows;
    std::vector<int32_t> freshStarts{0};
};

class Packer
{
public:
    Packer(std::span<const EngineInput> inputs, NetworkShape shape, int64_t vocabulary)
        : m_inputs(inputs)
        , m_shape(shape)
        , m_vocabulary(vocabulary)
        , m_order(inputs.size())
    {
        std::iota(m_order.begin(), m_order.end(), size_t(0));
        std::ranges::stable_partition(m_order, [&](size_t input) { return beginsWindow(inputs[input], shape); });
        m_batch.firstKept.resize(inputs.size());
    }

    Batch pack(PinnedBuffer &buffer, BatchSize least)
    {
        for (const size_t input : m_order) {
            add(input);
        }
        fill(least);
        m_batch.rows = int64_t(m_layout.tokens.size());
        m_batch.kept = int64_t(m_layout.keptRows.size());
        upload(buffer);
        return std::move(m_batch);
    }

private:
    void add(size_t index)
    {
        const EngineInput &input = m_inputs[index];
        TensorCache &cache = static_cast<TensorCache &>(*input.cache);
        const int64_t start = cache.length(), added = int64_t(input.tokens.size());
        TORCH_CHECK(added > 0 && start + added <= m_shape.blockSize, "append of ", added, " tokens to ", start,
                    " in blocks of ", m_shape.blockSize);
        TORCH_CHECK(start > 0 || added >= m_shape.unmasked, "first append of ", added, " tokens, ", m_shape.unmasked,
                    " see each other");
        if (beginsWindow(input, m_shape)) {
            ++m_batch.freshInputs;
            m_batch.freshRows += added;
            m_batch.freshLength = std::max(m_batch.freshLength, added);
            m_layout.freshStarts.push_back(int32_t(m_batch.freshRows));
        }
        m_batch.firstKept[index] = int64_t(m_layout.keptRows.size());
        for (int64_t i = 0; i < added; ++i) {
            const int64_t token = input.tokens[size_t(i)];
            TORCH_CHECK(token >= 0 && token < m_vocabulary, "token ", token, " in a vocabulary of ", m_vocabulary);
            m_layout.tokens.push_back({cache.tensor().mutable_data_ptr(), int32_t(start + i), int32_t(token)});
            if (i >= added - input.logitRows) {
                m_layout.keptRows.push_back(int64_t(m_layout.tokens.size()) - 1);
                m_layout.keptTokens.push_back(m_layout.tokens.back());
            }
        }
    }

    void fill(BatchSize least)
    {
        m_batch.allKept = least.rows == 0 && m_layout.keptRows.size() == m_layout.tokens.size();
        m_layout.tokens.resize(std::max(m_layout.tokens.size(), size_t(least.rows)));
        m_layout.keptTokens.resize(std::max(m_layout.keptTokens.size(), size_t(least.kept)));
        m_layout.keptRows.resize(m_layout.keptTokens.size());
    }

    void upload(PinnedBuffer &buffer)
    {
        if (m_batch.freshInputs == 0) {
            m_layout.freshStarts.clear();
        }
        const size_t bytes = sizeof(TokenRow) * (m_layout.tokens.size() + m_layout.keptTokens.size())
                             + sizeof(int64_t) * m_layout.keptRows.size()
                             + sizeof(int32_t) * m_layout.freshStarts.size();
        buffer.reserve(bytes);
        size_t end = 0;
        const auto place = [&](const auto &values) {
            const size_t start = end, size = values.size() * sizeof(values[0]);
            if (size > 0) {
                std::memcpy(buffer.host<char>(start), values.data(), size);
            }
            end += size;
            return start;
        };
        const auto placeIndices = [&](const auto &values, at::ScalarType type) {
            const int64_t start = int64_t(place(values)), size = int64_t(values.size() * sizeof(values[0]));
            return size == 0 ? at::Tensor() : buffer.deviceBytes().narrow(0, start, size).view(type);
        };
        m_batch.tokens = buffer.device<TokenRow>(place(m_layout.tokens));
        m_batch.keptTokens = buffer.device<TokenRow>(place(m_layout.keptTokens));
        m_batch.keptRows = placeIndices(m_layout.keptRows, at::kLong);
        m_batch.freshStarts = placeIndices(m_layout.freshStarts, at::kInt);
        buffer.upload(bytes);
    }

    const std::span<const EngineInput> m_inputs;
    const NetworkShape m_shape;
    const int64_t m_vocabulary;
    std::vector<size_t> m_order; // fresh inputs first
    Layout m_layout;
    Batch m_batch;
};

} // namespace

bool beginsWindow(const EngineInput &input, NetworkShape shape)
{
    return input.cache->length() == 0 && shape.unmasked == 0 && int64_t(input.tokens.size()) >= kFewestFresh;
}

Batch packBatch(std::span<const EngineInput> inputs, NetworkShape shape, int64_t vocabulary, PinnedBuffer &buffer,
                BatchSize least)
{
    return Packer(inputs, shape, vocabulary).pack(buffer, least);
}

} // namespace tessera::core::cuda
