#include "core/sampling/cuda/smallpass.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAException.h>

#include "core/sampling/cuda/batchpass.h"

namespace tessera::core::cuda
{

namespace
{

// The least of `least`, twice that, and so on that is enough.
int64_t sizeFor(int64_t count, int64_t least)
{
    while (least < count) {
        least *= 2;
    }
    return least;
}

constexpr size_t kBufferBytes = size_t(SmallPasses::kMostRows) * sizeof(TokenRow)
                                + size_t(SmallPasses::kMostKept) * (sizeof(TokenRow) + sizeof(int64_t));

} // namespace

// Its temporaries and its logits lie in memory that LibTorch keeps for the graphs.
struct SmallPasses::Recorded {
    at::Tensor logits;
    std::unique_ptr<at::cuda::CUDAGraph> graph; // null: not recorded yet
};

SmallPasses::SmallPasses(const DeviceWeights &weights, c10::Device device, bool record)
    : m_weights(weights)
    , m_record(record)
    , m_buffer(device)
{
    m_buffer.reserve(kBufferBytes);
}

SmallPasses::~SmallPasses() = default;

bool SmallPasses::suits(std::span<const EngineInput> inputs) const
{
    int64_t rows = 0, kept = 0;
    for (const EngineInput &input : inputs) {
        if (beginsWindow(input, m_weights.shape)) {
            return false;
        }
        rows += int64_t(input.tokens.size());
        kept += input.logitRows;
    }
    return rows <= kMostRows && kept <= kMostKept;
}

Batch SmallPasses::packed(std::span<const EngineInput> inputs)
{
    BatchSize size;
    for (const EngineInput &input : inputs) {
        size.rows += int64_t(input.tokens.size());
        size.kept += input.logitRows;
    }
    const BatchSize filled{sizeFor(size.rows, 16), sizeFor(size.kept, 4)};
    return packBatch(inputs, m_weights.shape, m_weights.tokens.size(0), m_buffer, filled);
}

// What comes once is not worth a recording.
at::Tensor SmallPasses::logits(const Batch &batch, int64_t first, int64_t count, const StopFn &stopped)
{
    std::unique_ptr<Recorded> &pass = m_passes[{batch.rows, batch.kept, first, count}];
    if (pass && pass->graph) {
        if (stopped && stopped()) {
            return {};
        }
        pass->graph->replay();
        ++m_replays;
        return pass->logits;
    }
    const at::Tensor found = batchLogits(m_weights, batch, first, count, stopped);
    if (!found.defined()) {
        return {};
    }
    if (!pass) {
        pass = std::make_unique<Recorded>();
    } else if (m_record) {
        record(*pass, batch, first, count);
    }
    return found;
}

// For the next time; no further attempts where it fails. REQUIRES: the same pass just ran on this thread, so that
// kernels are loaded and cuBLAS' handle has its workspace, which must not happen in a recording. Equal shapes: equal
// kernels and bits.
void SmallPasses::record(Recorded &pass, const Batch &batch, int64_t first, int64_t count)
{
    auto graph = std::make_unique<at::cuda::CUDAGraph>();
    bool recording = false;
    try {
        if (m_pool == c10::MempoolId_t{0, 0}) {
            m_pool = at::cuda::graph_pool_handle(); // one for all: they run one after the other
        }
        // Other threads may do with the device what they like.
        graph->capture_begin(m_pool, cudaStreamCaptureModeThreadLocal);
        recording = true;
        const at::Tensor logits = batchLogits(m_weights, batch, first, count, {});
        recording = false;
        graph->capture_end();
        pass.logits = logits;
        pass.graph = std::move(graph);
        return;
    } catch (const c10::Error &) {
        m_record = false;
    }
    if (recording) {
        try {
            graph->capture_end();
        } catch (const c10::Error &) { // the recording was void, as is known
        }
    }
    // LibTorch's allocators may go on asking it what is recorded, for as long as they live.
    [[maybe_unused]] const at::cuda::CUDAGraph *left = graph.release();
    C10_CUDA_IGNORE_ERROR(cudaGetLastError()); // forgotten by asking for it
}

} // namespace tessera::core::cuda
