// Batches of few rows that all join caches, as those of the steps of a large canvas: recorded CUDA graphs, so that the
// host need not launch ten kernels a layer.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <tuple>

#include <c10/cuda/CUDAGraphsC10Utils.h>

#include "core/sampling/cuda/batch.h"
#include "core/sampling/cuda/cudaweights.h"
#include "core/sampling/cuda/pinnedbuffer.h"
#include "core/sampling/engine.h"

namespace at::cuda
{
struct CUDAGraph;
}

namespace tessera::core::cuda
{

// All work is queued on the stream current in a call, always the same one and not the device's default. `weights` must
// outlive it.
class SmallPasses
{
public:
    static constexpr int64_t kMostRows = 128; // a step of a large canvas at its upper edge, with guidance
    static constexpr int64_t kMostKept = 64;

    // `record`: as graphs, where the driver lets it; otherwise kernel by kernel, with the same bits.
    SmallPasses(const DeviceWeights &weights, c10::Device device, bool record);
    ~SmallPasses();

    bool suits(std::span<const EngineInput> inputs) const;
    // Filled up with unused rows to one of a few sizes. Valid until the next call. REQUIRES: suits(inputs), and that
    // the copy of the call before is over. Throws Error (OutOfMemory).
    Batch packed(std::span<const EngineInput> inputs);
    // As batchLogits(), but where a recording runs `stopped` is asked only before. The batch must be the last that was
    // packed. Valid until the next call.
    at::Tensor logits(const Batch &batch, int64_t first, int64_t count, const StopFn &stopped);
    int64_t replays() const { return m_replays; } // of recordings, so far

private:
    struct Recorded;
    using Key = std::tuple<int64_t, int64_t, int64_t, int64_t>; // rows, kept rows, first, count

    void record(Recorded &pass, const Batch &batch, int64_t first, int64_t count);

    const DeviceWeights &m_weights;
    bool m_record;
    PinnedBuffer m_buffer; // never grows: graphs read it
    c10::MempoolId_t m_pool{0, 0};
    std::map<Key, std::unique_ptr<Recorded>> m_passes;
    int64_t m_replays = 0;
};

} // namespace tessera::core::cuda
