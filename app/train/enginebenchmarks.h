// How fast the transformer's engines draw codes, side by side. Needs Google Benchmark.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "models/config.h"
#include "models/transformer.h"

namespace tessera::train
{

// Called when a benchmark of the model runs, not before.
struct BenchmarkedModel {
    std::string name;
    std::function<models::ModelConfig()> config;
    std::function<const models::Transformer &()> transformer;
};

// For every engine (torch, and fp32, bf16, int8 of the CPU's own):
// sample/MODEL/ENGINE       the first codes of one window, with the model's own sampling choices: codes/s
// pass/MODEL/ENGINE/ROWS    one token for each of so many windows at once: codes/s, and weights read per second, which
//                           is what bounds few rows
// `threads` 0: as many as LibTorch takes.
void addEngineBenchmarks(const BenchmarkedModel &model, int threads, std::stop_token stop);

// sample/MODEL/ENGINE/SIZE/POLICY   whole canvases of several windows, with the CPU's own engines: codes/s
void addCanvasBenchmarks(const BenchmarkedModel &model, int threads, std::stop_token stop);

} // namespace tessera::train
