// Memory for weights that every pass reads from end to end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/sampling/cpu/alignedbuffer.h"

namespace tessera::core::cpu
{

// Hands out pieces of a few large blocks, so that the matrices of small models, too, lie on large pages and beside each
// other. Pieces live as long as the arena; where it moves to they move along.
class WeightArena
{
public:
    // Zeros, aligned to 64 bytes. Throws std::bad_alloc.
    std::byte *take(int64_t bytes);

private:
    std::vector<AlignedBuffer<std::byte>> m_blocks;
    int64_t m_used = 0; // of the last block
};

} // namespace tessera::core::cpu
