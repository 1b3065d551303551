// One token for one or two rows as a single kernel, which stays on the device from layer to layer: its blocks wait for
// each other instead of ending. While they wait, the weights of the next matrix are already on their way into
// registers.
#pragma once

#include "core/sampling/cuda/wholeattention.cuh"

namespace tessera::core::cuda
{

// Shared memory beside what changes from product to product.
struct WholeShared {
    TokenRow rows[kMostRows];
    float2 stats[kMostRows * kWholeWarps];
    alignas(16) float mixed[kMostRows * kMostDecodeWidth]; // of attention; or [kWholeWarps, kHeadDim] within it
};
static_assert(kWholeWarps * kHeadDim <= kMostRows * kMostDecodeWidth);

// A block's walk through the layers. What it fetches before a meeting it holds in registers. Partial sums: shared
// memory.
template<typename T, int kRows>
class Walk
{
public:
    __device__ Walk(const BlockWeights *blocks, NetworkShape shape, const DecodeBuffers &buffers, WholeShared &common,
                    float *partial, bool trial)
        : m_blocks(blocks)
        , m_shape(shape)
        , m_width(shape.embedding)
        , m_buffers(buffers)
        , m_common(common)
        , m_partial(partial)
        , m_attention(common.rows, shape, buffers.parts)
        , m_meeting(buffers.state, trial)
    {}

    __device__ void run(NormWeights finalNorm, const float *head, int codes)
    {
        queryKeyValueShare(0).fetch(0, m_held);
        for (int layer = 0; layer < m_shape.layers; ++layer) {
            queryKeyValue(layer);
            attend(layer);
            project(m_blocks[layer]);
            mlpUp(m_blocks[layer]);
            mlpDown(m_blocks[layer]);
            if (layer + 1 < m_shape.layers)
                queryKeyValueShare(layer + 1).fetch(0, m_held);
        }
        logits(finalNorm, head, codes);
    }

private:
    static constexpr int kLongParts = sizeof(T) == 2 ? 1 : 2;
    using Short = Share<T, kRows, 1, kHeld<T>>;
    using Long = Share<T, kRows, kLongParts, kHeld<T> / kLongParts>;
    using Head = Share<float, kRows, 1, 8>;

    Short __device__ queryKeyValueShare(int layer) const
    {
        return {m_blocks[layer].queryKeyValue, m_blocks[layer].queryKeyValueBias, m_width, 3 * m_width};
    }

    // Its weights are there since the layer before.
    __device__ void queryKeyValue(int layer)
    {
        const Short share = queryKeyValueShare(layer);
        const float bias = share.fetchBias();
        const HeldNorm<Short::kValues> norm = fetchNorm(share, m_blocks[layer].norm1);
        if (layer > 0)
            m_meeting.wait();
        float x[kRows][Short::kValues];
        loadNormed<kRows>(share, m_buffers.x, norm, m_common.stats, x);
        share.multiply(m_held, bias, x, m_partial,
                       QueryKeyValueOutput<T>{m_buffers.rows, m_buffers.query, m_shape, layer});
        m_meeting.arrive();
    }

    __device__ void attend(int layer)
    {
        m_attention.fetch(layer, int(blockIdx.x), m_held);
        m_meeting.wait();
        m_attention.attend(layer, m_buffers.query, m_held, m_common.mixed, m_common.stats);
        m_meeting.arrive();
    }

    __device__ void project(const BlockWeights &block)
    {
        const Short share(block.proj, block.projBias, m_width, m_width);
        share.fetch(0, m_held);
        const float bias = share.fetchBias();
        m_meeting.wait();
        joinAttention();
        float x[kRows][Short::kValues];
#pragma unroll
        for (int row = 0; row < kRows; ++row) {
#pragma unroll
            for (int j = 0; j < Short::kValues; ++j)
                x[row][j] = share.there(0) ? m_common.mixed[row * m_width + share.input(0) + j] : 0.0f;
        }
        share.multiply(m_held, bias, x, m_partial, ResidualOutput{m_buffers.x, m_width});
        m_meeting.arrive();
    }

    __device__ void joinAttention()
    {
        const int quads = m_width / 4;
        for (int i = int(threadIdx.x); i < kRows * quads; i += kWholeThreads)
            reinterpret_cast<float4 *>(m_common.mixed)[i] = joinedQuad(
                m_buffers.parts, m_shape.heads, splitsOf(m_shape), m_attention.splits(), i / quads, i % quads);
        __syncthreads();
    }

    __device__ void mlpUp(const BlockWeights &block)
    {
        const Short share(block.up, block.upBias, m_width, 4 * m_width);
        share.fetch(0, m_held);
        const float bias = share.fetchBias();
        const HeldNorm<Short::kValues> norm = fetchNorm(share, block.norm2);
        m_meeting.wait();
        float x[kRows][Short::kValues];
        loadNormed<kRows>(share, m_buffers.x, norm, m_common.stats, x);
        share.multiply(m_held, bias, x, m_partial, GeluOutput{m_buffers.hidden, 4 * m_width});
        m_meeting.arrive();
    }

