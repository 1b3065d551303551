// Whether a model's file and its configuration belong together. Names and shapes that a network misses are told while
// it is made (parameters.h); here is what a file has beyond that, and what its tensors say better than its
// configuration.
#pragma once

#include "models/modelfile.h"

namespace tessera::models
{

// Throws Error (ModelMismatch) where a part of a network is left over, such as a layer more than the configuration has:
// the model would paint, but wrongly. Losses, masks, averages and whatever else training left may be there.
void checkLeftovers(const ModelFile &file);

// Throws Error (FileFormat) where a weight is no floating-point number, and no int8 one with its scale.
void checkTypes(const ModelFile &file);

// The original's attention masks are tensors that its loader takes over, so they decide how many leading tokens see
// each other, not `n_unmasked`. Sets it by them; a note says so where the configuration had another number. Throws
// Error (ModelMismatch) where these are more tokens than come before the picture's.
void adoptMask(ModelFile &file);

} // namespace tessera::models
