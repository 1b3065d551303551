// Runs a training recipe with progress on the terminal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

#include "app/train/progress.h"
#include "models/training/trainer.h"

namespace tessera::train
{

struct TrainingOptions {
    std::filesystem::path recipe;
    std::filesystem::path data = "build/data";
    std::filesystem::path output; // empty: build/training/<the recipe's name>
    bool resume = false;
    std::optional<double> minutes;
    std::optional<int64_t> steps;
    std::string device = "cpu";
    int threads = 0; // 0: as many as LibTorch takes
    ProgressStyle progress = ProgressStyle::Auto;
};

using Trainer = void (*)(const models::TrainOptions &);

// Runs a trainer with a progress bar. Throws what it throws.
void trainWithProgress(models::TrainOptions request, Trainer train, ProgressStyle style);

// Throws what the trainer throws. After a stop the checkpoint is saved.
void runTraining(const TrainingOptions &options, Trainer train, std::stop_token stop);

} // namespace tessera::train
