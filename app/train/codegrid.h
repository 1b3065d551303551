// Codes as LibTorch has them and as sampling takes them.
#pragma once

#include <algorithm>

#include <ATen/ATen.h>

#include "core/sampling/grid.h"

namespace tessera::train
{

// int64 [1, h, w] -> a grid of h rows.
inline core::CodeGrid codeGridOf(const at::Tensor &codes)
{
    const at::Tensor values = codes.squeeze(0).to(at::kLong).contiguous();
    core::CodeGrid grid({int(values.size(0)), int(values.size(1))});
    std::copy_n(values.const_data_ptr<int64_t>(), grid.values.size(), grid.values.begin());
    return grid;
}

} // namespace tessera::train
