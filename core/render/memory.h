// How much memory a render needs, known before any of it is taken.
#pragma once

#include <cstdint>
#include <string>

#include "core/sampling/grid.h"
#include "core/sampling/windowplan.h"
#include "models/config.h"

namespace tessera::models
{
struct Autoencoder;
}

namespace tessera::core
{

// Bytes that a stage's networks may take: what is free on the CPU; a GPU's allocator answers for itself.
uint64_t stageMemory(const models::Autoencoder &stage);

// What a network that works on a canvas of that many codes holds at its widest, in bytes (float32). An estimate: five
// maps of the widest level live at once, as measured.
uint64_t activationBytes(const models::AutoencoderConfig &config, GridSize canvas);

// The same for a decoder or an encoder that works in tiles of at most `tile` codes a side: maps of the canvas at the
// resolution at which it is looked at as a whole, mostly that of codes, and those of one tile with its margin; 8-bit
// pictures of the decoder.
uint64_t tiledDecodingBytes(const models::AutoencoderConfig &config, GridSize canvas, int tile);
uint64_t tiledEncodingBytes(const models::AutoencoderConfig &config, GridSize canvas, int tile);

// What they need at least: as a whole, or in tiles.
uint64_t decodingBytes(const models::AutoencoderConfig &config, GridSize canvas);
uint64_t encodingBytes(const models::AutoencoderConfig &config, GridSize canvas);

// How to work on a canvas in `bytes` of memory: 0: as a whole; otherwise the side in codes of the largest tiles that
// fit, the smallest there are when none does.
int decodingTile(const models::AutoencoderConfig &config, GridSize canvas, uint64_t bytes);
int encodingTile(const models::AutoencoderConfig &config, GridSize canvas, uint64_t bytes);

// Whether some stage of a model whose stages may take `bytes` works on a canvas in larger tiles than the smallest ones,
// or as a whole.
bool hasSmallerTiles(const models::ModelConfig &config, GridSize canvas, uint64_t bytes);

// Side of the tiles that previews are decoded in: never more than a small share of a large canvas.
int previewTile(const models::AutoencoderConfig &config, GridSize canvas, uint64_t bytes);

// At least WindowPlan::liveWindows() of the canvas' plan, and hardly more, without making the plan.
int mostLiveWindows(int window, GridSize canvas, const WindowPolicy &policy);

// Caches of the windows alive at once, and the largest activations, in tiles where that takes less, in bytes.
// `cacheBytes`: of one window.
uint64_t renderBytes(const models::ModelConfig &config, GridSize canvas, const WindowPolicy &policy, bool guided,
                     uint64_t cacheBytes);

// "1.4 GiB", "310 MiB".
std::string bytesText(uint64_t bytes);

} // namespace tessera::core
