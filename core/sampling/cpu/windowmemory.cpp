#include "core/sampling/cpu/windowmemory.h"

#include <string>

#include "core/sampling/cpu/kernels.h"
#include "models/error.h"

namespace tessera::core::cpu
{

CacheLayout::CacheLayout(const models::TransformerConfig &config, bool inBFloat16)
    : layers(config.layers)
    , heads(config.heads)
    , headDim(config.headDim())
    , tokens(roundedUp(config.blockSize, kPanel))
    , bfloat16(inBFloat16)
{}

int64_t CacheLayout::valueWidth() const
{
    return roundedUp(headDim, kLaneGroup);
}

AlignedBuffer<std::byte> CacheStore::take()
{
    const std::scoped_lock lock(m_mutex);
    if (!m_kept.empty()) {
        AlignedBuffer<std::byte> memory = std::move(m_kept.back());
        m_kept.pop_back();
        return memory;
    }
    try {
        AlignedBuffer<std::byte> memory;
        memory.reserveUndefined(m_layout.bytes());
        return memory;
    } catch (const std::bad_alloc &) {
        throw Error(ErrorCode::OutOfMemory,
                    "There is no memory for another attention window: " + std::to_string(m_layout.bytes() >> 20)
                        + " MiB were asked for; a smaller canvas or larger window steps need less");
    }
}

void CacheStore::giveBack(AlignedBuffer<std::byte> memory)
{
    const std::scoped_lock lock(m_mutex);
    const bool fits = m_kept.size() < kKeptAlways || int64_t(m_kept.size() + 1) * m_layout.bytes() <= kKeptBytes;
    if (memory.size() > 0 && fits)
        m_kept.push_back(std::move(memory));
}

void CpuCache::prepare()
{
    if (m_memory.size() == 0)
        m_memory = m_store->take();
}

} // namespace tessera::core::cpu
