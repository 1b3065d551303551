// The frozen stages that a transformer's conditions come from: one that reads labels, and others for depth and edges.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/training/modelparts.h"
#include "models/training/recipe.h"
#include "models/training/sequences.h"

namespace tessera::models
{

// Throws Error (InvalidArgument, ModelMismatch) unless these are a first stage for pictures and stages for maps of
// their kinds whose codes are all of one size.
void checkStages(const AutoencoderConfig &firstStage, const std::vector<ConditionConfig> &conditions);

class TrainedConditions
{
public:
    // Opens what the recipe names: condition_stage, and depth_stage and edges_stage where they are there. Throws Error:
    // what TrainedStage throws.
    TrainedConditions(Recipe &recipe, c10::Device device);

    const TrainedStage &of(ConditionKind kind) const { return m_stages.at(kind); }
    bool has(ConditionKind kind) const { return m_stages.contains(kind); }
    Stages networks() const;
    std::map<ConditionKind, at::Tensor> codebooks() const; // drawnVectors(), on the CPU

    // Kind, label set, reach of edges and network, decoder and all.
    std::vector<ConditionConfig> described() const;
    // By the names of a whole model, without decoders.
    StateDict tensors() const;
    // Of all of them: equal stages, equal text.
    std::string identity() const;

private:
    std::map<ConditionKind, TrainedStage> m_stages; // Labels first
};

} // namespace tessera::models
