// How alike two sets of pictures are in their patches, without any network: the sliced Wasserstein distance over a
// Laplacian pyramid (Karras et al. 2018, Progressive Growing of GANs, sec. 5). Fine levels tell sharpness, coarse ones
// composition.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::models
{

struct SwdSettings {
    int64_t smallest = 16;     // side of the coarsest level
    int64_t perPicture = 128;  // patches of 7 x 7 from each level
    int64_t projections = 256; // directions
    uint64_t seed = 1;
};

// Distances by level, finest first; usually told times 1000. Patches are normalised by channel over both sets' own
// patches. Pictures: float [3, side, side], all of one size, as many in `b` as in `a`; patches are taken at the same
// places.
std::vector<double> slicedWasserstein(const std::vector<at::Tensor> &a, const std::vector<at::Tensor> &b,
                                      const SwdSettings &settings = {});

// Convolved with a Gaussian of `sigma` pixels, edges repeated: [3, H, W]. A rung to hold distances against.
at::Tensor blurred(const at::Tensor &picture, double sigma);

} // namespace tessera::models
