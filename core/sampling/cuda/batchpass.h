// A batch of any size through the network: products by cuBLAS, everything between them by the kernels.
#pragma once

#include "core/sampling/cuda/batch.h"
#include "core/sampling/cuda/cudaweights.h"

namespace tessera::core::cuda
{

// Queues the pass on the current stream; keys and values go into the caches, whose lengths stay as they are. Returns
// the logits of the kept rows for vocabulary ids [first, first + count), float [kept, count]; undefined if `stopped`
// said so before a layer.
at::Tensor batchLogits(const DeviceWeights &weights, const Batch &batch, int64_t first, int64_t count,
                       const StopFn &stopped);

} // namespace tessera::core::cuda
