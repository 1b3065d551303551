// A picture of a data set as a model's own codes, with its map and its facts: what likelihood is measured on.
#pragma once

#include <cstdint>
#include <filesystem>

#include "core/sampling/score.h"
#include "models/bundle.h"
#include "models/training/pictureset.h"

namespace tessera::train
{

// Throws Error (ModelMismatch) for a model that does not paint from the labels that the pictures come with: those of
// another set would go to planes that mean something else.
void expectLabels(const models::ModelConfig &config, const std::filesystem::path &model);
void expectLabels(const models::ModelBundle &bundle);

// Shards in the folder, or in val/ below it. Throws what models::PictureSet throws.
models::PictureSet heldOutPictures(const std::filesystem::path &folder);

// The picture's middle square, scaled to `side` pixels; 0: as many whole codes as it holds. REQUIRES: expectLabels().
core::ScoreRequest heldOutPicture(const models::ModelBundle &bundle, const models::PictureSet &pictures, int64_t index,
                                  int64_t side = 0);

} // namespace tessera::train
