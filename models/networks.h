// All networks of one model.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "models/autoencoder.h"
#include "models/config.h"
#include "models/transformer.h"

namespace tessera::models
{

struct Networks {
    Autoencoder firstStage;
    std::optional<Autoencoder> conditionStage; // where the configuration has one
    std::optional<Transformer> transformer;    // likewise

    // Takes every tensor from `source`, by the original's names: first_stage_model., cond_stage_model., transformer.; a
    // first stage alone has no prefix. With `shared` the condition stage is the first stage, tensors and all, and no name
    // begins with cond_stage_model. Throws what the source throws.
    static Networks create(const ModelConfig &config, ParameterSource &source, bool shared = false);
};

// The names that create() asks for.
std::set<std::string> networkTensors(const ModelConfig &config, bool shared = false);

} // namespace tessera::models
