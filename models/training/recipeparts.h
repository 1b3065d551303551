// Parts that several trainings' recipes have in common.
#pragma once

#include <cstdint>
#include <string>

#include <c10/core/Device.h>

#include "models/training/pictureset.h"
#include "models/training/recipe.h"

namespace tessera::models
{

// All of these throw as Recipe does.

// What TrainRun goes by, read as well where a recipe is checked before its run begins.
struct RunKeys {
    double minutes = 0; // 0: no limit
    int64_t steps = 0;  // 0: no limit
    uint64_t seed = 0;
    double checkpointMinutes = 0; // 0: after every step
};
RunKeys readRunKeys(Recipe &recipe);

struct Schedule {
    double learningRate = 0, warmUp = 0, lastRate = 0; // last two: of the run, of the learning rate
};

// learning_rate, warm_up, last_rate; `otherwise` holds what they are where they are missing.
Schedule readSchedule(Recipe &recipe, const Schedule &otherwise);

// `average`, the decay of the weights' moving average: 1 would keep the first ones for ever.
double readAverage(Recipe &recipe, double otherwise);

// `precision`: auto, fp32 or bf16.
std::string readPrecision(Recipe &recipe);
bool bfloat16Wanted(const std::string &precision, c10::Device device);

// whole and least of a recipe's `views`.
ViewSettings readViewSettings(Recipe &views, const ViewSettings &otherwise);

// The recipe's `views` where a step sees squares of pictures.
struct TrainingViews {
    ViewSettings cut;
    int64_t side = 0; // pixels
    int64_t batch = 0;
};

// Sides are multiples of `multiple` and at least `least` pixels. A step that would fill main memory with pixels alone
// is refused.
TrainingViews readTrainingViews(Recipe views, int64_t multiple, int64_t least);

} // namespace tessera::models
