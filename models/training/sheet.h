// Pictures side by side in one PNG, to look at.
#pragma once

#include <filesystem>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// Pictures: float [3, H, W] in [-1, 1], all of one size; `columns` a row. Throws Error (FileWrite).
void writeSheet(const std::filesystem::path &path, const std::vector<at::Tensor> &pictures, int columns);

// A colour for each label, the same every time: int64 [H, W] -> float [3, H, W] in [-1, 1].
at::Tensor labelColours(const at::Tensor &labels);

} // namespace tessera::models
