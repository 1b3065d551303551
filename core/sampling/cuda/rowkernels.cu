// What stands between the matrix products of many rows.
#include "core/sampling/cuda/attention.cuh"

namespace tessera::core::cuda
{

namespace
{

constexpr int kThreads = 256;
constexpr int kNormQuads = 4; // of four values, a thread's at most: embeddings up to 4096

__global__ void __launch_bounds__(kThreads)
    embedRows(const TokenRow *rows, const float *tokens, const float *positions, int quads, float4 *x)
{
    letNextBegin();
    waitForKernelBefore();
    const TokenRow row = loadRow(rows + blockIdx.x);
    const float4 *token = reinterpret_cast<const float4 *>(tokens) + size_t(row.token) * quads;
    const float4 *position = reinterpret_cast<const float4 *>(positions) + size_t(row.position) * quads;
    for (int i = int(threadIdx.x); i < quads; i += kThreads) {
        const float4 a = token[i], b = position[i];
        x[size_t(blockIdx.x) * quads + i] = {a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w};
    }
}

__device__ inline float sumOf(float4 v)
{
    return (v.x + v.y) + (v.z + v.w);
}

__device__ inline float squares(float4 v, float mean)
{
    const float a = v.x - mean, b = v.y - mean, c = v.z - mean, d = v.w - mean;
    return (a * a + b * b) + (c * c + d * d);
}

template<typename T, typename Out>
__global__ void __launch_bounds__(kThreads)
    addNormRows(float4 *x, const Quad<T> *added, const float4 *bias, NormWeights norm, int quads, Quad<Out> *out)
{
    __shared__ float scratch[kThreads / kWarp];
    const size_t start = size_t(blockIdx.x) * quads;
    float4 values[kNormQuads];
    float sum = 0;
#pragma unroll
    for (int i = 0; i < kNormQuads; ++i) {
        const int at = i * kThreads + int(threadIdx.x);
        if (at >= quads)
            continue;
        values[i] = x[start + at];
        if (added) {
            const Quad<T> more = added[start + at];
            const float4 offset = bias[at];
            values[i].x += float(more.value[0]) + offset.x;
            values[i].y += float(more.value[1]) + offset.y;
            values[i].z += float(more.value[2]) + offset.z;
            values[i].w += float(more.value[3]) + offset.w;
            x[start + at] = values[i];
        }
        sum += sumOf(values[i]);
    }
    const float width = float(4 * quads), mean = blockReduce(sum, 0.0f, Plus(), scratch) / width;
    float square = 0;
#pragma unroll
    for (int i = 0; i < kNormQuads; ++i) {
        if (i * kThreads + int(threadIdx.x) < quads)
            square += squares(values[i], mean);
    }
    const float scale = rsqrtf(blockReduce(square, 0.0f, Plus(), scratch) / width + 1e-5f);
#pragma unroll
    for (int i = 0; i < kNormQuads; ++i) {
        const int at = i * kThreads + int(threadIdx.x);
        if (at >= quads)
            continue;
        const float4 weight = reinterpret_cast<const float4 *>(norm.weight)[at];
        const float4 bias = reinterpret_cast<const float4 *>(norm.bias)[at], v = values[i];
        out[start + at] =
            narrowedQuad<Out>({(v.x - mean) * scale * weight.x + bias.x, (v.y - mean) * scale * weight.y + bias.y,
                               (v.z - mean) * scale * weight.z + bias.z, (v.w - mean) * scale * weight.w + bias.w});
    }
}

template<typename T>
__global__ void __launch_bounds__(kThreads) biasGeluRows(Quad<T> *values, const float4 *bias, int quads)
{
    for (int i = int(threadIdx.x); i < quads; i += kThreads) {
        const size_t at = size_t(blockIdx.x) * quads + i;
        const Quad<T> in = values[at];
        const float4 offset = bias[i];
        values[at] = narrowedQuad<T>({geluOf(float(in.value[0]) + offset.x), geluOf(float(in.value[1]) + offset.y),
                                      geluOf(float(in.value[2]) + offset.z), geluOf(float(in.value[3]) + offset.w)});
    }
}

// 16 bytes of values, each with its bias.
template<typename T>
__device__ inline uint4 withBias(const uint4 &packed, const float *bias)
{
    float values[kPerLoad<T>];
    unpackAs<T>(packed, values);
    alignas(16) T sums[kPerLoad<T>];
#pragma unroll
    for (int i = 0; i < kPerLoad<T>; ++i)
        sums[i] = narrowed<T>(values[i] + bias[i]);
    return *reinterpret_cast<const uint4 *>(sums);
}

template<typename T>
__global__ void __launch_bounds__(kThreads)
    storeRows(const TokenRow *rows, uint4 *queryKeyValue, const float *bias, NetworkShape shape, int layer)
{
    constexpr int kLoadsPerHead = kHeadDim / kPerLoad<T>;
    const TokenRow row = loadRow(rows + blockIdx.x);
    const int loads = shape.heads * kLoadsPerHead; // of keys, or of values
    uint4 *values = queryKeyValue + size_t(blockIdx.x) * 3 * loads;
    uint4 *to = static_cast<uint4 *>(row.cache);
    for (int i = int(threadIdx.x); i < 3 * loads; i += kThreads) {
        const uint4 value = withBias<T>(values[i], bias + i * kPerLoad<T>);
        values[i] = value;
        const int part = i / loads - 1, head = i % loads / kLoadsPerHead;
        const size_t plane = (size_t(layer) * 2 + part) * shape.heads + head;
        if (part >= 0 && to)
            to[(plane * shape.blockSize + row.position) * kLoadsPerHead + i % kLoadsPerHead] = value;
    }
}

template<typename T>
__global__ void __launch_bounds__(kThreads) joinParts(AttentionParts parts, int heads, int splits, Quad<T> *out)
{
    const int quads = heads * kHeadDim / 4;
    for (int i = int(threadIdx.x); i < quads; i += kThreads)
        out[size_t(blockIdx.x) * quads + i] = narrowedQuad<T>(mixedQuad(parts, heads, splits, int(blockIdx.x), i));
}

template<typename T, typename Out>
void addNormAs(float *x, const void *added, const float *bias, NormWeights norm, int rows, int embedding, void *out,
               cudaStream_t stream)
{
    addNormRows<T, Out><<<unsigned(rows), kThreads, 0, stream>>>(
        reinterpret_cast<float4 *>(x), static_cast<const Quad<T> *>(added), reinterpret_cast<const float4 *>(bias),
        norm, embedding / 4, static_cast<Quad<Out> *>(out));
}

template<typename T>
void attendAs(const TokenRow *rows, int count, const void *queries, int stride, NetworkShape shape, int layer,
              AttentionParts parts, void *out, cudaStream_t stream)
{
    launchAttention<T, T>(rows, count, static_cast<const T *>(queries), stride, shape, layer, parts, false, stream);
    joinParts<T>
        <<<unsigned(count), kThreads, 0, stream>>>(parts, shape.heads, shape.splits(), static_cast<Quad<T> *>(out));
}

// Calls `work` with a value of the format's type.
template<typename Work>
void withType(Format format, Work work)
{
    switch (format) {
    case Format::Float32:
        return work(float{});
    case Format::BFloat16:
        return work(__nv_bfloat16{});
    case Format::Float16:
        return work(__half{});
    }
}

} // namespace

void embed(const TokenRow *rows, int count, const float *tokens, const float *positions, int embedding, float *x,
           cudaStream_t stream)
{
    embedRows<<<unsigned(count), kThreads, 0, stream>>>(rows, tokens, positions, embedding / 4,
                                                        reinterpret_cast<float4 *>(x));
}

void addNorm(Format format, float *x, const void *added, const float *bias, NormWeights norm, int rows, int embedding,
             void *out, bool wide, cudaStream_t stream)
{
    withType(format, [&](auto value) {
        using T = decltype(value);
        if (wide)
            addNormAs<T, float>(x, added, bias, norm, rows, embedding, out, stream);
        else
            addNormAs<T, T>(x, added, bias, norm, rows, embedding, out, stream);
    });
}

void biasGelu(Format format, void *values, const float *bias, int rows, int width, cudaStream_t stream)
{
    withType(format, [&](auto value) {
        using T = decltype(value);
        biasGeluRows<T><<<unsigned(rows), kThreads, 0, stream>>>(static_cast<Quad<T> *>(values),
                                                                 reinterpret_cast<const float4 *>(bias), width / 4);
    });
}

void storeKeysValues(Format format, const TokenRow *rows, int count, void *queryKeyValue, const float *bias,
                     NetworkShape shape, int layer, cudaStream_t stream)
{
    withType(format, [&](auto value) {
        using T = decltype(value);
        storeRows<T>
            <<<unsigned(count), kThreads, 0, stream>>>(rows, static_cast<uint4 *>(queryKeyValue), bias, shape, layer);
    });
}

void attendRows(Format format, const TokenRow *rows, int count, const void *queries, int stride, NetworkShape shape,
                int layer, AttentionParts parts, void *out, cudaStream_t stream)
{
    withType(format, [&](auto value) {
        attendAs<decltype(value)>(rows, count, queries, stride, shape, layer, parts, out, stream);
    });
}

} // namespace tessera::core::cuda
