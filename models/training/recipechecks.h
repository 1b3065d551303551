// What trainings check of their recipes when they begin, without data, folders or the models of other trainings: for
// plans of several trainings, whose last recipe should not be refused when hours have passed.
#pragma once

#include <vector>

#include "models/config.h"
#include "models/training/recipe.h"

namespace tessera::models
{

// All throw what the trainings throw of a recipe (trainer.h), and name its keys by the recipe's path.

// The first stage that such a recipe makes.
AutoencoderConfig checkVqgan(Recipe recipe);
// The condition stage: kind, label set, reach of edges, and the network as `stage`.
ConditionConfig checkCondition(Recipe recipe);
// A transformer's recipe that leaves the stages' files out, for stages such as these. Returns the side of its window in
// pixels, which canvases must exceed.
int64_t checkTransformer(Recipe recipe, const AutoencoderConfig &firstStage,
                         const std::vector<ConditionConfig> &conditions);

} // namespace tessera::models
