// Keys and values of what stands before windows' codes (controls, condition), kept by content, so that equal prefixes
// go through the transformer once: for another seed or variation, for windows that an edit did not touch, for windows
// over equal parts of a map, and for guidance's unconditional stream, whose prefix is the same in every window.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/sampling/engine.h"

namespace tessera::core
{

// One engine's. Of use only to an engine that keepsBitsInChunks(); with another it makes empty caches and keeps none.
// One thread at a time.
class PrefixStore
{
public:
    static constexpr size_t kFewest = 2; // one window with guidance, however large

    // `unmasked`: of the transformer. As many prefixes are kept as caches fit `mostBytes`. The engine must outlive the
    // store.
    PrefixStore(TransformerEngine &engine, int64_t unmasked, uint64_t mostBytes);

    // From now on as many as fit so many bytes and `mostBytes`; what is too much goes at once.
    void limit(uint64_t bytes);

    // Says that another picture is drawn from now on, or the same one again.
    void beginPicture();

    // A cache that begins with tokens of `prefix` that are known already, as many as can be had up to `most`, or an
    // empty one. Throws Error (OutOfMemory).
    std::shared_ptr<WindowCache> open(std::span<const int64_t> prefix, int64_t most);

    // The cache begins with `prefix` now. It may be in use, and grow, but no more be cut below that. When there are too
    // many entries, those go that neither this picture nor the one before has used, the oldest first. Are there none,
    // the newest goes that has not been used again: windows come in the same order in each picture, so that of more
    // windows than fit the first ones are found again, and by the rule of the oldest none would be.
    void keep(std::vector<int64_t> prefix, std::shared_ptr<WindowCache> cache);

    void clear() { m_entries.clear(); }
    uint64_t bytes() const { return m_entries.size() * m_engine.cacheBytes(); }

private:
    struct Entry {
        std::vector<int64_t> prefix;
        std::shared_ptr<WindowCache> cache;
        uint64_t picture = 0; // that used it last
        bool again = false;   // used by this picture after it came, or after another picture left it
    };

    // Of an entry's tokens those that `prefix` may take over, at most `most`.
    int64_t common(const Entry &entry, std::span<const int64_t> prefix, int64_t most) const;
    // To the front, as used.
    void touch(std::vector<Entry>::iterator entry);
    size_t entriesIn(uint64_t bytes) const;
    void dropOne();

    TransformerEngine &m_engine;
    const int64_t m_unmasked;
    const uint64_t m_mostBytes;
    size_t m_mostEntries;
    uint64_t m_picture = 1;
    std::vector<Entry> m_entries; // the one used last first
};

} // namespace tessera::core
