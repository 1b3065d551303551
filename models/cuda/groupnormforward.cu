// Two passes over a map: one sums, one computes; what stands between them is small.
#include "models/cuda/normpass.cuh"

namespace tessera::models::cuda
{

namespace
{

// What is known of a chunk's values of one channel. The mean is shift + off: the shift is one of the values, so that a
// mean that is large against the deviation takes no digits from what is summed.
struct Part {
    float shift, off;
    float spread; // sum of squared differences from the mean
};

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

template<typename Kind>
void queue(const Forward &task, const Split &split)
{
    using T = typename Kind::Value;
    constexpr int V = Kind::kPerLoad;
    const dim3 grid = passGrid(split, task.shape, V), groups(unsigned(split.groups), unsigned(task.shape.pictures));
    const T *x = static_cast<const T *>(task.x);
    Part *parts = reinterpret_cast<Part *>(task.workspace);
    TESSERA_LAUNCH((sumValues<T, V>), grid, kThreads, task.stream, x, split, parts);
    TESSERA_LAUNCH(groupStatistics, groups, kGroupThreads, task.stream, parts, split, task.epsilon, task.statistics);
    TESSERA_LAUNCH((normaliseValues<T, V, Kind::kSilu>), grid, kThreads, task.stream, x, split, task.statistics,
                   task.parameters, static_cast<T *>(task.y));
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
    const Forward task{x, parameters, epsilon, shape, workspace, statistics, y, stream};
    withKind(format, shape.channels, silu, [&](auto kind) { queue<decltype(kind)>(task, splitOf(format, shape)); });
}

} // namespace tessera::models::cuda
