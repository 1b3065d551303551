// Regions to fill, as an artist might select them: what stays of a picture while the rest is drawn.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace tessera::models
{

// 1 where a code stays, 0 in the region; row by row, window^2. A rectangle, a few discs, a side of a slanted line, or
// everything but those; at least one code is of each sort. REQUIRES: window >= 2.
std::vector<uint8_t> keptCells(int64_t window, std::mt19937_64 &random);

} // namespace tessera::models
