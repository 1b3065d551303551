// Measures a model on a data set and prints the figures.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "app/train/judging.h"

namespace tessera::train
{

struct EvaluationOptions {
    std::filesystem::path model = "starter";
    std::filesystem::path data = "build/data/val";
    std::string device = "cpu";
    int threads = 0; // 0: as many as LibTorch takes
    bool json = false;
    JudgingOptions judging; // its rows are left out where no judge is named
};

// Figures on stdout; nothing after a stop. Throws Error.
void evaluate(const EvaluationOptions &options, std::stop_token stop);

} // namespace tessera::train
