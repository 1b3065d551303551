#include "core/sampling/cpu/cpuengine.h"

#include <algorithm>
#include <functional>
#include <new>

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include "core/sampling/cpu/attention.h"
#include "core/sampling/cpu/packedtransformer.h"
#include "core/sampling/cpu/products.h"
#include "core/sampling/cpu/windowmemory.h"
#include "models/error.h"
#include "models/transformer.h"

namespace tessera::core
{

namespace
{

using namespace cpu;

WeightFormat formatOf(CpuPrecision precision)
{
    switch (precision) {
    case CpuPrecision::Float32:
        return WeightFormat::Float32;
    case CpuPrecision::BFloat16:
        return WeightFormat::BFloat16;
    case CpuPrecision::Int8:
        break;
    }
    return WeightFormat::Int8;
}

const Kernels &kernelsFor(const std::string &instructions)
{
    const std::vector<Kernels> &usable = usableKernels();
    if (instructions.empty())
        return usable.front();
    const auto found = std::ranges::find(usable, instructions, &Kernels::name);
    if (found == usable.end())
        throw Error(ErrorCode::InvalidArgument, "The instruction set '" + instructions
                                                    + "' was asked for; this machine's fastest is '"
                                                    + usable.front().name + "'");
    return *found;
}

// Tokens of one input of a batch: rows [firstRow, firstRow + tokens) of every buffer. Once only tokens are left whose
// logits are wanted, its last ones stand in rows [firstKept, firstKept + kept).
struct Span {
    CpuCache *cache = nullptr;
    int64_t firstRow = 0;
    int64_t tokens = 0;
    int64_t firstKept = 0;
    int64_t kept = 0;
};

class CpuEngine : public TransformerEngine
{
public:
    CpuEngine(models::Transformer model, const CpuEngineOptions &options)
        : m_kernels(kernelsFor(options.instructions))
        , m_format(formatOf(options.precision))
        , m_model(std::move(model), m_format)
        , m_store(std::make_shared<CacheStore>(CacheLayout(m_model.config, options.precision != CpuPrecision::Float32)))
        , m_products(m_kernels, m_format, 4 * m_model.config.embedding, options.threads)
        , m_x(m_model.config.embedding)
        , m_normed(m_model.config.embedding)
        , m_hidden(4 * m_model.config.embedding)
        , m_queryKeyValue(3 * m_model.embeddingPanels() * kPanel)
        , m_logits(m_model.head.paddedOutputs())
        , m_scratchSize(attentionScratch(m_store->layout()))
        , m_scratch(m_scratchSize * m_products.threads())
    {}

    std::unique_ptr<WindowCache> makeCache() override { return std::make_unique<CpuCache>(m_store); }
    std::unique_ptr<WindowCache> copyCache(const WindowCache &from, int64_t tokens) override
    {
        auto copy = std::make_unique<CpuCache>(m_store);
        copy->copyFrom(static_cast<const CpuCache &>(from), tokens);
        return copy;
    }
    uint64_t cacheBytes() const override { return uint64_t(m_store->layout().bytes()); }
    void freeCaches() override
    {
        m_store->free();
        m_products.free();
        for (Rows *rows : {&m_x, &m_normed, &m_hidden, &m_queryKeyValue, &m_logits})
            rows->free();
    }
    bool gainsFromBatches() const override { return true; }
    bool keepsBitsInChunks() const override { return true; }
    double tokenCost() const override;

protected:
    bool run(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
             const StopFn &stopped) override
    {
        try {
            begin(inputs);
        } catch (const std::bad_alloc &) {
            throw Error(ErrorCode::OutOfMemory, "There is no memory for sampling " + std::to_string(inputs.size())
                                                    + " windows at once; a smaller canvas needs less");
        }
        for (size_t layer = 0; layer < m_model.blocks.size(); ++layer) {
            if (stopped && stopped())
                return false;
            runBlock(int64_t(layer), layer + 1 == m_model.blocks.size());
        }
        for (const Span &span : m_spans)
            span.cache->grow(span.tokens);
        writeLogits(first, count, logits);
        return true;
    }

private:
    // Notes what the batch is made of, makes room and embeds the tokens.
    void begin(std::span<const EngineInput> inputs)
    {
        m_spans.clear();
        m_rows = m_kept = 0;
        for (const EngineInput &input : inputs) {
            CpuCache &cache = static_cast<CpuCache &>(*input.cache);
            const int64_t start = cache.length(), added = int64_t(input.tokens.size());
            TORCH_CHECK(added > 0 && start + added <= m_model.config.blockSize, "append of ", added, " tokens to ",
                        start, " in blocks of ", m_model.config.blockSize);
            TORCH_CHECK(start > 0 || added >= m_model.config.unmasked, "first append of ", added, " tokens, ",
                        m_model.config.unmasked, " see each other");
            cache.prepare();
            m_spans.push_back({&cache, m_rows, added, m_kept, input.logitRows});
            m_rows += added;
            m_kept += input.logitRows;
        }
        for (Rows *rows : {&m_x, &m_normed, &m_hidden, &m_queryKeyValue})
            rows->reserve(m_rows);
        m_logits.reserve(m_kept);
        m_products.reserve(m_rows);
        for (size_t i = 0; i < inputs.size(); ++i)
            embed(inputs[i].tokens, m_spans[i]);
    }

