// Pictures and maps as codes: what the transformer is trained on. Made once from frozen stages and kept beside the
// checkpoint, so that a resumed run goes on at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/autoencoder.h"
#include "models/training/pictureset.h"
#include "models/training/sequences.h"

namespace tessera::models
{

// Of views that fill one window each, or of canvases of several windows.
struct TokenSet {
    std::vector<View> views; // what part of which picture it is
    at::Tensor codes;        // int64 [views, rows, columns]
    // By kind: int64 [views, maps per view, rows, columns], vocabulary ids of painted maps.
    std::map<ConditionKind, at::Tensor> maps;
};

// How far a long preparation is, 0..1.
using ShareFn = std::function<void(double)>;

// So many views of each picture: the whole one, its mirror image, then random views.
std::vector<View> trainingViews(const PictureSet &pictures, int64_t viewsPerPicture, const ViewSettings &settings,
                                uint64_t seed);
// The largest square of each picture that holds whole codes of `factor` pixels, and its mirror image.
std::vector<View> canvasViews(const PictureSet &pictures, int64_t factor);

// Codes of views of `pictures`, scaled to `side` pixels; `maps` stays empty. `stop` ends early with what there is.
TokenSet tokenise(const Autoencoder &firstStage, const PictureSet &pictures, std::vector<View> views, int64_t side,
                  std::stop_token stop = {}, const ShareFn &share = {});

// Adds the codes of `count` maps of a kind for each view, each as another artist might have painted it. `stop` ends
// early and takes the views that have no maps away.
void addPaintedMaps(TokenSet &set, const SequenceBuilder &builder, const PictureSet &pictures, ConditionKind kind,
                    int64_t count, uint64_t seed, std::stop_token stop = {}, const ShareFn &share = {});

// Keeps codes and maps in a file; views are cheap to draw again. `fingerprint` says what they were made from.
// Throws Error (FileWrite).
void saveTokens(const std::filesystem::path &file, const TokenSet &set, const std::string &fingerprint);
// Fills in codes and maps; false when there is no readable file of this fingerprint.
bool loadTokens(const std::filesystem::path &file, TokenSet &set, const std::string &fingerprint);

} // namespace tessera::models
