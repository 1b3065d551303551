// What makes found edges look drawn. Planes of lines: width x height, row by row, not zero on a line. Plain C++,
// deterministic.
#pragma once

#include <cstdint>
#include <vector>

#include "models/training/mapshapes.h"

namespace tessera::models
{

// Erases chains, which are lines that hang together by sides or corners: those of fewer than `shortest` pixels, and
// each of the others with a probability.
void eraseChains(std::vector<uint8_t> &lines, int width, int height, MapRandom &random, double shortest,
                 double probability);

// Lines of `thickness` pixels where they were thin: each of their pixels becomes a square.
std::vector<uint8_t> thickened(const std::vector<uint8_t> &lines, int width, int height, int thickness);

} // namespace tessera::models
