// What EvalNet sees in a set of pictures.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/training/evalnet.h"
#include "models/training/imagenetfeatures.h"
#include "models/training/pictureset.h"

namespace tessera::models
{

struct JudgedSet {
    at::Tensor features;            // float [N, features]
    std::vector<at::Tensor> labels; // int64 [side / 4, side / 4] each, of the net's own side
    std::vector<at::Tensor>
        depth;                   // float [side / 4, side / 4] each, nearness with sky 0; none where the net tells none
    std::vector<int64_t> lights; // places in kJudgedLights
};

// What EvalNet is to see in a view that is `side` pixels wide: int64 [side / 4, side / 4], the commonest label of each
// of its places. Labels of single pixels would be those of one corner, and of the other in a mirrored view.
at::Tensor judgedLabels(const PictureSet &pictures, const View &view, int64_t side);

// Pictures: float [3, side, side] in [-1, 1], on any device; scaled to the net's side where they are of another.
// Results are on the CPU.
JudgedSet judged(const EvalNet &net, const std::vector<at::Tensor> &pictures);

// float [N, 1280]: what a network of photographs sees in the same pictures, at their own size.
at::Tensor imagenetFeatures(const ImagenetFeatures &net, const std::vector<at::Tensor> &pictures);

// Share of the pictures whose light is the one of `asked`, of those where that is known; 0 when it never is.
double lightAccuracy(const JudgedSet &set, const std::vector<int64_t> &asked);

// Intersection over union between what was meant and what is seen, mean over labels. `meant`: a map for each picture,
// int64 [side / 4, side / 4], or coarser by a whole factor: then the commonest label seen in each of its cells counts.
double labelIou(const JudgedSet &set, const std::vector<at::Tensor> &meant);

// Spearman's rank correlation between the depth that was given and the one that is seen, mean over pictures. `given`: a
// field for each picture, of any scale, near is high, sky lowest; [side / 4, side / 4]. REQUIRES: the set tells depth.
double depthCorrelation(const JudgedSet &set, const std::vector<at::Tensor> &given);
// The same within rows of pixels (rankcorrelation.h): whether it is near and far from left to right as was asked.
double depthCorrelationInRows(const JudgedSet &set, const std::vector<at::Tensor> &given);

} // namespace tessera::models
