// One token a row through the network: five kernels a layer, each a matrix-vector product that prepares its input
// itself and finishes its output itself. A warp computes one output for all rows; its weights are on their way before
// the kernel waits for its input.
#pragma once

#include "core/sampling/cuda/attention.cuh"

namespace tessera::core::cuda
{

constexpr int kProductThreads = 256;
constexpr int kProductWarps = kProductThreads / kWarp;

// 16-byte loads of a lane: for rows of up to kMostDecodeWidth inputs, and for the MLP's second layer, with four times
// so many.
template<typename T>
constexpr int kShortLoads = kMostDecodeWidth / kPerLoad<T> / kWarp;
template<typename T>
constexpr int kLongLoads = 4 * kShortLoads<T>;

// Where inputs [4 * quad, 4 * quad + 4) of a row lie in shared memory, in float4: so that the lanes of a warp, each of
// which reads the inputs of one load of weights, find neighbouring float4s side by side.
template<typename T>
__device__ inline int sharedPlace(int quad, int inputs)
{
    constexpr int kPlanes = kPerLoad<T> / 4;
    return quad % kPlanes * (inputs / 4 / kPlanes) + quad / kPlanes;
}

// Inputs: the normalised residual stream.
struct NormInput {
    const float *x; // [rows, inputs]
    NormWeights norm;

    template<typename T, int kRows>
    __device__ void load(float4 *shared, int inputs) const
    {
        if constexpr (kRows <= 2) {
            for (int row = 0; row < kRows; ++row)
                normByBlock<T>(row, shared + row * (inputs / 4), inputs);
        } else {
            for (int row = int(threadIdx.x) / kWarp; row < kRows; row += kProductWarps)
                normByWarp<T>(row, shared + row * (inputs / 4), inputs);
        }
    }

private:
    static __device__ float sumOf(float4 v) { return (v.x + v.y) + (v.z + v.w); }
    static __device__ float squares(float4 v, float mean)
    {
        const float a = v.x - mean, b = v.y - mean, c = v.z - mean, d = v.w - mean;
        return (a * a + b * b) + (c * c + d * d);
    }

    __device__ float4 normed(float4 v, int quad, float mean, float scale) const
    {
        const float4 w = reinterpret_cast<const float4 *>(norm.weight)[quad];
        const float4 b = reinterpret_cast<const float4 *>(norm.bias)[quad];
        return {(v.x - mean) * scale * w.x + b.x, (v.y - mean) * scale * w.y + b.y, (v.z - mean) * scale * w.z + b.z,
                (v.w - mean) * scale * w.w + b.w};
    }

    // Four values a thread, which leaves registers for more blocks at once.
    template<typename T>
    __device__ void normByBlock(int row, float4 *shared, int inputs) const
    {
        static_assert(kMostDecodeWidth <= 4 * kProductThreads, "a thread for each four values");
        __shared__ float scratch[kProductWarps];
        const int quad = int(threadIdx.x);
        const bool used = quad < inputs / 4;
        const float4 value =
            used ? __ldcg(reinterpret_cast<const float4 *>(x + size_t(row) * inputs) + quad) : float4{};
        const float mean = blockReduce(sumOf(value), 0.0f, Plus(), scratch) / float(inputs);
        const float square = blockReduce(used ? squares(value, mean) : 0.0f, 0.0f, Plus(), scratch);
        if (used)
            shared[sharedPlace<T>(quad, inputs)] = normed(value, quad, mean, rsqrtf(square / float(inputs) + 1e-5f));
    }

    // A warp for each row, all at once.
    template<typename T>
    __device__ void normByWarp(int row, float4 *shared, int inputs) const
    {
        constexpr int kQuads = kMostDecodeWidth / 4 / kWarp;
        const int lane = int(threadIdx.x) % kWarp, quads = inputs / 4;
        const float4 *from = reinterpret_cast<const float4 *>(x + size_t(row) * inputs);
        float4 values[kQuads];
        float sum = 0;
#pragma unroll
        for (int i = 0; i < kQuads; ++i) {
            const int quad = i * kWarp + lane;
            values[i] = quad < quads ? __ldcg(from + quad) : float4{};
            sum += sumOf(values[i]);
        }
        const float mean = warpSum(sum) / float(inputs);
        float square = 0;
#pragma unroll
        for (int i = 0; i < kQuads; ++i)
            square += i * kWarp + lane < quads ? squares(values[i], mean) : 0;
        const float scale = rsqrtf(warpSum(square) / float(inputs) + 1e-5f);
#pragma unroll
        for (int i = 0; i < kQuads; ++i) {
            const int quad = i * kWarp + lane;
            if (quad < quads)
                shared[sharedPlace<T>(quad, inputs)] = normed(values[i], quad, mean, scale);
        }
    }
};

// Inputs: what attention found.
struct MixedInput {
    AttentionParts parts;
    int splits;

