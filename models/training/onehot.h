// Label maps as the condition stage sees them.
#pragma once

#include <ATen/ATen.h>

namespace tessera::models
{

// int64 [B, H, W] -> float32 [B, classes, H, W], channels last.
inline at::Tensor oneHot(const at::Tensor &labels, int64_t classes)
{
    at::Tensor planes =
        at::zeros({labels.size(0), labels.size(1), labels.size(2), classes}, labels.options().dtype(at::kFloat));
    planes.scatter_(3, labels.unsqueeze(3), 1);
    return planes.permute({0, 3, 1, 2});
}

} // namespace tessera::models
