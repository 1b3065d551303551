// Attention of whole sequences, as training needs it.
#pragma once

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// softmax(q k^T / sqrt(D) + mask) v, once differentiable in q, k and v. q: [B, heads, M, D]; k, v: [B, heads, T, D];
// mask: [M, T], 0 or -inf, of their type -> [B, heads, M, D]. As at::scaled_dot_product_attention, but for bfloat16 on
// the CPU, whose gradient takes LibTorch longer than all else in a training step: it is found by matrix products of
// one sequence at a time, in bfloat16, within 1 % of the exact one.
at::Tensor maskedAttention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &mask);

} // namespace tessera::models
