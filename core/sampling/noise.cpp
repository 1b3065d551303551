#include "core/sampling/noise.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace tessera::core
{

namespace
{

// Half a step off the ends: strictly between 0 and 1, so that both logarithms are finite.
float gumbel(uint32_t word)
{
    const double uniform = (word + 0.5) * 0x1p-32;
    return float(-std::log(-std::log(uniform)));
}

// Four codes share a block of the hash.
template<typename Wanted>
void fill(uint64_t seed, uint32_t variation, Cell cell, int64_t count, float *noise, Wanted wanted)
{
    const std::array<uint32_t, 2> key{uint32_t(seed), uint32_t(seed >> 32)};
    for (int64_t first = 0; first < count; first += 4) {
        const int64_t end = std::min(first + 4, count);
        std::array<uint32_t, 4> words{};
        bool hashed = false;
        for (int64_t code = first; code < end; ++code) {
            if (!wanted(code)) {
                noise[code] = 0;
                continue;
            }
            if (!std::exchange(hashed, true)) {
                words = philox4x32({uint32_t(first / 4), uint32_t(cell.row), uint32_t(cell.column), variation}, key);
            }
            noise[code] = gumbel(words[size_t(code - first)]);
        }
    }
}

} // namespace

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key)
{
    // Multipliers and key increments of Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
    constexpr uint64_t kMultiplier0 = 0xD2511F53;
    constexpr uint64_t kMultiplier1 = 0xCD9E8D57;
    constexpr uint32_t kKeyStep0 = 0x9E3779B9;
    constexpr uint32_t kKeyStep1 = 0xBB67AE85;
    constexpr int kRounds = 10;
    for (int round = 0; round < kRounds; ++round) {
        const uint64_t product0 = kMultiplier0 * counter[0];
        const uint64_t product1 = kMultiplier1 * counter[2];
        counter = {uint32_t(product1 >> 32) ^ counter[1] ^ key[0], uint32_t(product1),
                   uint32_t(product0 >> 32) ^ counter[3] ^ key[1], uint32_t(product0)};
        key[0] += kKeyStep0;
        key[1] += kKeyStep1;
    }
    return counter;
}

void gumbelNoise(uint64_t seed, uint32_t variation, Cell cell, int64_t count, float *noise)
{
    fill(seed, variation, cell, count, noise, [](int64_t) { return true; });
}

void gumbelNoise(uint64_t seed, uint32_t variation, Cell cell, std::span<const float> scores, float *noise)
{
    fill(seed, variation, cell, int64_t(scores.size()), noise,
         [scores](int64_t code) { return scores[size_t(code)] > -std::numeric_limits<float>::infinity(); });
}

} // namespace tessera::core
