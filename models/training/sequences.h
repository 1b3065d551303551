// The transformer's sequences, controls | condition | picture, and its loss on them (Esser et al. 2021, sec. 3.2).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/autoencoder.h"
#include "models/bundle.h"
#include "models/config.h"
#include "models/training/pictureset.h"
#include "models/transformer.h"

namespace tessera::models
{

struct Sequences {
    at::Tensor tokens; // int64 [B, prefix + window^2 - 1]
    at::Tensor target; // int64 [B, window^2], codes of the picture; kNotJudged where nothing is to be learned

    static constexpr int64_t kNotJudged = -100;
};

// What one window of a picture shows: all that controls follow from.
struct SeenWindow {
    const PictureSet *pictures = nullptr;
    View view;
};

// Asked once for each thing that may be dropped: true drops it.
using DropFn = std::function<bool()>;

// By the kind of map that they read; Labels, Depth, Edges.
using Stages = std::map<ConditionKind, const Autoencoder *>;
// Those of a model.
Stages stagesOf(const ModelBundle &bundle);

// Configuration and stages must outlive the builder.
class SequenceBuilder
{
public:
    SequenceBuilder(const ModelConfig &config, Stages stages);

    bool reads(ConditionKind kind) const { return m_stages.contains(kind); }
    const ModelConfig &config() const { return m_config; }
    // Side in pixels of the picture and the map that fill one window.
    int64_t side() const { return m_config.window * m_config.firstStage.factor(); }

    c10::Device device() const { return m_stages.begin()->second->codebook.device(); } // of its stages

    // A map as the stage of its kind takes it, an exact one or, where `painted` is a seed, as an artist might have made
    // it: int64 labels or float field, [side, side]. Side: even.
    at::Tensor map(ConditionKind kind, const SeenWindow &seen, int64_t side, const uint64_t *painted = nullptr) const;
    // Maps [B, H, W] -> their codes as vocabulary ids, int64 [B, h, w]; on the CPU.
    at::Tensor conditionTokens(ConditionKind kind, const at::Tensor &maps) const;
    // Controls from what is known of the windows ("any" where dropped or unknown), then the condition, int64
    // [B, window^2] of vocabulary ids, or null tokens where dropped: int64 [B, prefix].
    at::Tensor prefix(const std::vector<SeenWindow> &windows, const at::Tensor &conditionTokens,
                      const DropFn &dropControl, const DropFn &dropCondition) const;
    // codes: int64 [B, window, window].
    Sequences sequences(const at::Tensor &prefix, const at::Tensor &codes) const;

    // Mean nats per picture code; differentiable, on the model's device.
    at::Tensor loss(const Transformer &model, const Sequences &batch, double dropout = 0) const;

private:
    int64_t controlToken(const ControlConfig &control, const SeenWindow &seen) const;

    const ModelConfig &m_config;
    Stages m_stages;
};

} // namespace tessera::models
