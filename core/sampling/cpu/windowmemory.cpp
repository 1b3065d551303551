#include "core/sampling/cpu/windowmemory.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <c10/util/Exception.h>

#include "core/sampling/cpu/kernels.h"
#include "models/error.h"

namespace tessera::core::cpu
{

namespace
{

constexpr size_t kKeptAlways = 2; // one window with guidance
constexpr int64_t kKeptBytes = int64_t(128) << 20;

} // namespace

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

CacheStore::CacheStore(const CacheLayout &layout)
    : m_layout(layout)
    , m_most(std::max(kKeptAlways, size_t(kKeptBytes / layout.bytes())))
{
    m_kept.reserve(m_most);
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

void CacheStore::giveBack(AlignedBuffer<std::byte> memory) noexcept
{
    const std::scoped_lock lock(m_mutex);
    if (memory.size() > 0 && m_kept.size() < m_most)
        m_kept.push_back(std::move(memory)); // has room
}

void CacheStore::free()
{
    const std::scoped_lock lock(m_mutex);
    m_kept.clear();
}

void CpuCache::prepare()
{
    if (m_memory.size() == 0)
        m_memory = m_store->take();
}

// A head's keys, in whole blocks, and its values stand in one stretch each.
void CpuCache::copyFrom(const CpuCache &from, int64_t tokens)
{
    TORCH_CHECK(length() == 0 && tokens <= from.length(), "copy of ", tokens, " tokens out of ", from.length(),
                " into a cache of ", length());
    prepare();
    const CacheLayout &at = layout();
    const auto copy = [&](int64_t place, int64_t count) {
        std::memcpy(m_memory.data() + place * at.elementBytes(), from.m_memory.data() + place * at.elementBytes(),
                    size_t(count * at.elementBytes()));
    };
    for (int64_t layer = 0; layer < at.layers; ++layer) {
        for (int64_t head = 0; head < at.heads; ++head) {
            copy(at.keysAt(layer, head), roundedUp(tokens, kPanel) * at.headDim);
            copy(at.valuesAt(layer, head), tokens * at.valueWidth());
        }
    }
    grow(tokens);
}

} // namespace tessera::core::cpu