    template<typename T, int kRows>
    __device__ void load(float4 *shared, int inputs) const
    {
        const int quads = inputs / 4;
        for (int i = int(threadIdx.x); i < kRows * quads; i += kProductThreads) {
            const int row = i / quads, quad = i % quads;
            shared[row * quads + sharedPlace<T>(quad, inputs)] = mixedQuad(parts, inputs / kHeadDim, splits, row, quad);
        }
    }
};

// Inputs: float [rows, inputs].
struct PlainInput {
    const float *values;

    template<typename T, int kRows>
    __device__ void load(float4 *shared, int inputs) const
    {
        const int quads = inputs / 4;
        for (int i = int(threadIdx.x); i < kRows * quads; i += kProductThreads) {
            const int row = i / quads;
            shared[row * quads + sharedPlace<T>(i % quads, inputs)] =
                __ldcg(reinterpret_cast<const float4 *>(values) + i);
        }
    }
};

// Outputs: the query, and key and value into the row's cache.
template<typename T>
struct QueryKeyValueOutput {
    const TokenRow *rows;
    float *query; // [rows, embedding]
    NetworkShape shape;
    int layer;

    __device__ void store(int row, int output, float value) const
    {
        const int part = output / shape.embedding, place = output % shape.embedding;
        if (part == 0) {
            query[row * shape.embedding + place] = value;
            return;
        }
        const TokenRow found = loadRow(rows + row);
        if (!found.cache)
            return;
        const size_t plane = (size_t(layer) * 2 + part - 1) * shape.heads + place / kHeadDim;
        static_cast<T *>(found.cache)[(plane * shape.blockSize + found.position) * kHeadDim + place % kHeadDim] =
            narrowed<T>(value);
    }
};

// Outputs: added to the residual stream.
struct ResidualOutput {
    float *x;
    int embedding;

    __device__ void store(int row, int output, float value) const
    {
        float *to = x + row * embedding + output;
        *to = __ldcg(to) + value;
    }
};

struct GeluOutput {
    float *hidden;
    int width;

    __device__ void store(int row, int output, float value) const { hidden[row * width + output] = geluOf(value); }
};

struct LogitOutput {
    float *logits;
    int codes;

    __device__ void store(int row, int output, float value) const { logits[row * codes + output] = value; }
};

// Blocks that a processor should hold at once: then all of a short product's run side by side, and the next one's
// weights are on their way. Those with many weights or rows need more registers than that leaves.
template<typename T, int kLoads, int kRows>
constexpr int kBlocksAtOnce = kLoads == kShortLoads<T> &&kRows <= 2 ? (sizeof(T) == 2 ? 4 : 3) : 1;

// [rows, inputs] times the weights [outputs, inputs], plus the bias [outputs] (null: none).
template<typename T, int kLoads, int kRows, typename Input, typename Output>
__global__ void __launch_bounds__(kProductThreads, kBlocksAtOnce<T, kLoads, kRows>)
    product(const T *weights, const float *bias, int inputs, int outputs, Input input, Output output)
{
    extern __shared__ float4 shared[];
    const int lane = int(threadIdx.x) % kWarp, index = int(blockIdx.x) * kProductWarps + int(threadIdx.x) / kWarp;
    letNextBegin();
    uint4 loaded[kLoads];
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
        const int at = (i * kWarp + lane) * kPerLoad<T>;
        loaded[i] = at < inputs && index < outputs ? loadWeights(weights + size_t(index) * inputs + at) : uint4{};
    }
    waitForKernelBefore();
    input.template load<T, kRows>(shared, inputs);
    __syncthreads();
    if (index >= outputs)
        return;

    constexpr int kPlanes = kPerLoad<T> / 4;
    const int plane = inputs / 4 / kPlanes;
    float sums[kRows] = {};
#pragma unroll
    for (int i = 0; i < kLoads; ++i) {
        const int place = i * kWarp + lane;
        if (place >= plane)
            break;
        float weight[kPerLoad<T>];
        unpackAs<T>(loaded[i], weight);
#pragma unroll
        for (int row = 0; row < kRows; ++row) {
#pragma unroll
            for (int j = 0; j < kPlanes; ++j) {
                const float4 x = shared[row * (inputs / 4) + j * plane + place];
                sums[row] += weight[4 * j] * x.x;
                sums[row] += weight[4 * j + 1] * x.y;
                sums[row] += weight[4 * j + 2] * x.z;
                sums[row] += weight[4 * j + 3] * x.w;
            }
        }
    }
    const float offset = bias ? bias[index] : 0;
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
        const float sum = warpSum(sums[row]);
        if (lane == row)
            output.store(row, index, sum + offset);
    }
}

