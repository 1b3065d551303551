// What EvalNet and the distances between sets of pictures say of what a model paints (docs/evaluation.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>

#include <nlohmann/json.hpp>

#include "app/train/progress.h"
#include "models/bundle.h"
#include "models/training/evalnet.h"

namespace tessera::train
{

struct JudgingOptions {
    std::filesystem::path judge;       // EvalNet's file
    std::filesystem::path maps;        // painted maps (paintedmaps.h); empty: their rows are left out
    std::filesystem::path others;      // further real pictures to hold distances against; empty: the rest of the data
    std::filesystem::path photographs; // EfficientNet-Lite0's file; empty: its distances are left out
    std::filesystem::path sheet;       // PNG to look at; empty: none
    int pictures = 60;                 // painted from exact maps, and from exact depth, at most; half without `others`
    int mapsCount = 64;                // of the painted maps, at most
    int canvases = 1;                  // of two windows by four, for seams
    uint64_t seed = 1;
    ProgressStyle progress = ProgressStyle::Auto;
};

// Throws Error (InvalidArgument) where painted maps of `side` pixels cannot be scored in cells, or the judge's labels do
// not lie in them.
void checkJudge(const models::EvalNetConfig &judge, int64_t side);

// Throws Error (InvalidArgument) when there are too few pictures to judge by, in the data or among the others, or the
// data's first has no labels, and what reading the files throws; looks into no more than their heads and that picture.
void checkPictures(const std::filesystem::path &data, const JudgingOptions &options);

// Figures by name. `data` holds shards of pictures that the model was not trained on. Incomplete after a stop. Throws
// Error: what reading the files throws, ModelMismatch, and what checkPictures() throws.
nlohmann::json judgedFigures(const models::ModelBundle &bundle, const std::filesystem::path &data,
                             const JudgingOptions &options, int threads, std::stop_token stop);

} // namespace tessera::train
