// A stage's encoder for pictures and maps whose features do not fit memory: the mirror image of models/tileddecoder.h.
// What works at the resolution of the picture runs in tiles (models/tiledchain.h), what works at that of codes on the
// whole.
#pragma once

#include <cstdint>
#include <stop_token>

#include "models/autoencoder.h"
#include "models/tiledchain.h"

namespace tessera::models
{

// A code changes when what it was chosen by moves past the border to another; closer statistics change fewer.
inline constexpr double kEncodingTolerance = 2e-4;

// Codes of an input [1, inChannels, rows, columns] in tiles of about `side` by `side` codes: int64 [1, rows / f,
// columns / f], rounded down. They are those that Autoencoder::encode chooses, except where two codes fit about equally
// well. `stop` is looked at between tiles and between blocks; after it the codes are 0.
at::Tensor encodeInTiles(const Autoencoder &stage, const LocalInput &input, int64_t side, std::stop_token stop = {});

} // namespace tessera::models
