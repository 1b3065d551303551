// Measures what moving the attention window in steps costs a model (core/sampling/windowprice.h).
#pragma once

#include <filesystem>
#include <stop_token>

#include "app/train/progress.h"

namespace tessera::train
{

struct WindowPriceOptions {
    std::filesystem::path model = "starter";
    std::filesystem::path data;   // shards of pictures of at least two windows a side, or a folder with val/ below it
    std::filesystem::path record; // where to write the model with its prices; empty: nowhere
    int threads = 0;              // 0: as many as LibTorch takes
    bool json = false;
    ProgressStyle progress = ProgressStyle::Auto;
};

// Figures on stdout, and the model's copy; neither after a stop. Throws Error.
void measureWindowPrices(const WindowPriceOptions &options, std::stop_token stop);

} // namespace tessera::train
