// Group normalisation for the networks' inference.
#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// x: [B, C, H, W] -> the same shape and layout: each group of C / groups channels less its mean, over its deviation, times
// weight [C], plus bias [C]. As at::group_norm, but for channels-last float32 tensors on the CPU without gradients, where
// LibTorch takes the variance as the mean square less the squared mean in float32: with means large against the deviation
// tenths are wrong there, and codes that are close change. Equal inputs give equal bits, whatever the number of threads.
at::Tensor groupNorm(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                     double epsilon);

} // namespace tessera::models
