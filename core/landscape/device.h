#pragma once

#include "core/landscape/landscape.h"

#include <string>

namespace tessera::core
{

// generateLandscapes() on the NVIDIA GPU with this number: scenes are made on `threads` threads of the processor while
// the GPU paints them, and pictures are handed over from the calling thread. They show what those of the processor
// show, but sums are rounded otherwise and heights are not read from a grid: nearly all labels are the same and colours
// are close. The first picture is held against the processor's; where they differ too much, where the GPU fails or has
// too little memory, or where this build has no part for GPUs, `note` gets one sentence and the processor makes
// what is left.
int generateLandscapesOnGpu(int gpu, std::uint32_t firstSeed, int count, int width, int height, int threads,
                            std::stop_token stop,
                            const std::function<void(std::uint32_t seed, Landscape &&picture)> &take, int lightings,
                            const std::function<void(const std::string &sentence)> &note);

} // namespace tessera::core
