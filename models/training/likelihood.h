// How well a transformer predicts the codes of pictures that it was not trained on.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>

#include <ATen/core/Tensor.h>

#include "models/training/sequences.h"

namespace tessera::models
{

// Nats per picture code, teacher-forced on one window, mean over at most `count` pictures:
//   nats_with_map, nats_without_map            exact maps of labels; null tokens in their place
//   nats_with_depth, nats_with_edges           exact fields, where the model reads them
//   nats_filling, nats_filling_unseen          regions of pictures, where the model seesKept: with the codes that stay
//                                              in the condition, and with the whole map instead
//   nats_facing, nats_facing_unseen            the same, only where what stays is not known otherwise (facingKept);
//                                              over the pictures that have such cells, absent where none has
// `codes`: int64 [pictures, window, window] of the whole views. Empty after a stop. REQUIRES: gradients are off.
std::map<std::string, double> evaluateLikelihood(const Transformer &transformer, const SequenceBuilder &builder,
                                                 const PictureSet &pictures, const at::Tensor &codes, int64_t count,
                                                 const std::stop_token &stop = {});

} // namespace tessera::models
