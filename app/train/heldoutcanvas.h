// Landscapes larger than a window that nothing is trained on, made anew each time.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "app/train/mappainter.h"

namespace tessera::train
{

struct HeldOutCanvas {
    at::Tensor picture; // float [3, height, width] in [-1, 1]
    at::Tensor labels;  // int64 [height, width]
    Controls controls;
};

// The same number gives the same one. Pixels.
HeldOutCanvas heldOutCanvas(uint32_t number, int width, int height);

} // namespace tessera::train
