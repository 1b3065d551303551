// Two passes over a map each way: one sums, one computes; what stands between them is small. A thread keeps to its channels
// and walks down the pixels of its block's chunk, so that what belongs to channels stays in registers.
#include "models/cuda/groupnormkernels.h"

#include <algorithm>
#include <cstdint>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#ifndef TESSERA_LAUNCH // what runs the kernels on a processor has its own
#define TESSERA_LAUNCH(kernel, grid, block, stream, ...) kernel<<<grid, block, 0, stream>>>(__VA_ARGS__)
#endif

namespace tessera::models::cuda
{

namespace
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

// A map and how it is shared out: block (x, y, z) has chunk x of picture y's pixels, and of its channels the z-th lanes * V.
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

// What is known of a chunk's values of one channel. The mean is shift + off: the shift is one of the values, so that a
// mean that is large against the deviation takes no digits from what is summed.
struct Part {
    float shift, off;
    float spread; // sum of squared differences from the mean
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

// Takes `count` values into what is known of `before`.
__device__ inline void merge(Part &part, float before, Part other, float count)
{
    const float off = other.shift - part.shift + other.off; // from the same shift
    const float gap = off - part.off, share = count / (before + count);
    part.off += gap * share;
    part.spread += other.spread + gap * gap * share * before;
}

template<typename T, int V>
__global__ void __launch_bounds__(kThreads) sumValues(const T *__restrict__ x, Split split, Part *parts)
{
    __shared__ Part found[kThreads * V];
    const Walk walk = walkOf<V>(split);
    if (walk.count > 0) {
        const Pack<T, V> first = load<T, V>(x + walk.start);
        float sum[V] = {}, squares[V] = {};
#pragma unroll 4
        for (int i = 1; i < walk.count; ++i) {
            const Pack<T, V> next = load<T, V>(x + walk.start + i * walk.step);
#pragma unroll
            for (int v = 0; v < V; ++v) {
                const float difference = float(next.value[v]) - float(first.value[v]);
                sum[v] += difference;
                squares[v] += difference * difference;
            }
        }
#pragma unroll
        for (int v = 0; v < V; ++v) {
            const float off = sum[v] / float(walk.count);
            found[threadIdx.x * V + v] = {float(first.value[v]), off, fmaxf(0.0f, squares[v] - sum[v] * off)};
        }
    }
    __syncthreads();
    const int width = split.lanes * V, pixels = split.inChunk(int(blockIdx.x));
    for (int c = int(threadIdx.x); c < width; c += kThreads) {
        Part *const place = placeOfSums(parts, split, width, c);
        if (!place)
            break;
        Part all = found[c];
        int before = (pixels + split.rows - 1) / split.rows;
        for (int row = 1; row < split.rows && row < pixels; ++row) {
            const int count = (pixels - row + split.rows - 1) / split.rows;
            merge(all, float(before), found[row * width + c], float(count));
            before += count;
        }
        *place = all;
    }
}

// `scratch` has kGroupThreads places. Every thread gets the sum.
__device__ inline double sumOfBlock(double value, double *scratch)
{
    __syncthreads(); // it may still be read from the sum before
    scratch[threadIdx.x] = value;
    for (int half = kGroupThreads / 2; half > 0; half /= 2) {
        __syncthreads();
        if (int(threadIdx.x) < half)
            scratch[threadIdx.x] += scratch[threadIdx.x + half];
    }
    __syncthreads();
    return scratch[0];
}

// Block (x, y) has group x of picture y.
__global__ void __launch_bounds__(kGroupThreads)
    groupStatistics(const Part *parts, Split split, double epsilon, GroupStatistics *statistics)
{
    __shared__ double scratch[kGroupThreads];
    const Part *ofGroup = parts + size_t(blockIdx.y) * split.chunks * split.channels + blockIdx.x * split.share;
    const double values = double(split.pixels) * split.share;
    double sum = 0, spread = 0;
    for (int i = int(threadIdx.x); i < split.chunks * split.share; i += kGroupThreads) {
        const Part part = ofGroup[size_t(i / split.share) * split.channels + i % split.share];
        sum += (double(part.shift) + part.off) * split.inChunk(i / split.share);
    }
    const double mean = sumOfBlock(sum, scratch) / values;
    for (int i = int(threadIdx.x); i < split.chunks * split.share; i += kGroupThreads) {
        const Part part = ofGroup[size_t(i / split.share) * split.channels + i % split.share];
        const double gap = double(part.shift) + part.off - mean;
        spread += part.spread + gap * gap * split.inChunk(i / split.share);
    }
    const double variance = sumOfBlock(spread, scratch) / values;
    if (threadIdx.x == 0)
        statistics[size_t(blockIdx.y) * split.groups + blockIdx.x] = {float(mean), float(mean - double(float(mean))),
                                                                      float(1 / sqrt(variance + epsilon))};
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

template<typename T, int V, bool Silu>
__global__ void __launch_bounds__(kThreads)
    normaliseValues(const T *__restrict__ x, Split split, const GroupStatistics *__restrict__ statistics,
                    NormParameters parameters, T *__restrict__ y)
{
    const Walk walk = walkOf<V>(split);
    if (walk.count == 0)
        return;
    const Affine<V> affine = affineOf<V>(split, statistics, parameters, walk.channel);
#pragma unroll 2
    for (size_t place = walk.start; place < walk.end; place += walk.step) {
        Pack<T, V> values = load<T, V>(x + place);
#pragma unroll
        for (int v = 0; v < V; ++v) {
            const float z = (float(values.value[v]) - affine.center[v]) * affine.scale[v] + affine.offset[v];
            values.value[v] = T(Silu ? z * sigmoid<T>(z) : z);
        }
        *reinterpret_cast<Pack<T, V> *>(y + place) = values;
    }
}

// The gradient by z, from that by f(z).
template<typename T, bool Silu>
__device__ inline float gradientBefore(float upstream, float z)
{
    if (!Silu)
        return upstream;
    const float s = sigmoid<T>(z);
    return upstream * s * (1.0f + z * (1.0f - s));
}

// Of each channel of a chunk: the sum of the gradients by z = xhat * weight + bias, and of those times xhat.
template<typename T, int V, bool Silu>
__global__ void __launch_bounds__(kThreads)
    sumGradients(const T *__restrict__ x, const T *__restrict__ upstream, Split split,
                 const GroupStatistics *__restrict__ statistics, NormParameters parameters, float2 *parts)
{
    __shared__ float2 found[kThreads * V];
    const Walk walk = walkOf<V>(split);
    if (walk.count > 0) {
        const Affine<V> affine = affineOf<V>(split, statistics, parameters, walk.channel);
        float sum[V] = {}, along[V] = {};
#pragma unroll 1
        for (size_t place = walk.start; place < walk.end; place += walk.step) {
            const Pack<T, V> values = load<T, V>(x + place), ups = load<T, V>(upstream + place);
#pragma unroll
            for (int v = 0; v < V; ++v) {
                const float off = float(values.value[v]) - affine.center[v];
                const float gradient =
                    gradientBefore<T, Silu>(float(ups.value[v]), off * affine.scale[v] + affine.offset[v]);
                sum[v] += gradient;
                along[v] += gradient * off;
            }
        }
#pragma unroll
        for (int v = 0; v < V; ++v)
            found[threadIdx.x * V + v] = {sum[v], along[v]};
    }
    __syncthreads();
    const int width = split.lanes * V, pixels = split.inChunk(int(blockIdx.x));
    for (int c = int(threadIdx.x); c < width; c += kThreads) {
        float2 *const place = placeOfSums(parts, split, width, c);
        if (!place)
            break;
        float2 all = found[c];
        for (int row = 1; row < split.rows && row < pixels; ++row) {
            all.x += found[row * width + c].x;
            all.y += found[row * width + c].y;
        }
        const int group = (int(blockIdx.z) * width + c) / split.share;
        const GroupStatistics known = statistics[size_t(blockIdx.y) * split.groups + group];
        *place = {all.x, (all.y - known.low * all.x) * known.scale};
    }
}

// The chunks' sums put together: by channel [pictures, channels], and for each group the means of the gradient by xhat and
// of that times xhat [pictures, groups]. Block (x, y) has group x of picture y.
__global__ void __launch_bounds__(kGroupThreads)
    groupGradients(const float2 *parts, Split split, const float *weight, float2 *ofChannels, float2 *ofGroups)
{
    __shared__ double sums[kGroupThreads], alongs[kGroupThreads];
    const float2 *chunks = parts + size_t(blockIdx.y) * split.chunks * split.channels;
    const int lanes = split.share < kGroupThreads ? split.share : kGroupThreads, slices = kGroupThreads / lanes;
    const int thread = int(threadIdx.x), lane = thread % lanes, slice = thread / lanes;
    double groupSum = 0, groupAlong = 0;
    for (int first = 0; first < split.share; first += lanes) {
        const int inGroup = first + lane, channel = int(blockIdx.x) * split.share + inGroup;
        const bool used = inGroup < split.share;
        double sum = 0, along = 0;
        for (int chunk = slice; used && slice < slices && chunk < split.chunks; chunk += slices) {
            const float2 part = chunks[size_t(chunk) * split.channels + channel];
            sum += part.x;
            along += part.y;
        }
        __syncthreads(); // the first thread may still read
        sums[thread] = sum;
        alongs[thread] = along;
        __syncthreads();
        if (slice == 0) {
            for (int other = lane + lanes; other < slices * lanes; other += lanes) {
                sum += sums[other];
                along += alongs[other];
            }
            if (used)
                ofChannels[size_t(blockIdx.y) * split.channels + channel] = {float(sum), float(along)};
            sums[lane] = used ? sum * weight[channel] : 0;
            alongs[lane] = used ? along * weight[channel] : 0;
        }
        __syncthreads();
        for (int other = 0; thread == 0 && other < lanes; ++other) {
            groupSum += sums[other];
            groupAlong += alongs[other];
        }
    }
    const double values = double(split.pixels) * split.share;
    if (thread == 0)
        ofGroups[size_t(blockIdx.y) * split.groups + blockIdx.x] = {float(groupSum / values),
                                                                    float(groupAlong / values)};
}

__global__ void __launch_bounds__(kThreads)
    parameterGradients(const float2 *ofChannels, int pictures, int channels, float *ofWeight, float *ofBias)
{
    const int channel = int(blockIdx.x) * kThreads + int(threadIdx.x);
    if (channel >= channels)
        return;
    double sum = 0, along = 0;
    for (int picture = 0; picture < pictures; ++picture) {
        const float2 part = ofChannels[size_t(picture) * channels + channel];
        sum += part.x;
        along += part.y;
    }
    ofWeight[channel] = float(along);
    ofBias[channel] = float(sum);
}

// With g the gradient by xhat: (g - mean g - xhat * mean (g xhat)) / deviation. xhat is (x - center - low) / deviation, so
// what follows from x is (x - center) * slope + rest.
template<typename T, int V, bool Silu>
__global__ void __launch_bounds__(kThreads)
    gradientsOfValues(const T *__restrict__ x, const T *__restrict__ upstream, Split split,
                      const GroupStatistics *__restrict__ statistics, NormParameters parameters,
                      const float2 *__restrict__ ofGroups, T *__restrict__ ofX)
{
    const Walk walk = walkOf<V>(split);
    if (walk.count == 0)
        return;
    const Affine<V> affine = affineOf<V>(split, statistics, parameters, walk.channel);
    float slope[V], rest[V];
#pragma unroll
    for (int v = 0; v < V; ++v) {
        const size_t group = size_t(blockIdx.y) * split.groups + (walk.channel + v) / split.share;
        const GroupStatistics known = statistics[group];
        const float2 means = ofGroups[group];
        slope[v] = -known.scale * known.scale * means.y;
        rest[v] = -known.scale * means.x - known.low * slope[v];
    }
#pragma unroll 2
    for (size_t place = walk.start; place < walk.end; place += walk.step) {
        const Pack<T, V> values = load<T, V>(x + place);
        Pack<T, V> ups = load<T, V>(upstream + place);
#pragma unroll
        for (int v = 0; v < V; ++v) {
            const float off = float(values.value[v]) - affine.center[v];
            const float gradient =
                gradientBefore<T, Silu>(float(ups.value[v]), off * affine.scale[v] + affine.offset[v]);
            ups.value[v] = T(gradient * affine.scale[v] + (off * slope[v] + rest[v]));
        }
        *reinterpret_cast<Pack<T, V> *>(ofX + place) = ups;
    }
}

// The widest load that the channels divide into.
int channelsPerLoad(Format format, int channels)
{
    if (format == Format::Float32)
        return channels % 4 == 0 ? 4 : 1;
    return channels % 8 == 0 ? 8 : channels % 2 == 0 ? 2 : 1;
}

Split splitOf(Format format, NormShape shape)
{
    const int columns = shape.channels / channelsPerLoad(format, shape.channels);
    const int lanes = std::min(columns, kThreads), rows = kThreads / lanes, tiles = (columns + lanes - 1) / lanes;
    const int64_t rounds = int64_t(shape.pictures) * shape.pixels * tiles / (int64_t(rows) * kBlocks);
    const int chunk = rows * int(std::clamp<int64_t>(rounds, kFewestRounds, kMostRounds));
    return {shape.pixels, shape.channels, shape.groups, shape.channels / shape.groups,
            lanes,        rows,           chunk,        (shape.pixels + chunk - 1) / chunk};
}

dim3 passGrid(const Split &split, NormShape shape, int perLoad)
{
    const int width = split.lanes * perLoad;
    return dim3(unsigned(split.chunks), unsigned(shape.pictures), unsigned((shape.channels + width - 1) / width));
}

size_t valuesOfSums(const Split &split, NormShape shape)
{
    return size_t(shape.pictures) * split.chunks * shape.channels;
}

template<typename T, int V>
struct Kind {
    using Value = T;
    static constexpr int kPerLoad = V;
};

template<typename Do>
void withKind(Format format, int channels, Do &&perform)
{
    const int perLoad = channelsPerLoad(format, channels);
    if (format == Format::Float32)
        perLoad == 4 ? perform(Kind<float, 4>()) : perform(Kind<float, 1>());
    else if (format == Format::BFloat16)
        perLoad == 8   ? perform(Kind<__nv_bfloat16, 8>())
        : perLoad == 2 ? perform(Kind<__nv_bfloat16, 2>())
                       : perform(Kind<__nv_bfloat16, 1>());
    else
        perLoad == 8   ? perform(Kind<__half, 8>())
        : perLoad == 2 ? perform(Kind<__half, 2>())
                       : perform(Kind<__half, 1>());
}

struct Forward {
    const void *x;
    NormParameters parameters;
    double epsilon;
    NormShape shape;
    float *workspace;
    GroupStatistics *statistics;
    void *y;
    cudaStream_t stream;
};

template<typename T, int V, bool Silu>
void queue(const Forward &task, const Split &split)
{
    const dim3 grid = passGrid(split, task.shape, V), groups(unsigned(split.groups), unsigned(task.shape.pictures));
    const T *x = static_cast<const T *>(task.x);
    Part *parts = reinterpret_cast<Part *>(task.workspace);
    TESSERA_LAUNCH((sumValues<T, V>), grid, kThreads, task.stream, x, split, parts);
    TESSERA_LAUNCH(groupStatistics, groups, kGroupThreads, task.stream, parts, split, task.epsilon, task.statistics);
    TESSERA_LAUNCH((normaliseValues<T, V, Silu>), grid, kThreads, task.stream, x, split, task.statistics,
                   task.parameters, static_cast<T *>(task.y));
}

struct Backward {
    const void *x, *upstream;
    const GroupStatistics *statistics;
    NormParameters parameters;
    NormShape shape;
    float *workspace;
    void *ofX;
    float *ofWeight, *ofBias;
    cudaStream_t stream;
};

template<typename T, int V, bool Silu>
void queue(const Backward &task, const Split &split)
{
    const dim3 grid = passGrid(split, task.shape, V), groups(unsigned(split.groups), unsigned(task.shape.pictures));
    const T *x = static_cast<const T *>(task.x), *upstream = static_cast<const T *>(task.upstream);
    const int pictures = task.shape.pictures, channels = split.channels;
    float2 *parts = reinterpret_cast<float2 *>(task.workspace);
    float2 *ofChannels = parts + valuesOfSums(split, task.shape), *ofGroups = ofChannels + size_t(pictures) * channels;
    TESSERA_LAUNCH((sumGradients<T, V, Silu>), grid, kThreads, task.stream, x, upstream, split, task.statistics,
                   task.parameters, parts);
    TESSERA_LAUNCH(groupGradients, groups, kGroupThreads, task.stream, parts, split, task.parameters.weight, ofChannels,
                   ofGroups);
    TESSERA_LAUNCH((gradientsOfValues<T, V, Silu>), grid, kThreads, task.stream, x, upstream, split, task.statistics,
                   task.parameters, ofGroups, static_cast<T *>(task.ofX));
    const dim3 channelBlocks(unsigned((channels + kThreads - 1) / kThreads));
    TESSERA_LAUNCH(parameterGradients, channelBlocks, kThreads, task.stream, ofChannels, pictures, channels,
                   task.ofWeight, task.ofBias);
}

template<typename Task>
void queueFor(Format format, bool silu, const Task &task)
{
    const Split split = splitOf(format, task.shape);
    withKind(format, task.shape.channels, [&](auto kind) {
        using T = typename decltype(kind)::Value;
        constexpr int kPerLoad = decltype(kind)::kPerLoad;
        silu ? queue<T, kPerLoad, true>(task, split) : queue<T, kPerLoad, false>(task, split);
    });
}

} // namespace

size_t normWorkspace(Format format, NormShape shape)
{
    const size_t sums = valuesOfSums(splitOf(format, shape), shape);
    const size_t small = 2 * size_t(shape.pictures) * (shape.channels + shape.groups);
    return std::max(3 * sums, 2 * sums + small); // forwards, backwards
}

void normForward(Format format, const void *x, NormParameters parameters, double epsilon, NormShape shape, bool silu,
                 float *workspace, GroupStatistics *statistics, void *y, cudaStream_t stream)
{
    queueFor(format, silu, Forward{x, parameters, epsilon, shape, workspace, statistics, y, stream});
}

void normBackward(Format format, const void *x, const void *upstream, const GroupStatistics *statistics,
                  NormParameters parameters, NormShape shape, bool silu, float *workspace, void *ofX, float *ofWeight,
                  float *ofBias, cudaStream_t stream)
{
    queueFor(format, silu,
             Backward{x, upstream, statistics, parameters, shape, workspace, ofX, ofWeight, ofBias, stream});
}

} // namespace tessera::models::cuda
