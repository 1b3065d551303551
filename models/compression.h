// Weights in fewer bytes for shipping: int8 with one scale per row, or float16.
#pragma once

#include "models/parameters.h"

namespace tessera::models
{

enum class WeightFormat { Float32, Float16, Int8 };

// Int8: every tensor of two or more dimensions becomes int8 [same shape] plus "<name>.scale" float32 [rows], symmetric,
// scale = max|row| / 127; codebooks, a Gumbel quantizer's projection, position embeddings and one-dimensional tensors
// become float16. What would be float16 stays float32 in a tensor with a value beyond float16's largest, 65504: it
// would become infinite.
StateDict compressed(const StateDict &tensors, WeightFormat format);
// The inverse: float32 tensors under their own names. Throws Error (ModelMismatch) when a scale is missing or
// misshapen.
StateDict decompressed(const StateDict &tensors);

} // namespace tessera::models
