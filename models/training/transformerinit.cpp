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

// Row and column as sines and cosines, from one half wave over many cells to one a cell.
void writeWaves(float *row, int64_t length, int64_t cellRow, int64_t cellColumn)
{
    for (int64_t i = 0; i < length; ++i) {
        const double place = double(i % 2 ? cellColumn : cellRow);
        const double angle = place * std::numbers::pi * double(i / 4 + 1) / double((length + 3) / 4);
        row[i] = float(kPositionAmplitude * ((i / 2) % 2 ? std::cos(angle) : std::sin(angle)));
    }
}

} // namespace

at::Tensor planePositions(const ModelConfig &config)
{
    const int64_t length = config.transformer->embedding, window = config.window, cells = window * window;
    const int64_t firstCondition = int64_t(config.controls.size());
    at::Tensor positions = at::zeros({1, config.transformer->blockSize, length});
    const auto row = [&](int64_t position) { return positions.data_ptr<float>() + position * length; };
    for (int64_t cell = 0; cell < cells; ++cell) {
        writeWaves(row(firstCondition + cell), length, cell / window, cell % window);
        if (cell > 0) // the first code is predicted from the last condition token
            writeWaves(row(firstCondition + cells + cell - 1), length, cell / window, cell % window);
    }
    return positions;
}

void embedCodebook(at::Tensor embedding, const TokenRange &range, const at::Tensor &codebook, uint64_t seed)
{
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    const at::Tensor normal = (codebook - codebook.mean(0)) / codebook.std();
    const at::Tensor projection = at::randn({codebook.size(1), embedding.size(1)}, generator, at::kFloat);
    embedding.slice(0, range.first, range.first + range.count)
        .add_(at::matmul(normal, projection), kCodeAmplitude / std::sqrt(double(codebook.size(1))));
}

} // namespace tessera::models
