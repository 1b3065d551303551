// The training of condition stages that read fields: depth or edges.
#pragma once

#include "models/config.h"
#include "models/training/recipe.h"
#include "models/training/trainer.h"

namespace tessera::models
{

// trainCondition() for a recipe whose `kind` is depth or edges. Blocking. Throws as that does.
void trainFieldStage(const TrainOptions &options, Recipe &recipe, ConditionKind kind);
// checkCondition() for such a recipe.
ConditionConfig checkFieldStage(Recipe &recipe, ConditionKind kind);

} // namespace tessera::models
