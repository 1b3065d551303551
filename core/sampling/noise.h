// Noise that belongs to the place: a counter-based hash (Philox4x32-10, Salmon et al. 2011) of seed,
// variation, row, column and code, so that a picture does not depend on the order or the batch in which its
// codes are drawn.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/sampling/grid.h"

namespace tessera::core
{

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// Standard Gumbel noise for codes [0, count) of one place: argmax(log p + noise) is an exact draw from p.
void gumbelNoise(uint64_t seed, uint32_t variation, Cell cell, int64_t count, float *noise);

// The same for the codes with a chance alone: whose score is above -infinity. 0 for the others, which is much faster
// where filters leave few.
void gumbelNoise(uint64_t seed, uint32_t variation, Cell cell, std::span<const float> scores, float *noise);

} // namespace tessera::core
