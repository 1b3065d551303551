// The transformer on an NVIDIA GPU, with kernels of its own beside cuBLAS' products.
//
// Many tokens: those of all inputs go through every product together; windows fed from their start take LibTorch's
// fused attention, others the kernel that reads their caches; few rows of the latter kind are recorded as a CUDA graph.
// Single tokens of a few windows: one kernel for all layers, or five a layer, recorded once as a CUDA graph. Codes of
// one window are drawn on the device, so that nothing waits for the host in between.
#pragma once

#include <memory>
#include <optional>

#include <c10/core/Device.h>

#include "core/sampling/engine.h"

namespace tessera::models
{
struct TransformerConfig;
}

namespace tessera::core
{

enum class CudaPrecision {
    Float32,  // the reference's arithmetic, without TF32
    BFloat16, // weights, keys, values and what products read; sums, the residual stream, softmax and logits are float32
    Float16,  // the same with float16
};

struct CudaEngineOptions {
    c10::Device device{c10::kCUDA, 0};
    CudaPrecision precision = CudaPrecision::Float32;
    // Kernels fetch their weights while the one before still runs, where the device can.
    bool overlap = true;
    // Single tokens of one or two windows go through all layers in one kernel, whose blocks wait for each other, where
    // the device can run them side by side. By itself where the matrices are large enough to hide how long blocks wait.
    std::optional<bool> whole = std::nullopt;
    // Windows of so many steps of a large canvas are fed in one pass, as far as a sixteenth of the device's memory goes
    // for their caches; 1: each in its own step.
    int stepsAhead = 4;
    // Passes of few rows are recorded as CUDA graphs, where the driver lets it. Changes no bit.
    bool recordSmall = true;
};

// Whether the kernels are made for this device: an NVIDIA GPU of compute capability 8 or newer.
bool cudaEngineRunsOn(c10::Device device);
// Whether CudaEngineOptions::overlap has an effect there: compute capability 9 or newer.
bool cudaEngineOverlapsOn(c10::Device device);
// Whether the kernels are made for a transformer of this shape: heads of 64.
bool cudaEngineSupports(const models::TransformerConfig &config);

// Copies the weights to the device in `precision`; `model` may go afterwards. Bits of an input's results depend on the
// batch that it is in. REQUIRES: cudaEngineSupports(model.config), cudaEngineRunsOn(options.device). Throws Error
// (OutOfMemory).
std::unique_ptr<TransformerEngine> makeCudaEngine(const models::Transformer &model,
                                                  const CudaEngineOptions &options = {});

// How often an engine went which way. Where device and driver do not suit one, the next is taken without a word; tests
// that compare two of them ask.
struct CudaWays {
    int64_t whole = 0, overlapping = 0, apart = 0; // steps of single tokens, by how their kernels follow each other
    int64_t recorded = 0;                          // passes of few rows as CUDA graphs
};
// REQUIRES: of makeCudaEngine().
CudaWays cudaWays(const TransformerEngine &engine);

} // namespace tessera::core
