// Better starts for a transformer than random numbers. They show in no checkpoint's layout.
#pragma once

#include <map>

#include <ATen/core/Tensor.h>

#include "models/config.h"
#include "models/parameters.h"

namespace tessera::models
{

// A transformer that knows that both halves of its sequence are grids. Without this a small one spends its first
// hundreds of steps on finding out, among hundreds of unrelated positions, where the condition of a code stands.
//
// - Positions are two-dimensional waves in the first half of the features. The token from which a picture code is
// predicted
//   carries the place of the code it predicts, like the condition token there.
// - Token embeddings live in the second half: a random projection of the codebooks' vectors, so that codes which look
//   alike start alike.
// - Half of the first block's heads compare places: their queries and keys are one random projection of the waves.
//
// `parameters`: a fresh transformer's tensors by name, changed in place, on the CPU. Codebooks: of the drawn codes,
// [codes, embedDim].
void startOnGrids(StateDict &parameters, const ModelConfig &config, const at::Tensor &pictureCodebook,
                  const std::map<ConditionKind, at::Tensor> &conditionCodebooks, uint64_t seed);

} // namespace tessera::models
