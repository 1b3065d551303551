// Attention of one head over the tokens a window has seen.
#pragma once

#include "core/sampling/cpu/kernels.h"
#include "core/sampling/cpu/windowmemory.h"

namespace tessera::core::cpu
{

// Tokens of one input, in one layer and one head. Rows of the new tokens stand one after the other; the queries are
// those of the last `queries` tokens, in rows of their own.
struct HeadTask {
    CpuCache *cache = nullptr;
    int64_t layer = 0, head = 0;
    int64_t start = 0;                                    // tokens in the cache
    int64_t tokens = 0;                                   // new ones
    const float *newKeys = nullptr, *newValues = nullptr; // of this head: [tokens][stride]
    int64_t stride = 0;
    int64_t queries = 0;
    const float *query = nullptr; // of this head: [queries][stride]
    float *out = nullptr;         // of this head: [queries][outStride]
    int64_t outStride = 0;
    int64_t unmasked = 0; // leading tokens that see each other
};

// Floats of memory that `attend` needs for itself.
int64_t attentionScratch(const CacheLayout &layout);

// Writes the new keys and values behind the old ones, then out = softmax(q k / sqrt(headDim)) v for every query.
// Results of a query do not depend on the other queries. `scratch`: zeros or what an earlier call left.
void attend(const Kernels &kernels, const HeadTask &task, float *scratch);

} // namespace tessera::core::cpu
