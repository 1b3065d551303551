// The transformer on the CPU, with kernels of its own: weights packed once, all rows of a batch in one pass over them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/sampling/engine.h"

namespace tessera::core
{

enum class CpuPrecision {
    Float32,  // the LibTorch engine's codes
    BFloat16, // weights, keys and values rounded to bfloat16; all sums float32
    Int8,     // products of int8 weights (a scale an output) and uint8 inputs (a scale a row), bfloat16 keys and values
};

struct CpuEngineOptions {
    CpuPrecision precision = CpuPrecision::Float32;
    int threads = 1;            // the caller's included
    std::string instructions{}; // one of cpuInstructionSets(); empty: the fastest
};

// Packs the weights and lets the model's go one layer after the other; where somebody else holds them, they take their
// size in `precision` again. A batch costs hardly more than one input as long as it has few tokens, and results of an
// input do not depend on the others or on how its tokens were divided between appends. Allocates nothing from the
// second append of a size on. Throws Error: OutOfMemory, and InvalidArgument for instructions this machine does not
// have.
std::unique_ptr<TransformerEngine> makeCpuEngine(models::Transformer model, const CpuEngineOptions &options = {});

// What this machine can run, the fastest first: "amx", "avx512", "avxvnni", "avx2", "portable".
std::vector<std::string> cpuInstructionSets();

} // namespace tessera::core
