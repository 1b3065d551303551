// What the kernels share: 16-byte loads in three formats, sums over a warp or block, and launches that overlap.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include "core/sampling/cuda/kernels.h"

namespace tessera::core::cuda
{

constexpr int kWarp = 32;

template<typename T>
constexpr int kPerLoad = 16 / int(sizeof(T)); // values in 16 bytes

__device__ inline void unpack(const uint4 &packed, float (&out)[4])
{
    out[0] = __uint_as_float(packed.x);
    out[1] = __uint_as_float(packed.y);
    out[2] = __uint_as_float(packed.z);
    out[3] = __uint_as_float(packed.w);
}

template<typename T>
__device__ inline float2 unpackPair(unsigned pair);

template<>
__device__ inline float2 unpackPair<__nv_bfloat16>(unsigned pair)
{
    return {__uint_as_float(pair << 16), __uint_as_float(pair & 0xffff0000u)};
}

template<>
__device__ inline float2 unpackPair<__half>(unsigned pair)
{
    return {__half2float(__ushort_as_half(static_cast<unsigned short>(pair & 0xffffu))),
            __half2float(__ushort_as_half(static_cast<unsigned short>(pair >> 16)))};
}

template<typename T>
__device__ inline void unpackAs(const uint4 &packed, float (&out)[kPerLoad<T>])
{
    if constexpr (sizeof(T) == 4) {
        unpack(packed, out);
    } else {
        const unsigned words[4] = {packed.x, packed.y, packed.z, packed.w};
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            const float2 pair = unpackPair<T>(words[i]);
            out[2 * i] = pair.x;
            out[2 * i + 1] = pair.y;
        }
    }
}

template<typename T>
__device__ inline T narrowed(float value);
template<>
__device__ inline float narrowed<float>(float value)
{
    return value;
}
template<>
__device__ inline __nv_bfloat16 narrowed<__nv_bfloat16>(float value)
{
    return __float2bfloat16_rn(value);
}
template<>
__device__ inline __half narrowed<__half>(float value)
{
    return __float2half_rn(value);
}

// Four values side by side, as wide as they are.
template<typename T>
struct alignas(4 * sizeof(T)) Quad {
    T value[4];
};

template<typename T>
__device__ inline Quad<T> narrowedQuad(float4 values)
{
    return {{narrowed<T>(values.x), narrowed<T>(values.y), narrowed<T>(values.z), narrowed<T>(values.w)}};
}

// Weights are read once in a pass; asm volatile keeps the load where it stands, before the wait for other kernels.
__device__ inline uint4 loadWeights(const void *address)
{
    uint4 value;
    asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
                 : "l"(address));
    return value;
}

// What another kernel wrote: from the second-level cache, which all processors share.
__device__ inline uint4 loadShared(const void *address)
{
    return __ldcg(static_cast<const uint4 *>(address));
}

__device__ inline TokenRow loadRow(const TokenRow *row)
{
    const uint4 packed = loadShared(row);
    TokenRow result;
    result.cache = reinterpret_cast<void *>(static_cast<unsigned long long>(packed.y) << 32 | packed.x);
    result.position = int(packed.z);
    result.token = int(packed.w);
    return result;
}

__device__ inline float warpSum(float value)
{
#pragma unroll
    for (int offset = kWarp / 2; offset > 0; offset /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, offset);
    return value;
}

// `scratch`: one place for each warp of the block. Every thread gets the result.
template<typename T, typename Combine>
__device__ inline T blockReduce(T value, T neutral, Combine combine, T *scratch)
{
#pragma unroll
    for (int offset = kWarp / 2; offset > 0; offset /= 2)
        value = combine(value, __shfl_xor_sync(0xffffffffu, value, offset));
    __syncthreads(); // the scratch may still be read from the reduction before
    if (threadIdx.x % kWarp == 0)
        scratch[threadIdx.x / kWarp] = value;
    __syncthreads();
    value = threadIdx.x % kWarp < blockDim.x / kWarp ? scratch[threadIdx.x % kWarp] : neutral;
#pragma unroll
    for (int offset = kWarp / 2; offset > 0; offset /= 2)
        value = combine(value, __shfl_xor_sync(0xffffffffu, value, offset));
    return value;
}

struct Plus {
    template<typename T>
    __device__ T operator()(T a, T b) const
    {
        return a + b;
    }
};

struct Greater {
    __device__ float operator()(float a, float b) const { return fmaxf(a, b); }
};

__device__ inline float geluOf(float x)
{
    return 0.5f * x * (1.0f + erff(x * 0.70710678118654752440f));
}

// Programmatic dependent launch: a kernel may begin while the one before it still runs, and does what does not depend
// on that one until it waits for its results. Every block waits, so that a kernel that has ended has seen all before it
// end.
__device__ inline void letNextBegin()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

__device__ inline void waitForKernelBefore()
{
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

template<typename... Expected, typename... Given>
void launch(void (*kernel)(Expected...), dim3 grid, int threads, size_t sharedBytes, bool overlap, cudaStream_t stream,
            Given... arguments)
{
    cudaLaunchAttribute attribute{};
    attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    attribute.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = grid;
    config.blockDim = dim3(unsigned(threads));
    config.dynamicSmemBytes = sharedBytes;
    config.stream = stream;
    config.attrs = &attribute;
    config.numAttrs = overlap ? 1 : 0;
    cudaLaunchKernelEx(&config, kernel, Expected(arguments)...);
}

} // namespace tessera::core::cuda
