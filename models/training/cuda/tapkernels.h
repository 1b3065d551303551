// LPIPS' distance at one tap as CUDA kernels behind plain pointers to device memory; nothing of LibTorch. Both only
// queue work on the stream; errors show in cudaGetLastError().
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

namespace tessera::models::cuda
{

struct Tap {
    const void *x, *target; // [places, channels], bfloat16 or float
    bool bfloat16;
    const float *weights; // [channels]
    int channels;
    int64_t places;
};

// distances [places]: sum_c weights[c] (x_c / |x| - target_c / |target|)^2.
void tapDistances(const Tap &tap, float *distances, cudaStream_t stream);

// gradient [places, channels], of x's type: that of the sum of the distances to x, times upstream[place / places of a
// picture] * scale.
void tapGradients(const Tap &tap, const float *upstream, int64_t placesOfPicture, float scale, void *gradient,
                  cudaStream_t stream);

} // namespace tessera::models::cuda
