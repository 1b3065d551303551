// Paints pictures from maps of labels or depth with a model, as the painter itself does: with the model's own defaults.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include <ATen/core/Tensor.h>

#include "core/sampling/enginechoice.h"
#include "models/bundle.h"

namespace tessera::train
{

using Controls = std::map<std::string, std::string>; // such as light: day; what is not named is "any"

struct MapPicture {
    at::Tensor picture; // float [3, H, W] in [-1, 1], on the CPU
    at::Tensor windows; // int64 [h, w]: the window each code was drawn from
};

class MapPainter
{
public:
    // Throws Error (ModelMismatch) for a model that does not paint from labels.
    MapPainter(const models::ModelBundle &bundle, int threads);

    // The picture of one window, in pixels.
    int64_t side() const { return m_bundle.config().window * m_bundle.config().firstStage.factor(); }
    // Labels: int64 [H, W], sides multiples of the model's factor and at least side(). Nothing defined after a stop.
    MapPicture paint(const at::Tensor &labels, const Controls &controls, uint64_t seed, std::stop_token stop);

    bool readsDepth() const { return m_bundle.stageOf(models::ConditionKind::Depth) != nullptr; }
    // The same from depth: float [H, W] in [-1, 1], near is high (fieldmaps.h). REQUIRES: readsDepth().
    MapPicture paintDepth(const at::Tensor &depth, const Controls &controls, uint64_t seed, std::stop_token stop);

private:
    // `map`: float [1, channels, H, W], what the stage of this kind reads.
    MapPicture painted(models::ConditionKind kind, const at::Tensor &map, const Controls &controls, uint64_t seed,
                       const std::stop_token &stop);

    const models::ModelBundle &m_bundle;
    core::ChosenEngine m_engine;
};

} // namespace tessera::train
