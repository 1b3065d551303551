// A transformer's weights as the CPU engine reads them.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "core/sampling/cpu/packedmatrix.h"
#include "models/config.h"

namespace tessera::models
{
struct Norm;
struct Transformer;
} // namespace tessera::models

namespace tessera::core::cpu
{

struct PackedNorm {
    AlignedBuffer<float> weight, bias; // [embedding]
};

struct PackedBlock {
    PackedNorm ln1, ln2;
    PackedMatrix queryKeyValue; // three layers of embeddingPanels() panels each
    PackedMatrix proj, mlpUp, mlpDown;
};

// Constant after construction, independent of the model it was made from but for the embeddings' memory, which it
// shares.
struct PackedTransformer {
    models::TransformerConfig config;
    at::Tensor tokenEmbedding;    // float32 [vocab, embedding], contiguous, on the CPU
    at::Tensor positionEmbedding; // float32 [blockSize, embedding], likewise
    WeightArena arena;            // of all matrices
    std::vector<PackedBlock> blocks;
    PackedNorm lnFinal;
    PackedMatrix head; // a panel holds 64 vocabulary ids

    // Weights of any floating type, on any device. Lets go each block's as soon as they are packed: where nobody else
    // holds them, packing takes a block's size beside the model's. Throws std::bad_alloc.
    PackedTransformer(models::Transformer model, WeightFormat format);

    // What one pass reads of the layers' weights.
    int64_t bytes() const;
    int64_t embeddingPanels() const { return roundedUp(config.embedding, kPanel) / kPanel; }
};

} // namespace tessera::core::cpu
