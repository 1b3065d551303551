// Pictures and maps as codes: what the transformer is trained on. Made once from frozen stages and kept beside the
// checkpoint, so that a resumed run goes on at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/autoencoder.h"
#include "models/training/pictureset.h"
#include "models/training/sequences.h"

namespace tessera::models
{

struct TokenSet {
    std::vector<View> views; // what part of which picture a sequence shows
    at::Tensor codes;        // int64 [views, window, window]
    at::Tensor maps;         // int64 [views, maps per view, window^2]: condition codes of painted maps
};

// How far a long preparation is, 0..1.
using ShareFn = std::function<void(double)>;

// Codes of `viewsPerPicture` views of each picture: the whole one, its mirror image, then random views. Views are scaled to
// one window; `maps` stays undefined. `stop` ends early with what there is.
TokenSet tokenise(const Autoencoder &firstStage, const PictureSet &pictures, int64_t window, int64_t viewsPerPicture,
                  const ViewSettings &settings, uint64_t seed, std::stop_token stop = {}, const ShareFn &share = {});

// Adds the codes of `count` maps of each view, each as another artist might have painted it. `stop` ends early and takes
// the views that have no maps away.
void addPaintedMaps(TokenSet &set, const SequenceBuilder &builder, const PictureSet &pictures, int64_t count,
                    uint64_t seed, std::stop_token stop = {}, const ShareFn &share = {});

// Keeps codes and maps in a file; views are cheap to draw again. `fingerprint` says what they were made from.
// Throws Error (FileWrite).
void saveTokens(const std::filesystem::path &file, const TokenSet &set, const std::string &fingerprint);
// Fills in codes and maps; false when there is no readable file of this fingerprint.
bool loadTokens(const std::filesystem::path &file, TokenSet &set, const std::string &fingerprint);

// The views that tokenise() would draw.
std::vector<View> trainingViews(const PictureSet &pictures, int64_t viewsPerPicture, const ViewSettings &settings,
                                uint64_t seed);

} // namespace tessera::models
