// Region editing: from a painted region to locked codes, and back to a picture that is untouched elsewhere.
#pragma once

#include "core/map/labelmap.h"
#include "core/render/image.h"
#include "core/sampling/grid.h"

namespace tessera::core
{

// Pixels beyond a changed code's block over which the new picture fades into the old one. Farther away the old picture
// stays bit for bit.
inline constexpr int kBlendBandPixels = 8;

// 1 where no pixel of the code's block (factor x factor) lies in the region, so that the code has to stay.
// REQUIRES: the region covers the canvas; pixels beyond whole codes are not looked at.
Grid<uint8_t> lockedCells(const LabelMap &region, GridSize canvas, int factor);

// The new picture inside the blocks of cells that are not locked, the old one outside the blend band, a linear mix
// between. REQUIRES: `drawn` has the canvas' size, `old` at least that; the result has the size of `drawn`.
Image blended(const Image &old, const Image &drawn, const Grid<uint8_t> &locked, int factor);

} // namespace tessera::core
