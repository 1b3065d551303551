#include "models/tiledencoder.h"

#include <algorithm>

#include <ATen/ATen.h>

namespace tessera::models
{

namespace
{

// The level with which the encoder begins to see its input as a whole: the first with attention, the last at the
// latest.
size_t firstGlobalLevel(const Encoder &encoder)
{
    size_t level = 0;
    while (level + 1 < encoder.levels.size() && encoder.levels[level].attentions.empty())
        ++level;
    return level;
}

// What comes before globalPart(); holds references into the encoder.
LocalChain localPart(const Encoder &encoder)
{
    const auto begin = [&encoder](const at::Tensor &x, const NormFn &) {
        return convolved(encoder.convIn, encoder.patch > 1 ? at::pixel_unshuffle(x, encoder.patch) : x, 1);
    };
    std::vector<LocalLayer> layers{{begin, 1, encoder.patch, encoder.patch, encoder.patch}};
    for (size_t i = 0; i < firstGlobalLevel(encoder); ++i) {
        const Level &level = encoder.levels[i];
        for (const ResBlock &block : level.blocks)
            layers.push_back(localLayer(block));
        const auto halve = [&level](const at::Tensor &x, const NormFn &) { return downsampled(level.resample, x); };
        layers.push_back({halve, 1, 2, 0, 1});
    }
    return LocalChain(std::move(layers));
}

// Latents; undefined where a stop ended it.
at::Tensor globalPart(const Autoencoder &stage, at::Tensor h, const std::stop_token &stop)
{
    const Encoder &encoder = stage.encoder;
    for (size_t i = firstGlobalLevel(encoder); i < encoder.levels.size(); ++i) {
        h = forwardBlocks(encoder.levels[i], h, stop);
        if (!h.defined())
            return {};
        if (encoder.levels[i].resample.weight.defined())
            h = downsampled(encoder.levels[i].resample, h);
    }
    h = forward(encoder.middle, h);
    return convolved(stage.quantConv, convolved(encoder.convOut, normalisedSilu(encoder.normOut, h), 1), 0);
}

// In bands: distances to every vector of the codebook take more room than all else at the resolution of codes.
at::Tensor nearestInBands(const Autoencoder &stage, const at::Tensor &latents)
{
    const int64_t rows = latents.size(2);
    const int64_t band = std::max<int64_t>(1, kMostScores / (stage.config.codes * latents.size(3)));
    std::vector<at::Tensor> codes;
    for (int64_t row = 0; row < rows; row += band)
        codes.push_back(stage.nearestCodes(latents.narrow(2, row, std::min(band, rows - row))));
    return at::cat(codes, 1);
}

} // namespace

at::Tensor encodeInTiles(const Autoencoder &stage, const LocalInput &input, int64_t side, std::stop_token stop)
{
    const LocalChain local = localPart(stage.encoder);
    const int64_t rows = local.outputLength(input.rows), columns = local.outputLength(input.columns);
    const int64_t cell =
        stage.config.factor() / (stage.config.patch << firstGlobalLevel(stage.encoder)); // pixels of `map`
    TiledChain chain(local, input, stage.config.factor());
    chain.sampleStatistics(side);
    at::Tensor map;
    const auto make = [&](const Area &out) {
        const at::Tensor part = chain.tile(out);
        if (!map.defined())
            map = at::empty({1, part.size(1), rows, columns}, part.options(), part.suggest_memory_format());
        map.narrow(2, out.rows.first, out.rows.length()).narrow(3, out.columns.first, out.columns.length()).copy_(part);
    };
    const auto wanted = [] { return false; }; // codes of a part are of no use
    const Tiling made =
        refineTiles(chain, tilesOf({{0, rows}, {0, columns}}, side * cell), make, kEncodingTolerance, stop, wanted);
    const at::Tensor latents = made == Tiling::Refined ? globalPart(stage, map, stop) : at::Tensor();
    if (!latents.defined())
        return at::zeros({1, input.rows / stage.config.factor(), input.columns / stage.config.factor()}, at::kLong);
    return nearestInBands(stage, latents);
}

} // namespace tessera::models
