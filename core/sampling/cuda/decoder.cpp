#include "core/sampling/cuda/decoder.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>

#include "core/sampling/tensorcache.h"

namespace tessera::core::cuda
{

namespace
{

cudaStream_t currentStream()
{
    return c10::cuda::getCurrentCUDAStream();
}

int bucketOf(size_t rows)
{
    int bucket = 1;
    while (bucket < int(rows)) {
        bucket *= 2;
    }
    return bucket;
}

// Whether the driver did it. Want of memory says nothing of the device and the step, and passes as LibTorch's error.
bool succeeded(cudaError_t result)
{
    C10_CUDA_IGNORE_ERROR(cudaGetLastError()); // forgotten by asking for it
    if (result == cudaErrorMemoryAllocation) {
        C10_CUDA_CHECK(result);
    }
    return result == cudaSuccess;
}

} // namespace

class Decoder::Graph
{
public:
    Graph(cudaGraphExec_t graph, Way taken) : way(taken), m_graph(graph) {}
    ~Graph() { C10_CUDA_CHECK_WARN(cudaGraphExecDestroy(m_graph)); }
    Graph(const Graph &) = delete;
    Graph &operator=(const Graph &) = delete;

    void replay() const { C10_CUDA_CHECK(cudaGraphLaunch(m_graph, currentStream())); }

