#include "models/training/transformerinit.h"

#include <cmath>
#include <numbers>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace tessera::models
{

namespace
{

// Of the size of token embeddings, so that neither drowns the other.
constexpr double kPositionAmplitude = 0.05;
constexpr double kCodeAmplitude = 0.04;
// Makes the attention logit of equal places about 8, of places that share a row or a column 4, of others 0.
constexpr double kComparingSpread = 0.1;

// Row and column as sines and cosines, from half a wave over many cells to one a cell.
void writeWaves(float *row, int64_t length, int64_t cellRow, int64_t cellColumn)
{
    for (int64_t i = 0; i < length; ++i) {
        const double place = double(i % 2 ? cellColumn : cellRow);
        const double angle = place * std::numbers::pi * double(i / 4 + 1) / double((length + 3) / 4);
        row[i] = float(kPositionAmplitude * ((i / 2) % 2 ? std::cos(angle) : std::sin(angle)));
    }
}

at::Tensor planePositions(const ModelConfig &config) // [1, blockSize, embedding]
{
    const int64_t length = config.transformer->embedding, window = config.window, cells = window * window;
    const int64_t firstCondition = int64_t(config.controls.size());
    at::Tensor positions = at::zeros({1, config.transformer->blockSize, length});
    const auto row = [&](int64_t position) { return positions.data_ptr<float>() + position * length; };
    for (int64_t cell = 0; cell < cells; ++cell) {
        writeWaves(row(firstCondition + cell), length / 2, cell / window, cell % window);
        if (cell > 0) // the first code is predicted from the last condition token
            writeWaves(row(firstCondition + cells + cell - 1), length / 2, cell / window, cell % window);
    }
    return positions;
}

void embedCodebook(at::Tensor embedding, const TokenRange &range, const at::Tensor &codebook, at::Generator &generator)
{
    const at::Tensor normal = (codebook - codebook.mean(0)) / codebook.std();
    const at::Tensor projection = at::randn({codebook.size(1), embedding.size(1)}, generator, at::kFloat);
    embedding.slice(0, range.first, range.first + range.count)
        .add_(at::matmul(normal, projection), kCodeAmplitude / std::sqrt(double(codebook.size(1))));
}

} // namespace

void startOnGrids(StateDict &parameters, const ModelConfig &config, const at::Tensor &pictureCodebook,
                  const std::map<ConditionKind, at::Tensor> &conditionCodebooks, uint64_t seed)
{
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    const int64_t length = config.transformer->embedding, half = length / 2;
    parameters.at("pos_emb").copy_(planePositions(config));

    const at::Tensor tokens = parameters.at("tok_emb.weight");
    tokens.slice(1, 0, half).zero_();
    embedCodebook(tokens.slice(1, half), config.imageTokens, pictureCodebook, generator);
    for (const auto &[kind, codebook] : conditionCodebooks)
        embedCodebook(tokens.slice(1, half), config.conditionOf(kind)->tokens, codebook, generator);

    const int64_t comparing = config.transformer->heads / 2 * config.transformer->headDim();
    const at::Tensor projection = at::randn({comparing, half}, generator, at::kFloat) * kComparingSpread;
    for (const char *name : {"blocks.0.attn.query.weight", "blocks.0.attn.key.weight"}) {
        at::Tensor rows = parameters.at(name).slice(0, 0, comparing);
        rows.zero_();
        rows.slice(1, 0, half).copy_(projection);
    }
}

} // namespace tessera::models
