// A whole starter in one run: data, condition stage, first stage, transformer, figures.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "app/train/progress.h"

namespace tessera::train
{

struct StarterOptions {
    std::filesystem::path plan;                // empty: resources/recipes/starter.yaml, on a GPU starter-gpu.yaml
    double minutes = 0;                        // for all of it; figures come on top
    std::filesystem::path data = "build/data"; // train/ and val/ below it; pictures that are there are kept
    std::filesystem::path output = "build/starter";
    std::string device = "auto";
    std::string landscapeDevice = "cpu";
    bool resume = false; // go on with the parts that an earlier run of the same minutes left in `output`
    int threads = 0;     // 0: as many as LibTorch takes
    ProgressStyle progress = ProgressStyle::Auto;
};

// Leaves in `output` figures.json and a folder for each part; transformer/model.safetensors is the whole starter, ready
// to ship. Throws Error. After a stop everything is kept for `resume`.
void trainStarter(const StarterOptions &options, std::stop_token stop);

} // namespace tessera::train
