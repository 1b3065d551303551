#include "app/train/training.h"

#include <cstdio>
#include <functional>
#include <string_view>

#include "app/train/threads.h"
#include "models/device.h"
#include "models/error.h"
#include "models/training/recipefile.h"

namespace tessera::train
{

namespace
{

ProgressState stateOf(const models::TrainProgress &progress)
{
    ProgressState state;
    state.label = progress.phase;
    state.done = progress.step;
    state.fraction = progress.fraction;
    state.values = progress.values;
    return state;
}

// Sentences about the recipe begin with it.
void naming(const std::filesystem::path &recipe, const std::function<void()> &work)
{
    try {
        work();
    } catch (const Error &error) {
        if (!std::string_view(error.what()).starts_with("'recipe"))
            throw;
        throw Error(error.code(), recipe.string() + ": " + error.what());
    }
}

} // namespace

void trainWithProgress(models::TrainOptions request, Trainer train, ProgressStyle style)
{
    ProgressBar bar(style, "steps");
    request.progress = [&bar](const models::TrainProgress &progress) { bar.show(stateOf(progress)); };
    train(request);
}

void runTraining(const TrainingOptions &options, Trainer train, std::stop_token stop)
{
    setThreads(options.threads);
    models::TrainOptions request;
    request.recipe = models::readRecipe(options.recipe);
    request.data = options.data;
    request.output =
        options.output.empty() ? std::filesystem::path("build/training") / options.recipe.stem() : options.output;
    request.resume = options.resume;
    request.minutes = options.minutes;
    request.steps = options.steps;
    request.stop = stop;
    request.device = models::deviceNamed(options.device);
    naming(options.recipe, [&] { trainWithProgress(request, train, options.progress); });
    if (stop.stop_requested()) {
        std::fprintf(stderr, "tessera-train: stopped; '%s' holds a checkpoint, --resume goes on from it\n",
                     request.output.c_str());
    }
}

} // namespace tessera::train
