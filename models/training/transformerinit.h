// Better starts for a transformer than random numbers. They show in no checkpoint's layout.
#pragma once

#include <ATen/core/Tensor.h>

#include "models/config.h"

namespace tessera::models
{

// Position embeddings [1, blockSize, embedding] that know that both halves of the sequence are grids: two-dimensional
// waves. The token from which a picture code is predicted carries the place of the code it predicts, like the condition
// token there, so that heads which look up the condition need not be found among hundreds of unrelated positions.
at::Tensor planePositions(const ModelConfig &config);

// Adds a random projection of codebook vectors to the embeddings of a token range: codes that look alike start alike.
void embedCodebook(at::Tensor embedding, const TokenRange &range, const at::Tensor &codebook, uint64_t seed);

} // namespace tessera::models
