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

// Whether a GPU has kernels for these that need no mask: half precision, where LibTorch would take such kernels itself.
bool hasUnmaskedKernels(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v);

// maskedAttention() of the positions from T - M on -> [B, heads, M, D], where the first `unmasked` see each other and
// all others themselves and what is before them. REQUIRES: hasUnmaskedKernels(), 0 < M <= T.
at::Tensor prefixedAttention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, int64_t unmasked);

} // namespace tessera::models
