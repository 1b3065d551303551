// Which engine runs a transformer on a device.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/sampling/engine.h"

namespace tessera::models
{
struct TransformerConfig;
}

namespace tessera::core
{

// Precisions that a device ("cpu", "cuda:0") offers, the reference's first: "fp32", "bf16", "fp16", "int8".
std::vector<std::string> enginePrecisions(const std::string &device);

// Whether it offers one of them to a transformer of this shape.
bool offersPrecision(const models::TransformerConfig &config, const std::string &device, const std::string &precision);

// The fastest of those: "fp32" where there is none faster.
std::string fastestPrecision(const models::TransformerConfig &config, const std::string &device);

struct ChosenEngine {
    std::unique_ptr<TransformerEngine> engine;
    bool ownsWeights = false; // the model may go
};

// The fastest one. REQUIRES: a precision that the device offers. `threads`: of the CPU. Throws Error: OutOfMemory, and
// InvalidArgument for a precision that the device does not offer this transformer.
ChosenEngine chooseEngine(const models::Transformer &model, const std::string &device, const std::string &precision,
                          int threads);

// The CPU's, which lets the model's weights go while it lays out its own (cpuengine.h).
std::unique_ptr<TransformerEngine> cpuEngine(models::Transformer model, const std::string &precision, int threads);

} // namespace tessera::core
