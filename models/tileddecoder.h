// A first stage's decoder for canvases whose maps do not fit memory.
//
// What the decoder does at the resolution of codes, attention included, is little: it is computed for the whole canvas.
// The rest, which takes nearly all memory, looks at its neighbourhood and at group normalisation's statistics alone,
// and runs tile by tile (models/tiledchain.h).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include "models/autoencoder.h"
#include "models/tiledchain.h"

namespace tessera::models
{

// One thread. The stage must outlive it.
class TiledDecoder
{
public:
    // `zq`: quantised latents [1, embedDim, h, w]. Runs what works at the resolution of codes.
    TiledDecoder(const Autoencoder &stage, const at::Tensor &zq);
    // The same. `stop` is looked at between blocks, together with `wanted`: none where that ended it.
    static std::optional<TiledDecoder> unlessStopped(const Autoencoder &stage, const at::Tensor &zq,
                                                     const std::stop_token &stop, const WantedFn &wanted);

    // As TiledChain::sampleStatistics: `side` in codes.
    void sampleStatistics(int64_t side) { m_chain.sampleStatistics(side); }

    // The pixels of the codes `cells`: [1, outChannels, f rows, f columns], as Decoder::forward gives them.
    // REQUIRES: there are statistics to use.
    at::Tensor decode(const Area &cells);

    TiledChain &chain() { return m_chain; }

    // Codes beyond its own whose change can be seen in a code's pixels apart from what works at the resolution of
    // codes.
    static int64_t reach(const Autoencoder &stage);

private:
    TiledDecoder(const Autoencoder &stage, LocalInput input);

    int64_t m_factor; // pixels of a code's side
    TiledChain m_chain;
};

// A part of the picture; its place in codes.
using TileFn = std::function<void(const Area &cells, const at::Tensor &pixels)>;

// How close the statistics used are to those found before a picture counts as decoded. What is left of an error is less
// than a step of 8-bit values nearly everywhere.
inline constexpr double kDecodingTolerance = 3e-3;

// The whole canvas of `zq` [1, embedDim, h, w] in tiles of `side` by `side` codes. `tile` is called for every tile, as
// often as the statistics have to be refined, and the last call holds. `stop`, `wanted` and the result: as refineTiles;
// what works at the resolution of codes heeds them between blocks.
Tiling decodeInTiles(
    const Autoencoder &stage, const at::Tensor &zq, int64_t side, const TileFn &tile, std::stop_token stop = {},
    const WantedFn &wanted = [] { return true; });

} // namespace tessera::models
