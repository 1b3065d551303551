// How fast a picture is there again after a stroke. Needs Google Benchmark.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "models/bundle.h"

namespace tessera::train
{

// rerender/MODEL/ENGINE/CELLS   one window, painted from a landscape's labels with the model's own sampling choices; then a
//                               stroke over so many of its cells. The time is that of drawing it again with what is known of
//                               the picture before, "cold ms" and "cold passes" are those of drawing it from nothing.
// For fp32 and int8 of the CPU's own engines; several landscapes take turns. `bundle` is called when a benchmark runs,
// not before, and has to paint from labels. `threads` 0: as many as LibTorch takes.
void addRerenderBenchmarks(const std::string &name, std::function<const models::ModelBundle &()> bundle, int threads,
                           std::stop_token stop);

} // namespace tessera::train
