// How the kernels of group normalisation pass over a map. A thread keeps to its channels and walks down the pixels of
// its block's chunk, so that what belongs to channels stays in registers.
#pragma once

#include <algorithm>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "models/cuda/groupnormkernels.h"

#ifndef TESSERA_LAUNCH // what runs the kernels on a processor has its own
#define TESSERA_LAUNCH(kernel, grid, block, stream, ...) kernel<<<grid, block, 0, stream>>>(__VA_ARGS__)
#endif

namespace tessera::models::cuda
{

constexpr int kThreads = 256;      // of a block that passes over a map
constexpr int kGroupThreads = 128; // of a block that puts the sums of a group together
constexpr int kBlocks = 2048;      // that a map is shared out among, where it is large enough
constexpr int kFewestRounds = 4;   // pixels of a thread
constexpr int kMostRounds = 64;    // no more: their sums are float32

// Channels side by side, loaded and stored as one.
template<typename T, int V>
struct alignas(V * sizeof(T)) Pack {
    T value[V];
};

// A map and how it is shared out: block (x, y, z) has chunk x of picture y's pixels, and the z-th lanes * V of its
// channels.
struct Split {
    int pixels, channels, groups;
    int share;  // channels of a group
    int lanes;  // threads side by side, V channels each
    int rows;   // pixels side by side
    int chunk;  // pixels of a block
    int chunks; // of a picture

    __host__ __device__ int inChunk(int index) const
    {
        const int left = pixels - index * chunk;
        return left < chunk ? left : chunk;
    }
};

// Where a thread's pixels are.
struct Walk {
    int channel; // first of V
    int count;   // of pixels; may be 0
    size_t start, step, end;
};

template<int V>
__device__ Walk walkOf(const Split &split)
{
    const int lane = int(threadIdx.x) % split.lanes, row = int(threadIdx.x) / split.lanes;
    const int channel = (int(blockIdx.z) * split.lanes + lane) * V;
    const int left = split.inChunk(int(blockIdx.x)) - row;
    const bool used = row < split.rows && channel < split.channels && left > 0;
    const size_t pixel = size_t(blockIdx.y) * split.pixels + size_t(blockIdx.x) * split.chunk + row;
    const int count = used ? (left + split.rows - 1) / split.rows : 0;
    const size_t start = pixel * split.channels + channel, step = size_t(split.rows) * split.channels;
    return {channel, count, start, step, start + count * step};
}

template<typename T, int V>
__device__ Pack<T, V> load(const T *__restrict__ address)
{
    return *reinterpret_cast<const Pack<T, V> *>(address);
}

// Where a block's sums of its `index`-th channel go; null where there is no such channel.
template<typename Sums>
__device__ Sums *placeOfSums(Sums *sums, const Split &split, int width, int index)
{
    const int channel = int(blockIdx.z) * width + index;
    const size_t chunk = size_t(blockIdx.y) * split.chunks + blockIdx.x;
    return channel < split.channels ? sums + chunk * split.channels + channel : nullptr;
}

// (x - center) * scale + offset, of V channels.
template<int V>
struct Affine {
    float center[V], scale[V], offset[V];
};

template<int V>
__device__ Affine<V> affineOf(const Split &split, const GroupStatistics *statistics, NormParameters parameters,
                              int channel)
{
    Affine<V> result;
#pragma unroll
    for (int v = 0; v < V; ++v) {
        const GroupStatistics group = statistics[size_t(blockIdx.y) * split.groups + (channel + v) / split.share];
        result.center[v] = group.mean;
        result.scale[v] = group.scale * parameters.weight[channel + v];
        result.offset[v] = parameters.bias[channel + v] - group.low * result.scale[v];
    }
    return result;
}

// 1 / (1 + exp(-z)), as exactly as T can tell.
template<typename T>
__device__ inline float sigmoid(float z)
{
    if constexpr (sizeof(T) == 4)
        return 1.0f / (1.0f + expf(-z));
    else
        return __fdividef(1.0f, 1.0f + __expf(-z));
}

// The widest load that the channels divide into.
inline int channelsPerLoad(Format format, int channels)
{
    if (format == Format::Float32)
        return channels % 4 == 0 ? 4 : 1;
    return channels % 8 == 0 ? 8 : channels % 2 == 0 ? 2 : 1;
}

inline Split splitOf(Format format, NormShape shape)
{
    const int columns = shape.channels / channelsPerLoad(format, shape.channels);
    const int lanes = std::min(columns, kThreads), rows = kThreads / lanes, tiles = (columns + lanes - 1) / lanes;
    const int64_t rounds = int64_t(shape.pictures) * shape.pixels * tiles / (int64_t(rows) * kBlocks);
    const int chunk = rows * int(std::clamp<int64_t>(rounds, kFewestRounds, kMostRounds));
    return {shape.pixels, shape.channels, shape.groups, shape.channels / shape.groups,
            lanes,        rows,           chunk,        (shape.pixels + chunk - 1) / chunk};
}

inline dim3 passGrid(const Split &split, NormShape shape, int perLoad)
{
    const int width = split.lanes * perLoad;
    return dim3(unsigned(split.chunks), unsigned(shape.pictures), unsigned((shape.channels + width - 1) / width));
}

inline size_t valuesOfSums(const Split &split, NormShape shape)
{
    return size_t(shape.pictures) * split.chunks * shape.channels;
}

// What kernels are made for: the type of values, how many of them are loaded at once, and whether SiLU follows.
template<typename T, int V, bool S>
struct Kind {
    using Value = T;
    static constexpr int kPerLoad = V;
    static constexpr bool kSilu = S;
};

template<bool S, typename Do>
void withKindOf(Format format, int channels, Do &&perform)
{
    const int perLoad = channelsPerLoad(format, channels);
    if (format == Format::Float32)
        perLoad == 4 ? perform(Kind<float, 4, S>()) : perform(Kind<float, 1, S>());
    else if (format == Format::BFloat16)
        perLoad == 8   ? perform(Kind<__nv_bfloat16, 8, S>())
        : perLoad == 2 ? perform(Kind<__nv_bfloat16, 2, S>())
                       : perform(Kind<__nv_bfloat16, 1, S>());
    else
        perLoad == 8   ? perform(Kind<__half, 8, S>())
        : perLoad == 2 ? perform(Kind<__half, 2, S>())
                       : perform(Kind<__half, 1, S>());
}

template<typename Do>
void withKind(Format format, int channels, bool silu, Do &&perform)
{
    silu ? withKindOf<true>(format, channels, perform) : withKindOf<false>(format, channels, perform);
}

} // namespace tessera::models::cuda
