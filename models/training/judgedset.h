// What EvalNet sees in a set of pictures.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/training/evalnet.h"
#include "models/training/imagenetfeatures.h"

namespace tessera::models
{

struct JudgedSet {
    at::Tensor features;            // float [N, features]
    std::vector<at::Tensor> labels; // int64 [side / 4, side / 4] each, of the net's own side
    std::vector<int64_t> lights;    // places in kJudgedLights
};

// Pictures: float [3, side, side] in [-1, 1], on any device; scaled to the net's side where they are of another. Results
// are on the CPU.
JudgedSet judged(const EvalNet &net, const std::vector<at::Tensor> &pictures);

// float [N, 1280]: what a network of photographs sees in the same pictures, at their own size.
at::Tensor imagenetFeatures(const ImagenetFeatures &net, const std::vector<at::Tensor> &pictures);

// Share of the pictures whose light is the one of `asked`, of those where that is known; 0 when it never is.
double lightAccuracy(const JudgedSet &set, const std::vector<int64_t> &asked);

// Intersection over union between what was meant and what is seen, mean over labels. `meant`: a map for each picture, int64
// [side / 4, side / 4], or coarser by a whole factor: then the commonest label seen in each of its cells counts.
double labelIou(const JudgedSet &set, const std::vector<at::Tensor> &meant);

} // namespace tessera::models
