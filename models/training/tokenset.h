// Pictures as codes: what the transformer is trained on. Made once from a frozen first stage.
#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/autoencoder.h"
#include "models/training/pictureset.h"

namespace tessera::models
{

struct TokenSet {
    std::vector<View> views; // what part of which picture a sequence shows
    at::Tensor codes;        // int64 [views, window, window]
};

// Codes of `viewsPerPicture` views of each picture: the whole one, its mirror image, then random views. Views are scaled to
// one window. `stop` ends early with what there is.
TokenSet tokenise(const Autoencoder &firstStage, const PictureSet &pictures, int64_t window, int64_t viewsPerPicture,
                  const ViewSettings &settings, uint64_t seed, std::stop_token stop = {});

} // namespace tessera::models
