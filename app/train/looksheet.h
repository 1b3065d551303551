// The sheet that a person looks at before a model is shipped: what no figure tells (docs/evaluation.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <vector>

#include "app/train/mappainter.h"
#include "app/train/paintedmaps.h"
#include "app/train/progress.h"
#include "models/bundle.h"
#include "models/training/pictureset.h"

namespace tessera::train
{

struct LookSheet {
    const models::ModelBundle &bundle;
    MapPainter &painter;
    const models::PictureSet &pictures; // real ones
    const std::vector<PaintedMap> &maps;
    uint64_t seed = 1;
    ProgressStyle progress = ProgressStyle::Auto;
};

// Writes a PNG of rows of eight tiles, each a window: painted maps in three lights by two seeds; real pictures and
// their reconstructions; regions before and after they were filled; depth, edges and their pictures, of models that
// read them; a canvas of two windows by four, its map on the left. Nothing after a stop. Throws Error (FileWrite).
void writeLookSheet(const std::filesystem::path &path, const LookSheet &sheet, const std::stop_token &stop);

} // namespace tessera::train
