// A small random transformer and the plainest possible sampler over it: the whole window again for every
// code.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/sampling/sampler.h"
#include "models/transformer.h"

namespace tessera::core
{

// Window 4, condition 16 tokens; vocabulary: 10 condition codes, two controls, a null token, 24 picture
// codes.
struct TinyModel {
    struct Shape {
        int64_t layers = 2, heads = 2, headDim = 8;
        uint64_t seed = 11;    // of the weights
        double loudness = 2.5; // 1: every layer passes on what it gets in the same strength
    };

    models::ModelConfig config;
    models::Transformer transformer;

    explicit TinyModel(int64_t unmasked = 0);
    TinyModel(int64_t unmasked, const Shape &shape);
    // Both controls chosen, a condition that differs from cell to cell.
    SampleRequest request(GridSize canvas) const;
};

// Of the last token, by models::Transformer::forward: float [vocabulary].
std::vector<float> plainLogits(const models::Transformer &transformer, const std::vector<int64_t> &tokens);
// Picture logits for `cell`, guided, from a fresh pass over its window.
std::vector<float> plainCellLogits(const TinyModel &model, const SampleRequest &request, const CodeGrid &codes,
                                   Cell cell);
CodeGrid plainSample(const TinyModel &model, const SampleRequest &request);

} // namespace tessera::core