template<typename T, int kLoads, int kRows, typename Input, typename Output>
void launchProduct(const void *weights, const float *bias, int inputs, int outputs, Input input, Output output,
                   bool overlap, cudaStream_t stream)
{
    const dim3 grid(unsigned((outputs + kProductWarps - 1) / kProductWarps));
    launch(product<T, kLoads, kRows, Input, Output>, grid, kProductThreads,
           size_t(kRows) * size_t(inputs) * sizeof(float), overlap, stream, static_cast<const T *>(weights), bias,
           inputs, outputs, input, output);
}

template<typename T, int kRows>
void decodeRows(const DecodeNetwork &network, const DecodeBuffers &buffers, bool overlap, cudaStream_t stream)
{
    constexpr int kShort = kShortLoads<T>;
    const NetworkShape shape = network.shape;
    const int width = shape.embedding;
    embed(buffers.rows, kRows, network.tokens, network.positions, width, buffers.x, stream);
    for (int layer = 0; layer < shape.layers; ++layer) {
        const BlockWeights &block = network.blocks[layer];
        launchProduct<T, kShort, kRows>(
            block.queryKeyValue, block.queryKeyValueBias, width, 3 * width, NormInput{buffers.x, block.norm1},
            QueryKeyValueOutput<T>{buffers.rows, buffers.query, shape, layer}, overlap, stream);
        launchAttention<T, float>(buffers.rows, kRows, buffers.query, width, shape, layer, buffers.parts, overlap,
                                  stream);
        launchProduct<T, kShort, kRows>(block.proj, block.projBias, width, width,
                                        MixedInput{buffers.parts, shape.splits()}, ResidualOutput{buffers.x, width},
                                        overlap, stream);
        launchProduct<T, kShort, kRows>(block.up, block.upBias, width, 4 * width, NormInput{buffers.x, block.norm2},
                                        GeluOutput{buffers.hidden, 4 * width}, overlap, stream);
        launchProduct<T, kLongLoads<T>, kRows>(block.down, block.downBias, 4 * width, width, PlainInput{buffers.hidden},
                                               ResidualOutput{buffers.x, width}, overlap, stream);
    }
    launchProduct<float, kShortLoads<float>, kRows>(network.head, nullptr, width, network.codes,
                                                    NormInput{buffers.x, network.finalNorm},
                                                    LogitOutput{buffers.logits, network.codes}, overlap, stream);
}

template<typename T>
void decodeAs(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, bool overlap, cudaStream_t stream)
{
    switch (rows) {
    case 1:
        return decodeRows<T, 1>(network, buffers, overlap, stream);
    case 2:
        return decodeRows<T, 2>(network, buffers, overlap, stream);
    case 4:
        return decodeRows<T, 4>(network, buffers, overlap, stream);
    default:
        return decodeRows<T, 8>(network, buffers, overlap, stream);
    }
}

// Lets the one kernel that needs much shared memory have it. The limit is the kernel's, not an engine's, so it is
// always the same.
template<typename T, int kRows>
bool allowShared(int embedding, int most)
{
    const int bytes = kRows * 4 * embedding * int(sizeof(float));
    const auto kernel = product<T, kLongLoads<T>, kRows, PlainInput, ResidualOutput>;
    cudaFuncAttributes attributes{};
    if (cudaFuncGetAttributes(&attributes, kernel) != cudaSuccess)
        return false;
    const int limit = most - int(attributes.sharedSizeBytes);
    return bytes <= limit
           && cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, limit) == cudaSuccess;
}

template<typename T>
int prepareAs(int embedding)
{
    int device = 0, most = 0;
    cudaGetDevice(&device);
    cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    int rows = allowShared<T, 1>(embedding, most) ? 1 : 0;
    if (rows == 1 && allowShared<T, 2>(embedding, most))
        rows = 2;
    if (rows == 2 && allowShared<T, 4>(embedding, most))
        rows = 4;
    if (rows == 4 && allowShared<T, 8>(embedding, most))
        rows = 8;
    return rows;
}

// In a file for each format, so that they compile side by side.
void decodeFloat32(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, bool overlap,
                   cudaStream_t stream);
void decodeBFloat16(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, bool overlap,
                    cudaStream_t stream);
void decodeFloat16(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, bool overlap,
                   cudaStream_t stream);
int prepareFloat32(int embedding);
int prepareBFloat16(int embedding);
int prepareFloat16(int embedding);
void wholeFloat32(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, int blocks,
                  cudaStream_t stream);
int wholeBlocksFloat32(NetworkShape shape, int codes);
void wholeBFloat16(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, int blocks,
                   cudaStream_t stream);
int wholeBlocksBFloat16(NetworkShape shape, int codes);
void wholeFloat16(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, int blocks,
                  cudaStream_t stream);
int wholeBlocksFloat16(NetworkShape shape, int codes);

} // namespace tessera::core::cuda
