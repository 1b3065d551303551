// Two passes over a map and its gradient: one sums, one computes; what stands between them is small.
#include "models/cuda/normpass.cuh"

namespace tessera::models::cuda
{

namespace
{

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

// The chunks' sums put together: by channel [pictures, channels], and for each group the means of the gradient by xhat
// and of that times xhat [pictures, groups]. Block (x, y) has group x of picture y.
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

// With g the gradient by xhat: (g - mean g - xhat * mean (g xhat)) / deviation. xhat is (x - center - low) / deviation,
// so what follows from x is (x - center) * slope + rest.
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

template<typename Kind>
void queue(const Backward &task, const Split &split)
{
    using T = typename Kind::Value;
    constexpr int V = Kind::kPerLoad;
    constexpr bool Silu = Kind::kSilu;
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

} // namespace

void normBackward(Format format, const void *x, const void *upstream, const GroupStatistics *statistics,
                  NormParameters parameters, NormShape shape, bool silu, float *workspace, void *ofX, float *ofWeight,
                  float *ofBias, cudaStream_t stream)
{
    const Backward task{x, upstream, statistics, parameters, shape, workspace, ofX, ofWeight, ofBias, stream};
    withKind(format, shape.channels, silu, [&](auto kind) { queue<decltype(kind)>(task, splitOf(format, shape)); });
}

} // namespace tessera::models::cuda
