// How well a condition stage gives fields back, depth or edges.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/autoencoder.h"
#include "models/config.h"
#include "models/training/pictureset.h"

namespace tessera::models
{

struct FieldFigures {
    // Of an encoder-only stage neither:
    std::optional<double> psnr;      // dB, over all fields together
    std::optional<double> meanError; // mean absolute difference of values in [-1, 1]
    int64_t codesUsed = 0;
    std::vector<at::Tensor> shown; // the first eight: field above reconstruction, float [3, 2 side, side]
};

// Exact fields of whole pictures, at most `count`. `condition` says which (fieldmaps.h). Empty after a stop.
// REQUIRES: gradients are off, the stage has one channel.
FieldFigures evaluateFields(const Autoencoder &stage, const ConditionConfig &condition, const PictureSet &pictures,
                            int64_t side, int64_t count, const std::stop_token &stop = {});

} // namespace tessera::models
