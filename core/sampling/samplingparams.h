// The choices that decide how codes are drawn. A plain value, part of what makes a picture repeatable.
#pragma once

#include <cstdint>

#include "core/sampling/windowplan.h"

namespace tessera::core
{

struct SamplingParams {
    uint64_t seed = 0;
    uint32_t variation = 0;
    double temperature = 1.0; // > 0
    int64_t topK = 0;         // 0: off; ties with the k-th survive
    double topP = 1.0;        // (0, 1]; 1: off; always keeps the code that crosses p
    double guidance = 1.0;    // 1: off; otherwise u + g (c - u) on logits, needs a null token
    bool greedy = false;      // most probable code, lowest index on ties
    WindowPolicy window{};
    bool operator==(const SamplingParams &) const = default;
};

} // namespace tessera::core
