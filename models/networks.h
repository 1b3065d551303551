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
    // first stage alone has no prefix, a condition stage that is the first stage has no names of its own. Throws what the
    // source throws.
    static Networks create(const ModelConfig &config, ParameterSource &source);
};

// The names that create() asks for.
std::set<std::string> networkTensors(const ModelConfig &config);

} // namespace tessera::models
