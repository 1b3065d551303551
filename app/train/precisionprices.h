// Measures what the CPU engine's reduced precisions cost a model (core/sampling/precisionprice.h).
#pragma once

#include <filesystem>
#include <stop_token>

#include "app/train/progress.h"

namespace tessera::train
{

struct PrecisionPriceOptions {
    std::filesystem::path model = "starter";
    std::filesystem::path data; // shards of pictures, or a folder with val/ below it
    int threads = 0;            // 0: as many as LibTorch takes
    bool json = false;
    ProgressStyle progress = ProgressStyle::Auto;
};

// Figures on stdout; none after a stop. Throws Error.
void measurePrecisionPrices(const PrecisionPriceOptions &options, std::stop_token stop);

} // namespace tessera::train
