// How good a model is, on pictures it was not trained on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <nlohmann/json.hpp>

#include "models/autoencoder.h"
#include "models/training/pictureset.h"

namespace tessera::models
{

struct ReconstructionFigures {
    double psnr = 0;    // dB, over all pictures together
    double texture = 0; // mean horizontal gradient of the reconstructions by that of the originals: 1 is as sharp
    // Distance of the reconstructions' patches from the originals', mean over levels (slicedwasserstein.h), times 1000,
    // and that of originals blurred by 1.5 pixels.
    double patches = 0;
    double patchesBlurred = 0;
    int64_t codesUsed = 0;
    double perplexity = 0;         // exp(entropy) of the codes
    double unigramNats = 0;        // entropy of the codes, nats: what a model that ignores all context pays
    std::vector<at::Tensor> shown; // the first eight: original above reconstruction, float [3, 2 side, side]
};

struct MapFigures {
    // Of an encoder-only stage neither:
    std::optional<double> accuracy; // share of pixels whose label comes back
    std::optional<double> meanIou;  // intersection over union, mean over the labels that occur
    int64_t codesUsed = 0;
    std::vector<at::Tensor> shown;
};

// Whole pictures, at most `count`. Empty after a stop. REQUIRES: gradients are off.
ReconstructionFigures evaluateReconstruction(const Autoencoder &firstStage, const PictureSet &pictures, int64_t side,
                                             int64_t count, const std::stop_token &stop = {});
MapFigures evaluateMaps(const Autoencoder &conditionStage, const PictureSet &pictures, int64_t side, int64_t count,
                        const std::stop_token &stop = {});

// All of it for a model file, as flat keys; after a stop of no use. `data`: folder of shards, or one with val/ below
// it. Throws Error.
nlohmann::json evaluateModel(const std::filesystem::path &model, const std::filesystem::path &data, c10::Device device,
                             std::stop_token stop = {});

} // namespace tessera::models
