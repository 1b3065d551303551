// Group normalisation of channels-last maps on a GPU, for training: LibTorch's own knows planes alone, so that maps are
// copied before and behind it, forwards and backwards.
#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::models::cuda
{

// Whether fusedGroupNorm() takes x, and pays: x [B, C, H, W] is a GPU's, channels-last, of more than one pixel, in
// float32, bfloat16 or float16, and gradients are wanted or autocast is on. Weight and bias are on x's device.
bool suitsFusedNorm(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias);

// Normalises x by groups of channels, times weight [C], plus bias [C], then SiLU if `silu`: -> x's shape and type,
// channels-last, whatever autocast says. Sums are float32 and doubles; the gradients of weight and bias are of their
// types. There are no second derivatives: c10::Error. REQUIRES: suitsFusedNorm(), and groups divides C.
at::Tensor fusedGroupNorm(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                          double epsilon, bool silu);

} // namespace tessera::models::cuda
