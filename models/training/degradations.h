// Known ways to spoil a picture, to hold distances between sets of pictures against, and what a window's border does.
// Pictures: float [3, H, W] in [-1, 1]. Beside them: blurred() in slicedwasserstein.h.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// Each cell x cell square by its mean. REQUIRES: sides are multiples of `cell`.
at::Tensor blockAverages(const at::Tensor &picture, int64_t cell);

// The cosine transform of 8 x 8 squares, rounded as JPEG's luminance table says at a quality of 1..100, in each of Y,
// Cb and Cr: what JPEG loses, without its file. REQUIRES: sides are multiples of 8.
at::Tensor quantisedLikeJpeg(const at::Tensor &picture, int quality);

// Means and deviations of the channels become those of another picture.
at::Tensor withColoursOf(const at::Tensor &picture, const at::Tensor &other);

// Mean |difference| of neighbouring pixels whose codes were drawn from different windows, by that of neighbours in the
// same direction within those codes: 1 where borders cannot be seen. `windows`: int64 [h, w], the window of each code;
// picture: [3, factor h, factor w]. 0 when all codes come from one window.
double seamRatio(const at::Tensor &picture, const at::Tensor &windows, int64_t factor);

} // namespace tessera::models
