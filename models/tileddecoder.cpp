#include "models/tileddecoder.h"

#include <utility>

#include <ATen/ATen.h>

namespace tessera::models
{

namespace
{

// The level with which the decoder ceases to see the canvas as a whole: the first without attention after it, and never
// one at the resolution of codes. Levels run from the last, the lowest resolution, to 0.
size_t firstLocalLevel(const Decoder &decoder)
{
    size_t level = decoder.levels.size() - 1;
    for (size_t i = 0; i < level; ++i)
        if (!decoder.levels[i].attentions.empty())
            level = i;
    return level;
}

// Pixels of globalPart() for a code's side.
int64_t cellPixels(const Decoder &decoder)
{
    return int64_t(1) << (decoder.levels.size() - 1 - firstLocalLevel(decoder));
}

// A level's blocks; undefined where a stop ended them.
at::Tensor blocksOf(const Level &level, const at::Tensor &h, const std::stop_token &stop, const WantedFn &wanted)
{
    const at::Tensor done = forwardBlocks(level, h, stop);
    return done.defined() || !wanted() ? done : forwardBlocks(level, h);
}

// Undefined where a stop ended it.
at::Tensor globalPart(const Autoencoder &stage, const at::Tensor &zq, const std::stop_token &stop,
                      const WantedFn &wanted)
{
    const Decoder &decoder = stage.decoder;
    at::Tensor h = forward(decoder.middle, convolved(decoder.convIn, convolved(stage.postQuantConv, zq, 0), 1));
    const size_t end = firstLocalLevel(decoder);
    for (size_t i = decoder.levels.size(); i-- > end;) {
        h = blocksOf(decoder.levels[i], h, stop, wanted);
        if (!h.defined())
            return {};
        if (i > end)
            h = upsampled(decoder.levels[i].resample, h);
    }
    return h.contiguous(h.suggest_memory_format());
}

LocalLayer upsampling(const Conv &layer)
{
    return {[&layer](const at::Tensor &x, const NormFn &) { return upsampled(layer, x); }, 2, 1, 1, 1};
}

// What comes after globalPart(); holds references into the decoder.
LocalChain localPart(const Decoder &decoder)
{
    std::vector<LocalLayer> layers;
    const size_t end = firstLocalLevel(decoder);
    for (size_t i = end + 1; i-- > 0;) {
        if (i < end)
            for (const ResBlock &block : decoder.levels[i].blocks)
                layers.push_back(localLayer(block));
        if (i > 0)
            layers.push_back(upsampling(decoder.levels[i].resample));
    }
    const auto finish = [&decoder](const at::Tensor &x, const NormFn &normalise) {
        return convolved(decoder.convOut, normalisedSilu(decoder.normOut, x, normalise), 1);
    };
    layers.push_back({finish, 1, 1, 1, 1});
    if (decoder.patch > 1) {
        const auto shuffle = [&decoder](const at::Tensor &x, const NormFn &) {
            return convolved(decoder.patchOut, depthToSpace(x, decoder.patch), 1);
        };
        layers.push_back({shuffle, decoder.patch, 1, 1, 1});
    }
    return LocalChain(std::move(layers));
}

} // namespace

TiledDecoder::TiledDecoder(const Autoencoder &stage, LocalInput input)
    : m_factor(stage.config.factor())
    , m_chain(localPart(stage.decoder), std::move(input), cellPixels(stage.decoder))
{}

TiledDecoder::TiledDecoder(const Autoencoder &stage, const at::Tensor &zq)
    : TiledDecoder(stage, inputOf(globalPart(stage, zq, {}, {})))
{}

std::optional<TiledDecoder> TiledDecoder::unlessStopped(const Autoencoder &stage, const at::Tensor &zq,
                                                        const std::stop_token &stop, const WantedFn &wanted)
{
    const at::Tensor map = globalPart(stage, zq, stop, wanted);
    if (!map.defined())
        return std::nullopt;
    return TiledDecoder(stage, inputOf(map));
}

at::Tensor TiledDecoder::decode(const Area &cells)
{
    const auto pixels = [this](Span span) { return Span{span.first * m_factor, span.last * m_factor}; };
    return m_chain.tile({pixels(cells.rows), pixels(cells.columns)});
}

int64_t TiledDecoder::reach(const Autoencoder &stage)
{
    const int64_t cell = cellPixels(stage.decoder);
    return (localPart(stage.decoder).reach() + cell - 1) / cell;
}

Tiling decodeInTiles(const Autoencoder &stage, const at::Tensor &zq, int64_t side, const TileFn &tile,
                     std::stop_token stop, const WantedFn &wanted)
{
    std::optional<TiledDecoder> decoder = TiledDecoder::unlessStopped(stage, zq, stop, wanted);
    if (!decoder)
        return Tiling::Partial;
    decoder->sampleStatistics(side);
    const auto make = [&](const Area &cells) { tile(cells, decoder->decode(cells)); };
    return refineTiles(decoder->chain(), tilesOf({{0, zq.size(2)}, {0, zq.size(3)}}, side), make, kDecodingTolerance,
                       stop, wanted);
}

} // namespace tessera::models
