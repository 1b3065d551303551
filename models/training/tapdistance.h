// The distance of LPIPS at one tap, fused: its many small tensor operations would cost as much as a quarter of the
// network on a processor, and a GPU would write each tap to memory a dozen times.
#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// Mean over places of sum_c weights[c] (x_c / |x| - target_c / |target|)^2, with gradients to `x` alone.
// x, target: float32 or bfloat16, alike, [B, C, h, w], fast when channels come last; weights: float32, C
// values. Returns float32 [B], the same whatever the number of threads. REQUIRES: hasTapDistance() where they are.
at::Tensor tapDistance(const at::Tensor &x, const at::Tensor &target, const at::Tensor &weights);

// True of processors, and of GPUs where CUDA kernels were built.
bool hasTapDistance(c10::Device device);

} // namespace tessera::models
