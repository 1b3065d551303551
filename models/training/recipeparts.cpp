#include "models/training/recipeparts.h"

#include "models/error.h"
#include "models/training/autocast.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kMostBatch = 4096, kMostSide = 2048;
constexpr int64_t kMostPixels = int64_t(1)
                                << 26; // of a step's views: 64 times what a large GPU takes of a small network

} // namespace

RunKeys readRunKeys(Recipe &recipe)
{
    return {recipe.atLeast<double>("minutes", 0, 0), recipe.atLeast<int64_t>("steps", 0, 0),
            recipe.valueOr<uint64_t>("seed", 0), recipe.atLeast<double>("checkpoint_minutes", 0, 5)};
}

Schedule readSchedule(Recipe &recipe, const Schedule &otherwise)
{
    return {recipe.between<double>("learning_rate", 0, 1, otherwise.learningRate),
            recipe.below("warm_up", 1e-6, 1, otherwise.warmUp), recipe.share("last_rate", otherwise.lastRate)};
}

double readAverage(Recipe &recipe, double otherwise)
{
    return recipe.below("average", 0, 1, otherwise);
}

std::string readPrecision(Recipe &recipe)
{
    const auto word = recipe.valueOr<std::string>("precision", "auto");
    if (word != "auto" && word != "fp32" && word != "bf16")
        recipe.refuse("precision", "auto, fp32 or bf16");
    return word;
}

bool bfloat16Wanted(const std::string &precision, c10::Device device)
{
    return precision == "bf16" || (precision == "auto" && bfloat16Pays(device));
}

ViewSettings readViewSettings(Recipe &views, const ViewSettings &otherwise)
{
    return {views.share("whole", otherwise.whole), views.between<double>("least", 0.1, 1, otherwise.least)};
}

TrainingViews readTrainingViews(Recipe views, int64_t multiple, int64_t least)
{
    TrainingViews result;
    result.cut = readViewSettings(views, {});
    result.side = views.between<int64_t>("size", least, kMostSide, 128);
    result.batch = views.between<int64_t>("batch", 1, kMostBatch, 16);
    views.finish();
    if (result.side % multiple != 0)
        views.refuse("size", "a multiple of " + std::to_string(multiple), std::to_string(result.side));
    if (result.batch * result.side * result.side > kMostPixels)
        throw Error(ErrorCode::InvalidArgument, "'" + views.path() + "' asks for " + std::to_string(result.batch)
                                                    + " squares of " + std::to_string(result.side)
                                                    + " pixels a side in a step, expected at most "
                                                    + std::to_string(kMostPixels) + " pixels together.");
    return result;
}

} // namespace tessera::models
