#include "core/sampling/cpu/weightarena.h"

#include <algorithm>
#include <cstring>

namespace tessera::core::cpu
{

std::byte *WeightArena::take(int64_t bytes)
{
    constexpr int64_t kBlock = int64_t(16) << 20; // what is not used of one takes no memory but addresses
    if (m_blocks.empty() || m_blocks.back().size() - m_used < bytes) {
        m_blocks.emplace_back().reserveUndefined(std::max(bytes, kBlock));
        m_used = 0;
    }
    std::byte *piece = m_blocks.back().data() + m_used;
    m_used = std::min(m_used + roundedUp(bytes, 64), m_blocks.back().size());
    std::memset(piece, 0, size_t(bytes));
    return piece;
}

} // namespace tessera::core::cpu
