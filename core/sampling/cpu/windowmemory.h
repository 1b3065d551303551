// Keys and values of one window, as the CPU engine keeps them.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "core/sampling/cpu/alignedbuffer.h"
#include "core/sampling/engine.h"
#include "models/config.h"

namespace tessera::core::cpu
{

// Where things lie. Keys stand in blocks of 64 tokens, turned so that a block is what a product takes as weights:
// [heads][blocks][headDim][64]. Values: [heads][tokens][valueWidth]. Per layer keys, then values. Float32, or bfloat16
// in the pairs of kernels.h.
struct CacheLayout {
    int64_t layers = 0, heads = 0, headDim = 0, tokens = 0; // tokens: a multiple of 64
    bool bfloat16 = false;

    CacheLayout(const models::TransformerConfig &config, bool inBFloat16);
    int64_t valueWidth() const;                           // headDim padded for small products
    int64_t headKeys() const { return tokens * headDim; } // values of one head
    int64_t headValues() const { return tokens * valueWidth(); }
    int64_t elementBytes() const { return bfloat16 ? 2 : 4; }
    int64_t bytes() const { return keysAt(layers, 0) * elementBytes(); }
    // Places of a head's first key and first value, in elements.
    int64_t keysAt(int64_t layer, int64_t head) const
    {
        return layer * heads * (headKeys() + headValues()) + head * headKeys();
    }
    int64_t valuesAt(int64_t layer, int64_t head) const { return keysAt(layer, heads) + head * headValues(); }
};

// Makes the memory of caches and keeps a few of closed windows for the next ones: inside a large canvas a window opens
// and closes for every code, and fresh memory costs a page fault for each of its pages.
class CacheStore
{
public:
    explicit CacheStore(const CacheLayout &layout);

    const CacheLayout &layout() const { return m_layout; }

    // Contents of any kind. Throws Error (OutOfMemory).
    AlignedBuffer<std::byte> take();
    void giveBack(AlignedBuffer<std::byte> memory) noexcept;
    void free(); // what is kept

private:
    const CacheLayout m_layout;
    const size_t m_most;
    std::mutex m_mutex; // caches may be dropped on another thread than the engine's
    std::vector<AlignedBuffer<std::byte>> m_kept;
};

class CpuCache : public WindowCache
{
public:
    explicit CpuCache(std::shared_ptr<CacheStore> store) : m_store(std::move(store)) {}
    ~CpuCache() override { m_store->giveBack(std::move(m_memory)); }

    // Takes the memory at the first call; call it before the others. Throws Error (OutOfMemory).
    void prepare();
    // [blocks][headDim][64] and [tokens][valueWidth] of one head; Element as the layout says: float or uint16_t.
    template<typename Element>
    Element *keys(int64_t layer, int64_t head)
    {
        return reinterpret_cast<Element *>(m_memory.data()) + layout().keysAt(layer, head);
    }
    template<typename Element>
    Element *values(int64_t layer, int64_t head)
    {
        return reinterpret_cast<Element *>(m_memory.data()) + layout().valuesAt(layer, head);
    }
    const CacheLayout &layout() const { return m_store->layout(); }

    // Into an empty cache: the first `tokens` tokens of one of the same layout. Throws Error (OutOfMemory).
    void copyFrom(const CpuCache &from, int64_t tokens);

private:
    std::shared_ptr<CacheStore> m_store;
    AlignedBuffer<std::byte> m_memory;
};

} // namespace tessera::core::cpu
