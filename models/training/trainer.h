// The training runs behind `tessera-train vqgan | condition | transformer | evalnet`. Blocking; one at a time in a
// process.
//
// Each run is described by a recipe (resources/recipes), ends on steps or minutes, stops between steps when asked, and
// leaves in its output folder: checkpoint.safetensors (everything to go on, replaced every few minutes),
// model.safetensors (the averaged weights, openable), log.jsonl and samples.png to look at. A run that breaks tries to
// keep what it learned until then; where its figures were no numbers, the checkpoint until then stays beside it as
// checkpoint-before.safetensors. A run that ends with nothing learned leaves a checkpoint, no model, and an error.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include <c10/core/Device.h>
#include <nlohmann/json.hpp>

namespace tessera::models
{

struct TrainProgress {
    std::string phase;
    int64_t step = 0;
    double fraction = 0;                  // of the steps or minutes
    std::map<std::string, double> values; // losses and figures by name
};

struct TrainOptions {
    nlohmann::json recipe;
    std::filesystem::path data;     // folder of shards: train/ and val/ below it
    std::filesystem::path output;   // made when missing
    c10::Device device = c10::kCPU; // where networks learn
    bool resume = false;            // go on from output/checkpoint.safetensors
    std::optional<double> minutes;  // instead of the recipe's; counted over all sessions of a run
    std::optional<int64_t> steps;
    std::stop_token stop;
    std::function<void(const TrainProgress &)> progress;
};

// Throw Error: InvalidArgument (recipe key, found, expected), FileRead, FileFormat, ModelMismatch, FileWrite,
// NonFinite. Pictures -> first stage: phase A learns the codes, phase B freezes them and sharpens the decoder against a
// discriminator.
void trainVqgan(const TrainOptions &options);
// Label maps, depth or edges (the recipe's `kind`) -> condition stage.
void trainCondition(const TrainOptions &options);
// Codes given condition codes -> transformer. The recipe names the two stages; model.safetensors is a whole model.
void trainTransformer(const TrainOptions &options);
// Pictures -> EvalNet, which judges the others' pictures (evalnet.h).
void trainEvalNet(const TrainOptions &options);

} // namespace tessera::models
