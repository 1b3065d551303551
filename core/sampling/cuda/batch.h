// The tokens of a batch, side by side as rows of one matrix, in device memory.
#pragma once

#include <span>
#include <vector>

#include "core/sampling/cuda/kernels.h"
#include "core/sampling/cuda/pinnedbuffer.h"
#include "core/sampling/engine.h"

namespace tessera::core::cuda
{

// Inputs that begin their windows come first: their attention needs no cache. Valid until the buffer's next use.
struct Batch {
    int64_t rows = 0;
    int64_t kept = 0;        // rows whose logits are wanted
    int64_t freshInputs = 0; // that begin their windows
    int64_t freshRows = 0;
    int64_t freshLength = 0;              // tokens of the longest of them
    at::Tensor freshStarts;               // int32 [freshInputs + 1]: where their rows begin, and end
    const TokenRow *tokens = nullptr;     // [rows]
    const TokenRow *keptTokens = nullptr; // [kept]
    at::Tensor keptRows;                  // int64 [kept]
    bool allKept = false;                 // they are all rows, in order
    std::vector<int64_t> firstKept;       // by input as given: its first among the kept rows
};

struct BatchSize {
    int64_t rows = 0, kept = 0;
};

// Whether the input's attention needs no cache.
bool beginsWindow(const EngineInput &input, NetworkShape shape);

// Lays the batch out and queues its way to the device. Unused rows, and kept ones, fill it up to `least`; batches of
// equal size without fresh inputs lie at the same places of the buffer. REQUIRES: the copy before from `buffer` is
// over. Throws Error (OutOfMemory), c10::Error where an input does not fit its window.
Batch packBatch(std::span<const EngineInput> inputs, NetworkShape shape, int64_t vocabulary, PinnedBuffer &buffer,
                BatchSize least = {});

} // namespace tessera::core::cuda