    void embed(std::span<const int64_t> tokens, const Span &span)
    {
        const int64_t width = m_model.config.embedding;
        const float *position = m_model.positionEmbedding.const_data_ptr<float>() + span.cache->length() * width;
        for (int64_t i = 0; i < span.tokens; ++i, position += width) {
            const int64_t id = tokens[size_t(i)];
            TORCH_CHECK(id >= 0 && id < m_model.config.vocabSize, "token ", id, " in a vocabulary of ",
                        m_model.config.vocabSize);
            const float *token = m_model.tokenEmbedding.const_data_ptr<float>() + id * width;
            std::transform(token, token + width, position, m_x.row(span.firstRow + i), std::plus());
        }
    }

    // `last`: keys and values of all tokens, everything after them only for the tokens whose logits are wanted, whose
    // rows then come first.
    void runBlock(int64_t layer, bool last)
    {
        const PackedBlock &block = m_model.blocks[size_t(layer)];
        const int64_t panels = m_model.embeddingPanels();
        norm(block.ln1, m_rows);
        const auto project = [&](int64_t firstPanel, int64_t count, int64_t rows) {
            m_products.multiply({block.queryKeyValue, firstPanel, count}, m_normed, rows,
                                m_queryKeyValue.row(0) + firstPanel * kPanel, m_queryKeyValue.stride(), Finish::Store);
        };
        int64_t rows = m_rows;
        if (last && m_rows > m_kept) {
            project(panels, 2 * panels, m_rows);
            keepLastRows();
            rows = m_kept;
            project(0, panels, rows);
        } else {
            project(0, 3 * panels, rows);
        }
        attendAll(layer, rows < m_rows);
        m_products.multiply(Products::whole(block.proj), m_normed, rows, m_x.row(0), m_x.stride(), Finish::Add);
        norm(block.ln2, rows);
        m_products.multiply(Products::whole(block.mlpUp), m_normed, rows, m_hidden.row(0), m_hidden.stride(),
                            Finish::Gelu);
        m_products.multiply(Products::whole(block.mlpDown), m_hidden, rows, m_x.row(0), m_x.stride(), Finish::Add);
    }

    void norm(const PackedNorm &norm, int64_t rows)
    {
        constexpr int64_t kWorkPerValue = 4; // compared with a multiplication of a product
        const int64_t width = m_model.config.embedding;
        m_products.share(rows, rows * width * kWorkPerValue, [&](int64_t row, int) {
            m_kernels.layerNorm(m_x.row(row), norm.weight.data(), norm.bias.data(), width, m_normed.row(row));
        });
    }

    void keepLastRows()
    {
        const int64_t width = m_model.config.embedding;
        for (const Span &span : m_spans) {
            const int64_t from = span.firstRow + span.tokens - span.kept; // never before the row that it goes to
            for (int64_t row = 0; row < span.kept && from > span.firstKept; ++row) {
                std::copy_n(m_x.row(from + row), width, m_x.row(span.firstKept + row));
                std::copy_n(m_normed.row(from + row), width, m_normed.row(span.firstKept + row));
            }
        }
    }

