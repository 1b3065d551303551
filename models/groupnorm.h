// Group normalisation.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// x: [B, C, H, W] -> the same shape and layout: each group of C / groups channels less its mean, over its deviation,
// times weight [C], plus bias [C]. As at::group_norm, but for channels-last float32 tensors on the CPU without
// gradients, where LibTorch takes the variance as the mean square less the squared mean in float32: with means large
// against the deviation tenths are wrong there, and codes that are close change. Equal inputs give equal bits, whatever
// the number of threads. Training on a GPU has kernels of its own for channels-last maps (models/cuda/fusednorm.h).
at::Tensor groupNorm(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                     double epsilon);

// at::silu() of it; those kernels do both at once.
at::Tensor groupNormSilu(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                         double epsilon);

// Mean and variance of each group of channels, over a map or over the parts of one that were seen so far.
struct GroupMoments {
    double count = 0;             // values of each group
    std::vector<double> mean;     // by group
    std::vector<double> variance; // by group; of the values themselves, not an estimate from a sample

    // Takes in another part, of the same groups.
    void add(const GroupMoments &part);
};

// x: [1, C, H, W]. Equal bits as above.
GroupMoments groupMoments(const at::Tensor &x, int64_t groups);

// The same normalisation of x [1, C, H, W] by statistics from elsewhere; by x's own moments it gives what the one above
// gives, in the layout described there bit for bit.
at::Tensor groupNorm(const at::Tensor &x, const GroupMoments &moments, const at::Tensor &weight, const at::Tensor &bias,
                     double epsilon);

} // namespace tessera::models
