#include "core/sampling/prefixstore.h"

#include <algorithm>
#include <utility>

namespace tessera::core
{

PrefixStore::PrefixStore(TransformerEngine &engine, int64_t unmasked, uint64_t mostBytes)
    : m_engine(engine)
    , m_unmasked(unmasked)
    , m_mostBytes(mostBytes)
    , m_mostEntries(entriesIn(mostBytes))
{}

void PrefixStore::limit(uint64_t bytes)
{
    m_mostEntries = entriesIn(std::min(bytes, m_mostBytes));
    while (m_entries.size() > m_mostEntries) {
        dropOne();
    }
}

void PrefixStore::beginPicture()
{
    ++m_picture;
    for (Entry &entry : m_entries) {
        entry.again = false;
    }
}

std::shared_ptr<WindowCache> PrefixStore::open(std::span<const int64_t> prefix, int64_t most)
{
    const auto tokens = [&](const Entry &entry) { return common(entry, prefix, most); };
    const auto best = std::ranges::max_element(m_entries, {}, tokens);
    if (best == m_entries.end() || tokens(*best) == 0) {
        return m_engine.makeCache();
    }
    const int64_t count = tokens(*best);
    if (!std::ranges::equal(best->prefix, prefix)) {
        return m_engine.copyCache(*best->cache, count);
    }
    touch(best);
    const std::shared_ptr<WindowCache> &cache = m_entries.front().cache;
    if (cache.use_count() > 1) {
        return m_engine.copyCache(*cache, count);
    }
    cache->truncate(count); // a closed window's is taken over as it is
    return cache;
}

void PrefixStore::keep(std::vector<int64_t> prefix, std::shared_ptr<WindowCache> cache)
{
    if (!m_engine.keepsBitsInChunks()) {
        return;
    }
    const auto known = std::ranges::find(m_entries, prefix, &Entry::prefix);
    if (known != m_entries.end()) {
        touch(known);
        return;
    }
    if (m_entries.size() >= m_mostEntries) {
        dropOne();
    }
    m_entries.insert(m_entries.begin(), {std::move(prefix), std::move(cache), m_picture});
}

// Tokens that see each other are only equal where all of them are.
int64_t PrefixStore::common(const Entry &entry, std::span<const int64_t> prefix, int64_t most) const
{
    const auto [end, ignored] = std::ranges::mismatch(entry.prefix, prefix);
    const int64_t equal = end - entry.prefix.begin();
    const int64_t tokens = std::min({equal, entry.cache->length(), most});
    return equal == int64_t(prefix.size()) || tokens >= m_unmasked ? tokens : 0;
}

void PrefixStore::touch(std::vector<Entry>::iterator entry)
{
    entry->picture = m_picture;
    entry->again = true;
    std::rotate(m_entries.begin(), entry, entry + 1);
}

size_t PrefixStore::entriesIn(uint64_t bytes) const
{
    return std::max(kFewest, size_t(bytes / std::max<uint64_t>(1, m_engine.cacheBytes())));
}

void PrefixStore::dropOne()
{
    if (m_entries.back().picture + 1 < m_picture) {
        m_entries.pop_back();
        return;
    }
    const auto newest = std::ranges::find(m_entries, false, &Entry::again);
    m_entries.erase(newest == m_entries.end() ? m_entries.end() - 1 : newest);
}

} // namespace tessera::core
