// Single tokens of a few windows, and codes drawn from them, as recorded CUDA graphs over fixed device memory.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include "core/sampling/cuda/cudaweights.h"
#include "core/sampling/cuda/pinnedbuffer.h"
#include "core/sampling/engine.h"

namespace tessera::core::cuda
{

// The picture codes' ids in the vocabulary.
struct CodeRange {
    int64_t first = 0, count = 0;
};

// All work is queued on the stream current at construction, which must be current in every call. `weights` must outlive
// it.
class Decoder
{
public:
    static constexpr int kDrawnAtOnce = 16; // codes whose noise and logits are in memory

    enum class Way { Whole, Overlapping, Apart }; // of the kernels of a step

    // `whole`: a step of one or two rows is one kernel, where the device can.
    Decoder(const DeviceWeights &weights, c10::Device device, bool overlap, bool whole);
    ~Decoder();

    // Rows that a step takes at most; 0 where the device or the network does not suit.
    int mostRows() const { return m_mostRows; }

    // Steps by this way so far.
    int64_t steps(Way way) const { return m_steps[size_t(way)]; }

    // One token each; waits. logits: float [inputs, codes]. Throws c10::Error, also for want of memory, after which it
    // works as before. REQUIRES: 1 .. mostRows() inputs of one token.
    void decode(std::span<const EngineInput> inputs, CodeRange codes, float *logits);

    // The following is for drawing, in this order: begin, then as often as wanted startPlaces, then up to kDrawnAtOnce
    // codes. Takes the places where the streams' last tokens stand, and their logits: float [streams, codes], device
    // memory.
    void beginDrawing(std::span<const EngineInput> streams, CodeRange codes, const DrawParameters &parameters,
                      const at::Tensor &logits);
    // `noise`: float [kDrawnAtOnce, codes], pinned; undefined: none.
    void startPlaces(const at::Tensor &noise);
    void drawFirst();     // from the logits given
    void decodeAndDraw(); // the code drawn last goes through the network
    // float [kDrawnAtOnce, codes] and int32 [kDrawnAtOnce]
    const at::Tensor &guided() const { return m_guided; }
    const at::Tensor &drawn() const { return m_drawn; }

private:
    class Graph;
    using GraphKey = std::tuple<int, int64_t, int64_t, bool>; // rows, codes, whether it draws

    const Graph &graph(int rows, CodeRange codes, bool draws);
    std::unique_ptr<Graph> recorded(int rows, CodeRange codes, bool draws, Way way);
    static std::unique_ptr<Graph> recordingEnded(cudaStream_t stream, Way way);
    std::unique_ptr<Graph> recordedWhole(int rows, CodeRange codes, bool draws);
    void queue(int rows, CodeRange codes, bool draws, Way way);
    bool lostWay();
    void replay(const Graph &graph);
    void queueDraw(int streams, CodeRange codes);
    DecodeBuffers buffers();

    const DeviceWeights &m_weights;
    const std::vector<BlockWeights> m_blocks;
    bool m_overlap, m_whole;
    int m_mostRows = 0, m_wholeBlocks = 0;
    PinnedBuffer m_rows, m_logits, m_parameters;
    at::Tensor m_x, m_query, m_hidden, m_mixed, m_partWeights;
    at::Tensor m_blockPointers, m_wholeState; // bytes
    at::Tensor m_step, m_noise, m_guided, m_drawn;
    int m_streams = 0; // of the drawing at work
    CodeRange m_codes;
    std::map<GraphKey, std::unique_ptr<Graph>> m_graphs;
    std::array<int64_t, 3> m_steps{}; // by way
};

} // namespace tessera::core::cuda
