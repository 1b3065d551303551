// Paints pictures from maps of labels or depth with a model, as the painter itself does: with the model's own defaults.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include <ATen/core/Tensor.h>

#include "core/sampling/enginechoice.h"
#include "core/sampling/sampler.h"
#include "models/bundle.h"

namespace tessera::train
{

using Controls = std::map<std::string, std::string>; // such as light: day; what is not named is "any"

struct MapPicture {
    at::Tensor picture; // float [3, H, W] in [-1, 1], on the CPU
    at::Tensor windows; // int64 [h, w]: the window each code was drawn from
};

struct KeptCodes {
    at::Tensor codes; // int64 [1, h, w]
    at::Tensor kept;  // bool [h, w]
};

class MapPainter
{
public:
    // Throws Error (ModelMismatch) for a model that does not paint from landscape labels (heldoutpicture.h).
    MapPainter(const models::ModelBundle &bundle, int threads);

    // The picture of one window, in pixels.
    int64_t side() const { return m_bundle.config().window * m_bundle.config().firstStage.factor(); }
    // Labels: int64 [H, W], sides multiples of the model's factor and at least side(). Nothing defined after a stop.
    MapPicture paint(const at::Tensor &labels, const Controls &controls, uint64_t seed, std::stop_token stop);

    // The same where only the codes that are not kept are drawn.
    MapPicture fill(const at::Tensor &labels, const KeptCodes &kept, const Controls &controls, uint64_t seed,
                    std::stop_token stop);

    bool reads(models::ConditionKind kind) const { return m_bundle.stageOf(kind) != nullptr; }
    // The same from depth or edges: float [H, W] in [-1, 1] (fieldmaps.h). REQUIRES: reads(kind).
    MapPicture paintField(models::ConditionKind kind, const at::Tensor &field, const Controls &controls, uint64_t seed,
                          std::stop_token stop);

private:
    core::SampleRequest requestFor(models::ConditionKind kind, const at::Tensor &map, const Controls &controls,
                                   uint64_t seed) const;
    core::SampleRequest requestForLabels(const at::Tensor &labels, const Controls &controls, uint64_t seed) const;
    MapPicture painted(const core::SampleRequest &request, const std::stop_token &stop);

    const models::ModelBundle &m_bundle;
    core::ChosenEngine m_engine;
};

} // namespace tessera::train
