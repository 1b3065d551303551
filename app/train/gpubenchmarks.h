// How fast pictures come on a GPU. Needs Google Benchmark.
#pragma once

#include <stop_token>

#include "app/train/enginebenchmarks.h"

namespace tessera::train
{

// On the first GPU, nothing where there is none. `published`: 310 M parameters at random; `starter`: the shipped model, its
// config null where it is not there.
// gpu/sample/MODEL/SIZE/PRECISION   all codes of a picture with the paper's windows and top-k 100: codes/s
//                       .../apart   the same with kernels that do not overlap
// gpu/decode/f16/PRECISION          a 256 x 256 picture from its codes with the published sizes' first stage
// gpu/picture/310M/256x256/bf16     both
// gpu/landscape/320x320             landscapes with their scenes, which all of the processor makes: pictures/s without the
//                                   first four batches, made ahead during a check
// gpu/landscape/320x320/paint       the GPU's part alone: one batch again and again: pictures/s
void addGpuBenchmarks(const BenchmarkedModel &published, const BenchmarkedModel &starter, std::stop_token stop);

} // namespace tessera::train
