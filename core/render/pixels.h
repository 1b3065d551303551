// The border between pictures as bytes and pictures as tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/map/pixelrect.h"
#include "core/render/image.h"

namespace tessera::core
{

// The pixels of `rect`: float32 [1, 3, height, width] in [-1, 1], on the CPU. REQUIRES: the picture holds them.
at::Tensor pictureTensor(const Image &picture, const PixelRect &rect);

// [1, 3, H, W] in about [-1, 1], any device: 8-bit values are (x + 1) * 127.5, clamped to 0..255, rounded.
// Throws Error: ModelMismatch for another number of channels, NonFinite when a value is NaN or infinite.
Image pictureImage(const at::Tensor &picture);

} // namespace tessera::core