    __device__ void mlpDown(const BlockWeights &block)
    {
        const Long share(block.down, block.downBias, 4 * m_width, m_width);
        share.fetch(0, m_held);
        const float bias = share.fetchBias();
        m_meeting.wait();
        float x[kRows][Long::kValues];
#pragma unroll
        for (int row = 0; row < kRows; ++row) {
#pragma unroll
            for (int part = 0; part < kLongParts; ++part) {
                float values[kPerLoad<T>];
                loadFloats(m_buffers.hidden + row * 4 * m_width + share.input(part), share.there(part), values);
#pragma unroll
                for (int j = 0; j < kPerLoad<T>; ++j)
                    x[row][part * kPerLoad<T> + j] = values[j];
            }
        }
        share.multiply(m_held, bias, x, m_partial, ResidualOutput{m_buffers.x, m_width});
        m_meeting.arrive();
    }

    __device__ void logits(NormWeights finalNorm, const float *head, int codes)
    {
        const Head share(head, nullptr, m_width, codes);
        uint4 held[8];
        share.fetch(0, held);
        const HeldNorm<Head::kValues> norm = fetchNorm(share, finalNorm);
        m_meeting.wait();
        float x[kRows][Head::kValues];
        loadNormed<kRows>(share, m_buffers.x, norm, m_common.stats, x);
        share.multiply(held, 0.0f, x, m_partial, LogitOutput{m_buffers.logits, codes});
    }

    const BlockWeights *m_blocks; // shared memory
    const NetworkShape m_shape;
    const int m_width;
    const DecodeBuffers &m_buffers;
    WholeShared &m_common;
    float *m_partial;
    const WholeAttention<T, kRows> m_attention;
    Meeting m_meeting;
    uint4 m_held[kHeld<T>];
};

template<typename T, int kRows>
__global__ void __launch_bounds__(kWholeThreads, 1)
    stepThrough(const BlockWeights *blocks, NetworkShape shape, NormWeights finalNorm, const float *head, int codes,
                DecodeBuffers buffers, bool trial)
{
    extern __shared__ float4 shared[];
    __shared__ WholeShared common;
    BlockWeights *known = reinterpret_cast<BlockWeights *>(shared);
    for (int i = int(threadIdx.x); i < shape.layers; i += kWholeThreads)
        known[i] = blocks[i];
    if (threadIdx.x < kRows)
        common.rows[threadIdx.x] = loadRow(buffers.rows + threadIdx.x);
    __syncthreads();
    Walk<T, kRows>(known, shape, buffers, common, reinterpret_cast<float *>(known + shape.layers), trial)
        .run(finalNorm, head, codes);
}

// Dynamic shared memory: the layers' pointers, and the parts of the greatest product's sums.
template<typename T>
size_t wholeSharedBytes(NetworkShape shape, int codes, int blocks)
{
    const auto sums = [&](int inputs, int outputs, int chunkInputs) {
        return size_t((outputs + blocks - 1) / blocks) * kMostRows
               * size_t((inputs + chunkInputs - 1) / chunkInputs + 1);
    };
    const int width = shape.embedding, chunk = kWarp * kPerLoad<T>, longChunk = sizeof(T) == 2 ? chunk : 2 * chunk;
    size_t most = sums(width, 4 * width, chunk);
    for (const size_t other : {sums(4 * width, width, longChunk), sums(width, codes, kWarp * kPerLoad<float>)})
        most = most < other ? other : most;
    return sizeof(BlockWeights) * size_t(shape.layers) + most * sizeof(float);
}

template<typename T, int kRows>
void launchWhole(const DecodeNetwork &network, const DecodeBuffers &buffers, int blocks, cudaStream_t stream)
{
    embed(buffers.rows, kRows, network.tokens, network.positions, network.shape.embedding, buffers.x, stream);
    cudaStreamCaptureStatus recording = cudaStreamCaptureStatusNone;
    cudaStreamIsCapturing(stream, &recording);
    const bool trial = recording == cudaStreamCaptureStatusNone; // what is recorded was tried before
    cudaLaunchAttribute attribute{};
    attribute.id = cudaLaunchAttributeCooperative;
    attribute.val.cooperative = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(unsigned(blocks));
    config.blockDim = dim3(unsigned(kWholeThreads));
    config.dynamicSmemBytes = wholeSharedBytes<T>(network.shape, network.codes, blocks);
    config.stream = stream;
    config.attrs = &attribute;
    config.numAttrs = 1;
    cudaLaunchKernelEx(&config, stepThrough<T, kRows>, buffers.blocks, network.shape, network.finalNorm, network.head,
                       network.codes, buffers, trial);
}

template<typename T>
void wholeAs(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, int blocks, cudaStream_t stream)
{
    if (rows == 1)
        launchWhole<T, 1>(network, buffers, blocks, stream);
    else
        launchWhole<T, 2>(network, buffers, blocks, stream);
}

template<typename T>
int wholeBlocksAs(NetworkShape shape, int codes)
{
    int device = 0, blocks = 0, cooperative = 0, most = 0;
    cudaGetDevice(&device);
    cudaDeviceGetAttribute(&blocks, cudaDevAttrMultiProcessorCount, device);
    cudaDeviceGetAttribute(&cooperative, cudaDevAttrCooperativeLaunch, device);
    cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlock, device);
    const size_t bytes = wholeSharedBytes<T>(shape, codes, blocks > 0 ? blocks : 1) + sizeof(WholeShared);
    const bool suits = cooperative != 0 && shape.embedding <= kMostDecodeWidth && shape.splits() <= kMostSplits;
    return suits && bytes + 1024 <= size_t(most) ? blocks : 0; // the driver keeps 1024 bytes of a block
}

} // namespace tessera::core::cuda