    // From m_queryKeyValue into m_normed, by input and head.
    void attendAll(int64_t layer, bool keptOnly)
    {
        const int64_t heads = m_model.config.heads;
        int64_t work = 0;
        for (const Span &span : m_spans)
            work += 2 * (keptOnly ? span.kept : span.tokens) * (span.cache->length() + span.tokens)
                    * m_model.config.embedding;
        m_products.share(int64_t(m_spans.size()) * heads, work, [&](int64_t index, int thread) {
            const Span &span = m_spans[size_t(index / heads)];
            HeadTask task = headTask(span, layer, index % heads);
            if (keptOnly) {
                task.queries = span.kept;
                task.query += (span.firstKept - span.firstRow) * task.stride;
                task.out += (span.firstKept - span.firstRow) * task.outStride;
            }
            attend(m_kernels, task, m_scratch.data() + thread * m_scratchSize);
        });
    }

    HeadTask headTask(const Span &span, int64_t layer, int64_t head)
    {
        const int64_t padded = m_model.embeddingPanels() * kPanel, column = head * m_model.config.headDim();
        HeadTask task;
        task.cache = span.cache;
        task.layer = layer;
        task.head = head;
        task.start = span.cache->length();
        task.tokens = task.queries = span.tokens;
        task.query = m_queryKeyValue.row(span.firstRow) + column;
        task.newKeys = task.query + padded;
        task.newValues = task.newKeys + padded;
        task.stride = m_queryKeyValue.stride();
        task.out = m_normed.row(span.firstRow) + column;
        task.outStride = m_normed.stride();
        task.unmasked = m_model.config.unmasked;
        return task;
    }

    void writeLogits(int64_t first, int64_t count, float *logits)
    {
        const int64_t rows = m_kept;
        const int64_t firstPanel = first / kPanel, panels = (first + count - 1) / kPanel - firstPanel + 1;
        norm(m_model.lnFinal, rows);
        m_products.multiply({m_model.head, firstPanel, panels}, m_normed, rows, m_logits.row(0), m_logits.stride(),
                            Finish::Store);
        for (int64_t row = 0; row < rows; ++row)
            std::copy_n(m_logits.row(row) + first - firstPanel * kPanel, count, logits + row * count);
    }

    const Kernels &m_kernels;
    const WeightFormat m_format;
    const PackedTransformer m_model;
    std::shared_ptr<CacheStore> m_store;
    Products m_products;
    std::vector<Span> m_spans;
    int64_t m_rows = 0;   // of the batch
    int64_t m_kept = 0;   // of them, those whose logits are wanted
    Rows m_x;             // the residual stream
    Rows m_normed;        // its normalised form, and what attention mixed
    Rows m_hidden;        // between the two layers of the MLP
    Rows m_queryKeyValue; // three parts, each padded to whole panels
    Rows m_logits;
    int64_t m_scratchSize = 0; // of one thread
    AlignedBuffer<float> m_scratch;
};

// Weights that do not fit a cache come from memory in every pass, which makes a pass dear and further tokens cheap; so
// do wide ones, and tiles. Measured on one core, in fp32, bf16 and int8: 1/27, 1/15, 1/19 with 310 M parameters; 1/10,
// 1/4, 1/4 with 3.5 M, drawing a code for each token included. With tiles pictures came soonest at 1/60 and 1/12, with
// widened bytes at 1/5 and 1/3.
double CpuEngine::tokenCost() const
{
    constexpr int64_t kCachedBytes = int64_t(48) << 20;
    const bool cached = m_model.bytes() <= kCachedBytes;
    if (m_format == WeightFormat::Int8 && m_kernels.int8Tiles)
        return cached ? 1.0 / 12 : 1.0 / 60;
    if (m_format == WeightFormat::Int8 && m_kernels.int8Widens)
        return cached ? 1.0 / 3 : 1.0 / 5;
    if (m_format == WeightFormat::Float32)
        return cached ? 1.0 / 10 : 1.0 / 25;
    return cached ? 1.0 / 5 : 1.0 / 17;
}

} // namespace

std::unique_ptr<TransformerEngine> makeCpuEngine(models::Transformer model, const CpuEngineOptions &options)
{
    try {
        return std::make_unique<CpuEngine>(std::move(model), options);
    } catch (const std::bad_alloc &) {
        throw Error(ErrorCode::OutOfMemory,
                    "There is no memory to lay out the transformer's weights; a lower precision "
                    "(bf16, int8) needs less");
    }
}

std::vector<std::string> cpuInstructionSets()
{
    std::vector<std::string> names;
    for (const Kernels &kernels : usableKernels())
        names.emplace_back(kernels.name);
    return names;
}

} // namespace tessera::core
