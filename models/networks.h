// All networks of one model.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/autoencoder.h"
#include "models/config.h"
#include "models/transformer.h"

namespace tessera::models
{

struct Networks {
    Autoencoder firstStage;
    std::optional<Autoencoder> conditionStage; // where the configuration has one
    std::vector<Autoencoder> otherStages;      // of ModelConfig::otherConditions, in their order
    std::optional<Transformer> transformer;    // likewise

    // Takes every tensor from `source`, by the original's names: first_stage_model., cond_stage_model., transformer.; a
    // first stage alone has no prefix, a condition stage that is the first stage has no names of its own. Other stages
    // are our own: otherStagePrefix(). Throws what the source throws.
    static Networks create(const ModelConfig &config, ParameterSource &source);
};

// "depth_stage_model.", "edges_stage_model.".
std::string otherStagePrefix(ConditionKind kind);

// The names that create() asks for.
std::set<std::string> networkTensors(const ModelConfig &config);

} // namespace tessera::models
