// The code transformer (Esser et al. 2021, sec. 3.2; minGPT lineage), with the original's module names.
// This header holds the weights and the plain whole-sequence pass that training and tests use; sampling with caches
// is core/sampling.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "models/config.h"
#include "models/layers.h"

namespace tessera::models
{

struct TransformerBlock {
    Norm ln1, ln2;                  // LayerNorm, eps 1e-5
    Linear key, query, value, proj; // attn.*; heads are contiguous slices of the embedding
    Linear mlpUp, mlpDown;          // mlp.0, mlp.2; GELU (erf) between them
};

struct Transformer {
    TransformerConfig config;
    at::Tensor tokenEmbedding;    // tok_emb.weight [vocab, embedding]
    at::Tensor positionEmbedding; // pos_emb [1, blockSize, embedding]
    std::vector<TransformerBlock> blocks;
    Norm lnFinal;    // ln_f
    at::Tensor head; // head.weight [vocab, embedding], no bias

    // Takes every tensor from `source` (attn.mask buffers of published files are not asked for).
    static Transformer create(const TransformerConfig &config, ParameterSource &source);

    // tokens: int64 [B, T], T <= blockSize -> logits [B, T - skip, vocab] of the positions from `skip` on.
    // Causal, except that the first `unmasked` tokens see each other. `dropout` > 0 only in training.
    at::Tensor forward(const at::Tensor &tokens, int64_t skip = 0, double dropout = 0) const;
    // The same without the head, for who needs few of its rows: [B, T - skip, embedding].
    at::Tensor features(const at::Tensor &tokens, int64_t skip = 0, double dropout = 0) const;
};

// Additive attention mask [T, T]: 0 where row may see column, -inf elsewhere.
at::Tensor attentionMask(int64_t length, int64_t unmasked, const at::TensorOptions &options);

} // namespace tessera::models
