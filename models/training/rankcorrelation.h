// Whether two quantities rise and fall together, whatever their scales (Spearman 1904).
#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// Ranks from 1 to the number of values; equal values share the mean of their ranks. `values` of any shape and type,
// none of them NaN -> float64 [numel] on the CPU.
at::Tensor averageRanks(const at::Tensor &values);

// Pearson's correlation of the ranks of two tensors of equally many values, place by place: -1 to 1, and 0 where one of
// them is constant, because nothing can rise with it. REQUIRES: as many values in both.
double rankCorrelation(const at::Tensor &a, const at::Tensor &b);

// The same within each row, mean over the rows of `a` that are not constant; 0 where all are. Both [rows, columns].
// What goes with the height in a picture, as depth does in any landscape, does not count.
double rankCorrelationInRows(const at::Tensor &a, const at::Tensor &b);

} // namespace tessera::models
