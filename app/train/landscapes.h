// Makes training data: shards of procedural landscapes, or pictures to look at.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>

#include "app/train/progress.h"

namespace tessera::train
{

struct LandscapesOptions {
    int count = 0;
    uint32_t seed = 0; // of the first picture; the others follow
    int width = 256;
    int height = 256;
    std::filesystem::path output;
    int shard = 100;   // pictures a file
    int lightings = 1; // pictures of each land, under different suns and weathers
    int threads = 0;   // 0: as many as the machine has
    std::string device = "cpu";
    bool png = false; // pictures instead of shards
    ProgressStyle progress = ProgressStyle::Auto;
};

// A shard holds up to `shard` pictures, all lightings of a land in the same one, and is named by its first seed and by
// the lightings, if there are several; one that is already there, complete and of this size is kept and its pictures
// are not made again. What a killed process left half written goes, unless another one is at work in the folder. Where
// a GPU cannot go on, a line on stderr says so and the processor does. Throws Error; on a stop only whole files are
// left.
void makeLandscapes(const LandscapesOptions &options, std::stop_token stop);

} // namespace tessera::train
