// Regions to fill, as an artist might select them: what stays of a picture while the rest is drawn.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace tessera::models
{

// 1 where a code stays, 0 in the region; row by row, window^2. A few strokes of a narrow brush, a few discs, a
// rectangle, a side of a slanted line, or everything but those; at least one code is of each sort.
// REQUIRES: window >= 2.
std::vector<uint8_t> keptCells(int64_t window, std::mt19937_64 &random);

// Where what stays tells what the codes drawn before do not: 1 in cells of the region next to which a code stays to the
// right, below, or slanting below. `kept`: as keptCells.
std::vector<uint8_t> facingKept(const std::vector<uint8_t> &kept, int64_t window);

} // namespace tessera::models
