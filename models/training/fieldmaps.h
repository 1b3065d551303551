// Fields to train on: depth and edges of a view of a generated picture, exact ones or as a person might have painted
// them. Any thread; the same arguments give the same field. A few ms each at a side of 256.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "models/config.h"
#include "models/training/pictureset.h"

namespace tessera::models
{

// The side of a window in pixels. Every length below, edges' blur too, is one of a window and goes with the side of the
// `windows` that a field has along its own side.
inline constexpr int64_t kFieldWindow = 256;

// Depth, near is bright and sky lowest, scaled to [-1, 1] by its own lowest and highest value as core's
// normalizedField() does (-1 everywhere where it is constant): float32 [side, side] on the CPU. Unless `exact`, it may
// be redrawn with a round brush, have few levels, be blurred, and end before its darkest or brightest values do.
at::Tensor depthField(const PictureSet &pictures, const View &view, int64_t side, uint64_t seed, bool exact,
                      double windows = 1);

// edgeField() of a picture's edges with `reach` pixels of a window: float32 [side, side] in [-1, 1] on the CPU. Exact
// ones are what core's edgeMap() finds by default, on the picture at the field's side; others are found at various
// scales and thresholds, or are the outlines of a painted map, lack short and some other chains, and are bent and
// thickened.
at::Tensor edgeFieldOf(const PictureSet &pictures, const View &view, int64_t side, double reach, uint64_t seed,
                       bool exact, double windows = 1);

// One of the two: what a model with this condition reads. REQUIRES: its kind is Depth or Edges.
at::Tensor fieldOf(const ConditionConfig &condition, const PictureSet &pictures, const View &view, int64_t side,
                   uint64_t seed, bool exact, double windows = 1);

// The same as training sees it: now and then exact, else painted.
at::Tensor trainingField(const ConditionConfig &condition, const PictureSet &pictures, const View &view, int64_t side,
                         uint64_t seed, double windows = 1);

} // namespace tessera::models
