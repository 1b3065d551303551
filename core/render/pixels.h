// The border between pictures as bytes and pictures as tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include "core/render/image.h"

namespace tessera::core
{

// The upper left `width` x `height` pixels: float32 [1, 3, height, width] in [-1, 1], on the CPU.
// REQUIRES: the picture is at least that large.
at::Tensor pictureTensor(const Image &picture, int width, int height);

// [1, 3, H, W] in about [-1, 1], any device: 8-bit values are (x + 1) * 127.5, clamped to 0..255, rounded.
// Throws Error: ModelMismatch for another number of channels, NonFinite when a value is NaN or infinite.
Image pictureImage(const at::Tensor &picture);

} // namespace tessera::core
