// Attention of single queries over a cache. A block looks at kSplitKeys keys of one head; what the blocks of a query
// found is put together by whoever reads it.
#pragma once

#include "core/sampling/cuda/devicemath.cuh"

namespace tessera::core::cuda
{

constexpr int kKeysAtOnce = 16;
constexpr int kKeyTurns = kSplitKeys / kKeysAtOnce;

template<typename T>
constexpr int kLanesPerKey = kHeadDim / kPerLoad<T>;
template<typename T>
constexpr int kAttentionThreads = kKeysAtOnce *kLanesPerKey<T>;

// A thread's part of the query: [kPerLoad<T>] values from place `first` on.
template<typename T, typename Query>
__device__ inline void loadQuery(const Query *query, int first, float (&out)[kPerLoad<T>])
{
    if constexpr (sizeof(Query) == sizeof(T)) {
        unpackAs<Query>(loadShared(query + first), out);
    } else {
#pragma unroll
        for (int i = 0; i < kPerLoad<T>; i += 4) {
            float part[4];
            unpack(loadShared(query + first + i), part);
#pragma unroll
            for (int j = 0; j < 4; ++j)
                out[i + j] = part[j];
        }
    }
}

// Sum over the threads of a warp that hold the same part of different keys.
template<typename T>
__device__ inline float sumOverKeys(float value)
{
#pragma unroll
    for (int offset = kLanesPerKey<T>; offset < kWarp; offset *= 2)
        value += __shfl_xor_sync(0xffffffffu, value, offset);
    return value;
}

template<typename T>
__device__ inline float dotOverLanes(const uint4 &key, const float (&query)[kPerLoad<T>])
{
    float values[kPerLoad<T>], sum = 0;
    unpackAs<T>(key, values);
#pragma unroll
    for (int i = 0; i < kPerLoad<T>; ++i)
        sum += values[i] * query[i];
#pragma unroll
    for (int offset = kLanesPerKey<T> / 2; offset > 0; offset /= 2)
        sum += __shfl_xor_sync(0xffffffffu, sum, offset);
    return sum;
}

// Grid: splits, heads, rows. Keys and values are asked for all at once, so that one wait for memory serves all.
template<typename T, typename Query>
__global__ void __launch_bounds__(kAttentionThreads<T>)
    attendSplit(const TokenRow *rows, const Query *queries, int stride, NetworkShape shape, int layer,
                AttentionParts parts)
{
    constexpr int kWarps = kAttentionThreads<T> / kWarp;
    __shared__ float reduced[kWarps], mixed[kWarps][kHeadDim];
    letNextBegin();
    waitForKernelBefore();
    const TokenRow row = loadRow(rows + blockIdx.z);
    const int head = int(blockIdx.y), firstKey = int(blockIdx.x) * kSplitKeys;
    const int keys = row.cache ? max(row.position + 1, shape.unmasked) : 0;
    const size_t place = (size_t(blockIdx.z) * shape.heads + head) * gridDim.x + blockIdx.x;
    if (firstKey >= keys) {
        if (threadIdx.x == 0)
            parts.weights[place] = {0, 0};
        return;
    }
    const int group = int(threadIdx.x) / kLanesPerKey<T>, first = int(threadIdx.x) % kLanesPerKey<T> * kPerLoad<T>;
    const size_t plane = size_t(shape.heads) * shape.blockSize * kHeadDim; // keys, or values, of a layer
    const T *keyPart = static_cast<const T *>(row.cache) + 2 * layer * plane
                       + (size_t(head) * shape.blockSize + firstKey + group) * kHeadDim + first;
    uint4 key[kKeyTurns], value[kKeyTurns];
#pragma unroll
    for (int i = 0; i < kKeyTurns; ++i) {
        const bool seen = firstKey + i * kKeysAtOnce + group < keys;
        key[i] = seen ? loadShared(keyPart + i * kKeysAtOnce * kHeadDim) : uint4{};
        value[i] = seen ? loadShared(keyPart + plane + i * kKeysAtOnce * kHeadDim) : uint4{};
    }
    float query[kPerLoad<T>];
    loadQuery<T>(queries + size_t(blockIdx.z) * stride + head * kHeadDim, first, query);

    float score[kKeyTurns], greatest = -INFINITY;
#pragma unroll
    for (int i = 0; i < kKeyTurns; ++i) {
        score[i] = dotOverLanes<T>(key[i], query) * 0.125f; // 1 / sqrt(kHeadDim)
        if (firstKey + i * kKeysAtOnce + group >= keys)
            score[i] = -INFINITY;
        greatest = fmaxf(greatest, score[i]);
    }
    greatest = blockReduce(greatest, -INFINITY, Greater(), reduced);
    float total = 0, sums[kPerLoad<T>] = {};
#pragma unroll
    for (int i = 0; i < kKeyTurns; ++i) {
        const float weight = expf(score[i] - greatest);
        float values[kPerLoad<T>];
        unpackAs<T>(value[i], values);
        total += weight;
#pragma unroll
        for (int j = 0; j < kPerLoad<T>; ++j)
            sums[j] += weight * values[j];
    }
    total = sumOverKeys<T>(total);
    const int warp = int(threadIdx.x) / kWarp, lane = int(threadIdx.x) % kWarp;
#pragma unroll
    for (int j = 0; j < kPerLoad<T>; ++j) {
        const float sum = sumOverKeys<T>(sums[j]);
        if (lane < kLanesPerKey<T>)
            mixed[warp][first + j] = sum;
    }
    __syncthreads(); // all have read `reduced`
    if (lane == 0)
        reduced[warp] = total;
    __syncthreads();
    if (threadIdx.x < kHeadDim) {
        float sum = 0, all = 0;
#pragma unroll
        for (int i = 0; i < kWarps; ++i) {
            sum += mixed[i][threadIdx.x];
            all += reduced[i];
        }
        parts.mixed[place * kHeadDim + threadIdx.x] = sum;
        if (threadIdx.x == 0)
            parts.weights[place] = {greatest, all};
    }
}

// Four values of a row's result, from place 4 * quad of the embedding on.
__device__ inline float4 mixedQuad(const AttentionParts &parts, int heads, int splits, int row, int quad)
{
    const size_t place = (size_t(row) * heads + quad * 4 / kHeadDim) * splits;
    float greatest = -INFINITY;
    for (int i = 0; i < splits; ++i) {
        const float2 found = __ldcg(parts.weights + place + i);
        if (found.y != 0)
            greatest = fmaxf(greatest, found.x);
    }
    float4 sum{0, 0, 0, 0};
    float total = 0;
    for (int i = 0; i < splits; ++i) {
        const float2 found = __ldcg(parts.weights + place + i);
        if (found.y == 0)
            continue;
        const float weight = expf(found.x - greatest);
        const float4 part =
            __ldcg(reinterpret_cast<const float4 *>(parts.mixed + (place + i) * kHeadDim) + quad % (kHeadDim / 4));
        total += weight * found.y;
        sum.x += weight * part.x;
        sum.y += weight * part.y;
        sum.z += weight * part.z;
        sum.w += weight * part.w;
    }
    const float scale = total == 0 ? 0 : 1 / total; // 0: the row is not used
    return {sum.x * scale, sum.y * scale, sum.z * scale, sum.w * scale};
}

template<typename T, typename Query>
void launchAttention(const TokenRow *rows, int count, const Query *queries, int stride, NetworkShape shape, int layer,
                     AttentionParts parts, bool overlap, cudaStream_t stream)
{
    const dim3 grid(unsigned(shape.splits()), unsigned(shape.heads), unsigned(count));
    launch(attendSplit<T, Query>, grid, kAttentionThreads<T>, 0, overlap, stream, rows, queries, stride, shape, layer,
           parts);
}

} // namespace tessera::core::cuda
