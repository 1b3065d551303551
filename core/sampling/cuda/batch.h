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
    const TokenRow *tokens = nullptr;     // [rows]
    const TokenRow *keptTokens = nullptr; // [kept]
    at::Tensor keptRows;                  // int64 [kept]
    // Where fresh inputs differ in length: the row that stands at each place of [freshInputs, freshLength], and back.
    at::Tensor padded;              // int64 [freshInputs * freshLength]
    at::Tensor unpadded;            // int64 [freshRows]
    std::vector<int64_t> firstKept; // by input as given: its first among the kept rows
};

// Lays the batch out and queues its way to the device. REQUIRES: the copy before from `buffer` is over. Throws Error
// (OutOfMemory), c10::Error where an input does not fit its window.
Batch packBatch(std::span<const EngineInput> inputs, NetworkShape shape, int64_t vocabulary, PinnedBuffer &buffer);

} // namespace tessera::core::cuda
