#include "models/training/cuda/tapkernels.h"

#include <cuda_bf16.h>

namespace tessera::models::cuda
{

namespace
{

constexpr int kWarp = 32;
constexpr int kThreads = 256;
constexpr float kNormEps = 1e-10F; // beside the root, as in the original

__device__ float warpSum(float value)
{
#pragma unroll
    for (int offset = kWarp / 2; offset > 0; offset /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, offset);
    return value;
}

// One over the length of a place's channels, for x and for the target: found by the whole warp.
struct Scales {
    float ofX, ofTarget;
};

template<typename T>
__device__ Scales scalesOf(const T *x, const T *target, int channels)
{
    float squares = 0, targetSquares = 0;
    for (int c = int(threadIdx.x) % kWarp; c < channels; c += kWarp) {
        const float value = float(x[c]), other = float(target[c]);
        squares += value * value;
        targetSquares += other * other;
    }
    return {1 / (sqrtf(warpSum(squares)) + kNormEps), 1 / (sqrtf(warpSum(targetSquares)) + kNormEps)};
}

__device__ int64_t placeOfWarp()
{
    return (int64_t(blockIdx.x) * kThreads + threadIdx.x) / kWarp;
}

template<typename T>
__global__ void __launch_bounds__(kThreads) distances(Tap tap, float *found)
{
    const int64_t place = placeOfWarp();
    if (place >= tap.places)
        return;
    const T *x = static_cast<const T *>(tap.x) + place * tap.channels;
    const T *target = static_cast<const T *>(tap.target) + place * tap.channels;
    const Scales scales = scalesOf(x, target, tap.channels);
    float sum = 0;
    for (int c = int(threadIdx.x) % kWarp; c < tap.channels; c += kWarp) {
        const float difference = float(x[c]) * scales.ofX - float(target[c]) * scales.ofTarget;
        sum += tap.weights[c] * difference * difference;
    }
    sum = warpSum(sum);
    if (threadIdx.x % kWarp == 0)
        found[place] = sum;
}

// With u = x / |x| and g = 2 weights (u - v): the gradient is (g - u (u . g)) / |x|; none where x is zero, whose
// activation passes none on anyway.
template<typename T>
__global__ void __launch_bounds__(kThreads)
    gradients(Tap tap, const float *upstream, int64_t placesOfPicture, float scale, T *gradient)
{
    const int64_t place = placeOfWarp();
    if (place >= tap.places)
        return;
    const int64_t first = place * tap.channels;
    const T *x = static_cast<const T *>(tap.x) + first, *target = static_cast<const T *>(tap.target) + first;
    const Scales scales = scalesOf(x, target, tap.channels);
    float along = 0;
    for (int c = int(threadIdx.x) % kWarp; c < tap.channels; c += kWarp) {
        const float u = float(x[c]) * scales.ofX;
        along += u * tap.weights[c] * (u - float(target[c]) * scales.ofTarget);
    }
    along = warpSum(along);
    const float factor = scales.ofX < 1 / kNormEps ? 2 * scale * upstream[place / placesOfPicture] * scales.ofX : 0;
    for (int c = int(threadIdx.x) % kWarp; c < tap.channels; c += kWarp) {
        const float u = float(x[c]) * scales.ofX;
        gradient[first + c] = T(factor * (tap.weights[c] * (u - float(target[c]) * scales.ofTarget) - u * along));
    }
}

unsigned blocksFor(const Tap &tap)
{
    return unsigned((tap.places * kWarp + kThreads - 1) / kThreads);
}

} // namespace

void tapDistances(const Tap &tap, float *found, cudaStream_t stream)
{
    if (tap.bfloat16)
        distances<__nv_bfloat16><<<blocksFor(tap), kThreads, 0, stream>>>(tap, found);
    else
        distances<float><<<blocksFor(tap), kThreads, 0, stream>>>(tap, found);
}

void tapGradients(const Tap &tap, const float *upstream, int64_t placesOfPicture, float scale, void *gradient,
                  cudaStream_t stream)
{
    if (tap.bfloat16)
        gradients<<<blocksFor(tap), kThreads, 0, stream>>>(tap, upstream, placesOfPicture, scale,
                                                           static_cast<__nv_bfloat16 *>(gradient));
    else
        gradients<<<blocksFor(tap), kThreads, 0, stream>>>(tap, upstream, placesOfPicture, scale,
                                                           static_cast<float *>(gradient));
}

} // namespace tessera::models::cuda
