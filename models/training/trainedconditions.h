// The frozen stages that a transformer's conditions come from: one that reads labels, and others for depth and edges.
#pragma once

#include <map>
#include <string>

#include "models/training/modelparts.h"
#include "models/training/recipe.h"
#include "models/training/sequences.h"

namespace tessera::models
{

class TrainedConditions
{
public:
    // Opens what the recipe names: condition_stage, and depth_stage and edges_stage where they are there. Throws Error:
    // what TrainedStage throws, ModelMismatch for stages whose codes are of another size than the first stage's.
    TrainedConditions(Recipe &recipe, const AutoencoderConfig &firstStage, c10::Device device);

    const TrainedStage &of(ConditionKind kind) const { return m_stages.at(kind); }
    bool has(ConditionKind kind) const { return m_stages.contains(kind); }
    Stages networks() const;
    std::map<ConditionKind, at::Tensor> codebooks() const; // [codes, embedDim], on the CPU

    // Puts the conditions into the configuration, their codes one after the other from `firstToken`; returns the first token
    // behind them.
    int64_t describe(ModelConfig &config, int64_t firstToken) const;
    // By the names of a whole model, without decoders.
    StateDict tensors() const;
    // Of all of them: equal stages, equal text.
    std::string identity() const;

private:
    std::map<ConditionKind, TrainedStage> m_stages; // Labels first
};

} // namespace tessera::models
