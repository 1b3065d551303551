#include "core/sampling/cpu/attention.h"

#include <algorithm>
#include <cmath>

#include "core/sampling/cpu/packedmatrix.h"

namespace tessera::core::cpu
{

namespace
{

void put(float *row, int64_t place, float value)
{
    row[place] = value;
}

void put(uint16_t *row, int64_t place, float value)
{
    row[pairPlace(place)] = bfloat16Of(value);
}

template<typename Element>
void storeNewTokens(const HeadTask &task, const CacheLayout &at)
{
    Element *keys = task.cache->keys<Element>(task.layer, task.head);
    Element *values = task.cache->values<Element>(task.layer, task.head);
    for (int64_t token = 0; token < task.tokens; ++token) {
        const int64_t place = task.start + token;
        const float *key = task.newKeys + token * task.stride, *value = task.newValues + token * task.stride;
        Element *block = keys + place / kPanel * kPanel * at.headDim, *row = values + place * at.valueWidth();
        for (int64_t i = 0; i < at.headDim; ++i) {
            put(block + i * kPanel, place % kPanel, key[i]);
            put(row, i, value[i]);
        }
    }
}

// How many tokens the one at `place` sees; a window holds at least its unmasked tokens from the first append on.
int64_t visible(int64_t place, int64_t unmasked)
{
    return place < unmasked ? unmasked : place + 1;
}

// A few queries, from `first` on, that share the passes over keys and values.
template<typename Element>
void attendRows(const Kernels &kernels, const HeadTask &task, const CacheLayout &at, int64_t first, int64_t rows,
                float *scratch)
{
    const auto product = at.bfloat16 ? kernels.bfloat16Product : kernels.float32Product;
    float *scores = scratch, *mixed = scratch + kTileRows * at.tokens;
    const float *query = task.query + first * task.stride;
    const Element *keys = task.cache->keys<Element>(task.layer, task.head);
    const int64_t place = task.start + task.tokens - task.queries + first; // of the first query
    const int64_t longest = visible(place + rows - 1, task.unmasked), width = at.valueWidth();
    for (int64_t key = 0; key < longest; key += kPanel) {
        const int64_t count = std::min(kPanel, roundedUp(longest - key, kLaneGroup));
        product(
            {query, task.stride, rows, at.headDim, keys + key * at.headDim, kPanel, count, scores + key, at.tokens});
    }
    const float scale = 1.0f / std::sqrt(float(at.headDim));
    for (int64_t row = 0; row < rows; ++row)
        kernels.softmax(scores + row * at.tokens, visible(place + row, task.unmasked), roundedUp(longest, kLaneGroup),
                        scale);
    const Element *values = task.cache->values<Element>(task.layer, task.head);
    product({scores, at.tokens, rows, longest, values, width, width, mixed, width});
    for (int64_t row = 0; row < rows; ++row)
        std::copy_n(mixed + row * width, at.headDim, task.out + (first + row) * task.outStride);
}

template<typename Element>
void attendAs(const Kernels &kernels, const HeadTask &task, float *scratch)
{
    const CacheLayout &at = task.cache->layout();
    storeNewTokens<Element>(task, at);
    for (int64_t first = 0; first < task.queries; first += kTileRows)
        attendRows<Element>(kernels, task, at, first, std::min(kTileRows, task.queries - first), scratch);
}

} // namespace

int64_t attentionScratch(const CacheLayout &layout)
{
    return kTileRows * (layout.tokens + layout.valueWidth());
}

void attend(const Kernels &kernels, const HeadTask &task, float *scratch)
{
    if (task.cache->layout().bfloat16)
        attendAs<uint16_t>(kernels, task, scratch);
    else
        attendAs<float>(kernels, task, scratch);
}

} // namespace tessera::core::cpu