    const Way way;

private:
    cudaGraphExec_t m_graph;
};

Decoder::Decoder(const DeviceWeights &weights, c10::Device device, bool overlap, bool whole)
    : m_weights(weights)
    , m_blocks(weights.pointers())
    , m_overlap(overlap)
    , m_whole(whole)
    , m_rows(device)
    , m_logits(device)
    , m_parameters(device)
{
    const NetworkShape shape = weights.shape;
    if (shape.embedding > kMostDecodeWidth) {
        return;
    }
    m_mostRows = prepareDecode(weights.format, shape.embedding);
    const at::TensorOptions wide = weights.tokens.options();
    m_x = at::empty({kMostDecodeRows, shape.embedding}, wide);
    m_query = at::empty({kMostDecodeRows, shape.embedding}, wide);
    m_hidden = at::empty({kMostDecodeRows, 4 * shape.embedding}, wide);
    m_mixed = at::empty({kMostDecodeRows, shape.heads, shape.splits(), kHeadDim}, wide);
    m_partWeights = at::empty({kMostDecodeRows, shape.heads, shape.splits(), 2}, wide);
    m_rows.reserve(kMostDecodeRows * sizeof(TokenRow));
    m_logits.reserve(size_t(kMostDecodeRows) * size_t(weights.tokens.size(0)) * sizeof(float));
    m_parameters.reserve(sizeof(DrawParameters));
    const int64_t pointerBytes = int64_t(m_blocks.size() * sizeof(BlockWeights));
    m_blockPointers =
        at::from_blob(const_cast<BlockWeights *>(m_blocks.data()), {pointerBytes}, at::kByte).to(device); // reads only
    m_wholeState = at::zeros({int64_t(sizeof(WholeState))}, wide.dtype(at::kByte));
    m_step = at::zeros({1}, wide.dtype(at::kInt));
    m_noise = at::zeros({kDrawnAtOnce, kMostDrawnCodes}, wide);
    m_guided = at::empty({kDrawnAtOnce, kMostDrawnCodes}, wide);
    m_drawn = at::empty({kDrawnAtOnce}, wide.dtype(at::kInt));
}

Decoder::~Decoder() = default;

DecodeBuffers Decoder::buffers()
{
    return {m_rows.device<TokenRow>(),
            m_x.mutable_data_ptr<float>(),
            m_query.mutable_data_ptr<float>(),
            m_hidden.mutable_data_ptr<float>(),
            m_logits.device<float>(),
            {m_mixed.mutable_data_ptr<float>(), reinterpret_cast<float2 *>(m_partWeights.mutable_data_ptr<float>())},
            static_cast<const BlockWeights *>(m_blockPointers.const_data_ptr()),
            static_cast<WholeState *>(m_wholeState.mutable_data_ptr())};
}

void Decoder::queue(int rows, CodeRange codes, bool draws, Way way)
{
    const DecodeNetwork network{m_weights.format,
                                m_weights.shape,
                                m_blocks.data(),
                                m_weights.finalNorm.pointers(),
                                m_weights.tokens.const_data_ptr<float>(),
                                m_weights.positions.const_data_ptr<float>(),
                                m_weights.head.const_data_ptr<float>() + codes.first * m_weights.shape.embedding,
                                int(codes.count)};
    if (way == Way::Whole) {
        wholeStep(network, buffers(), rows, m_wholeBlocks, currentStream());
    } else {
        decodeStep(network, buffers(), rows, way == Way::Overlapping, currentStream());
    }
    if (draws) {
        queueDraw(rows, codes);
    }
}

void Decoder::queueDraw(int streams, CodeRange codes)
{
    const DrawBuffers buffers{m_parameters.device<DrawParameters>(), m_step.mutable_data_ptr<int32_t>(),
                              m_noise.const_data_ptr<float>(), m_guided.mutable_data_ptr<float>(),
                              m_drawn.mutable_data_ptr<int32_t>()};
    drawCode(m_logits.device<float>(), streams, int(codes.count), int(codes.first), buffers, m_rows.device<TokenRow>(),
             currentStream());
}

const Decoder::Graph &Decoder::graph(int rows, CodeRange codes, bool draws)
{
    std::unique_ptr<Graph> &graph = m_graphs[{rows, codes.first, codes.count, draws}];
    if (!graph && m_whole) {
        graph = recordedWhole(rows, codes, draws);
    }
    if (!graph && m_overlap) {
        graph = recorded(rows, codes, draws, Way::Overlapping);
        m_overlap = graph != nullptr;
    }
    if (!graph) {
        graph = recorded(rows, codes, draws, Way::Apart);
    }
    TORCH_CHECK(graph, "the CUDA driver does not record the transformer's step");
    return *graph;
}

// Null where the device or the step does not suit.
std::unique_ptr<Decoder::Graph> Decoder::recordedWhole(int rows, CodeRange codes, bool draws)
{
    m_wholeBlocks = rows <= 2 ? wholeStepBlocks(m_weights.format, m_weights.shape, int(codes.count)) : 0;
    if (m_wholeBlocks == 0) {
        return nullptr;
    }
    std::unique_ptr<Graph> graph = recorded(rows, codes, draws, Way::Whole);
    m_whole = graph && !lostWay();
    return m_whole ? std::move(graph) : nullptr;
}

// Whether blocks of a whole step waited in vain for one that the device did not run beside them.
bool Decoder::lostWay()
{
    const at::Tensor state = m_wholeState.cpu(); // waits
    return static_cast<const WholeState *>(state.const_data_ptr())->lost != 0;
}

// Null if the driver refuses; throws for want of memory. Overwrites rows, logits and the place of the next code.
std::unique_ptr<Decoder::Graph> Decoder::recorded(int rows, CodeRange codes, bool draws, Way way)
{
    const cudaStream_t stream = currentStream();
    C10_CUDA_CHECK(cudaMemsetAsync(m_rows.device<char>(), 0, kMostDecodeRows * sizeof(TokenRow), stream));
    m_parameters.deviceBytes().zero_();
    m_step.zero_();
    // Once at once: kernels are loaded at their first use, which a recording must not be.
    queue(rows, codes, draws, way);
    if (!succeeded(cudaGetLastError())) {
        return nullptr;
    }
    C10_CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    queue(rows, codes, draws, way);
    return recordingEnded(stream, way);
}

// Of the kernels queued since it began.
std::unique_ptr<Decoder::Graph> Decoder::recordingEnded(cudaStream_t stream, Way way)
{
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    cudaError_t result = cudaGetLastError();
    const cudaError_t ended = cudaStreamEndCapture(stream, &graph);
    if (result == cudaSuccess) {
        result = ended;
    }
    if (result == cudaSuccess) {
        result = cudaGraphInstantiate(&executable, graph, 0);
    }
    if (graph) {
        C10_CUDA_CHECK_WARN(cudaGraphDestroy(graph));
    }
    return succeeded(result) ? std::make_unique<Graph>(executable, way) : nullptr;
}

void Decoder::replay(const Graph &graph)
{
    graph.replay();
    ++m_steps[size_t(graph.way)];
}

void Decoder::decode(std::span<const EngineInput> inputs, CodeRange codes, float *logits)
{
    const int rows = bucketOf(inputs.size());
    const Graph &step = graph(rows, codes, false);
    TokenRow *row = m_rows.host<TokenRow>();
    std::fill_n(row, kMostDecodeRows, TokenRow{});
    for (const EngineInput &input : inputs) {
        TensorCache &cache = static_cast<TensorCache &>(*input.cache);
        const int64_t token = input.tokens.front();
        TORCH_CHECK(cache.length() < m_weights.shape.blockSize, "append of 1 token to ", cache.length(),
                    " in blocks of ", m_weights.shape.blockSize);
        TORCH_CHECK(token >= 0 && token < m_weights.tokens.size(0), "token ", token, " in a vocabulary of ",
                    m_weights.tokens.size(0));
        *row++ = {cache.tensor().mutable_data_ptr(), int32_t(cache.length()), int32_t(token)};
    }
    m_rows.upload(kMostDecodeRows * sizeof(TokenRow));
    replay(step);
    const size_t values = inputs.size() * size_t(codes.count);
    m_logits.download(values * sizeof(float));
    c10::cuda::getCurrentCUDAStream().synchronize();
    std::copy_n(m_logits.host<float>(), values, logits);
}

void Decoder::beginDrawing(std::span<const EngineInput> streams, CodeRange codes, const DrawParameters &parameters,
                           const at::Tensor &logits)
{
    m_streams = int(streams.size());
    m_codes = codes;
    graph(m_streams, codes, true);
    c10::cuda::getCurrentCUDAStream().synchronize(); // the host's memory below may still be read
    std::fill_n(m_rows.host<TokenRow>(), kMostDecodeRows, TokenRow{});
    for (size_t i = 0; i < streams.size(); ++i) {
        TensorCache &cache = static_cast<TensorCache &>(*streams[i].cache);
        m_rows.host<TokenRow>()[i] = {cache.tensor().mutable_data_ptr(), int32_t(cache.length() - 1), 0};
    }
    m_rows.upload(kMostDecodeRows * sizeof(TokenRow));
    *m_parameters.host<DrawParameters>() = parameters;
    m_parameters.upload(sizeof(DrawParameters));
    const int64_t bytes = logits.numel() * int64_t(sizeof(float));
    m_logits.deviceBytes().narrow(0, 0, bytes).copy_(logits.contiguous().view(-1).view(at::kByte));
}

void Decoder::startPlaces(const at::Tensor &noise)
{
    m_step.zero_();
    if (noise.defined()) {
        m_noise.view(-1).narrow(0, 0, noise.numel()).copy_(noise.view(-1), true);
    }
}

void Decoder::drawFirst()
{
    queueDraw(m_streams, m_codes);
}

void Decoder::decodeAndDraw()
{
    replay(graph(m_streams, m_codes, true));
}

} // namespace tessera::core::cuda
