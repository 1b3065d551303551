// The transformer's sequences, controls | condition | picture, and its loss on them (Esser et al. 2021, sec. 3.2).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/autoencoder.h"
#include "models/config.h"
#include "models/training/pictureset.h"
#include "models/transformer.h"

namespace tessera::models
{

struct Sequences {
    at::Tensor tokens; // int64 [B, prefix + window^2 - 1]
    at::Tensor target; // int64 [B, window^2], codes of the picture
};

// Asked once for each thing that may be dropped: true drops it.
using DropFn = std::function<bool()>;

// Both references must outlive the builder.
class SequenceBuilder
{
public:
    SequenceBuilder(const ModelConfig &config, const Autoencoder &conditionStage);

    // Side in pixels of the picture and the map that fill one window.
    int64_t side() const { return m_config.window * m_config.firstStage.factor(); }

    // Labels int64 [B, side, side] -> condition codes int64 [B, window^2], before the vocabulary shift; on the CPU.
    at::Tensor conditionCodes(const at::Tensor &labels) const;
    // Controls from the pictures' facts ("any" where dropped or unknown), then the condition, or null tokens where dropped:
    // int64 [B, prefix].
    at::Tensor prefix(const PictureSet &pictures, const std::vector<View> &views, const at::Tensor &conditionCodes,
                      const DropFn &dropControl, const DropFn &dropCondition) const;
    // codes: int64 [B, window, window].
    Sequences sequences(const at::Tensor &prefix, const at::Tensor &codes) const;

    // Mean nats per picture code; differentiable, on the model's device.
    at::Tensor loss(const Transformer &model, const Sequences &batch, double dropout = 0) const;

private:
    const ModelConfig &m_config;
    const Autoencoder &m_conditionStage;
};

} // namespace tessera::models
