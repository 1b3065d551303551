// The patch discriminator of the VQGAN's adversarial loss (Esser et al. 2021, sec. 3.1; PatchGAN of Isola et
// al. 2017), with the original's module names ("main.0.weight", ...), so that published weights fit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/layers.h"
#include "models/parameters.h"

namespace tessera::models
{

struct DiscriminatorConfig {
    int64_t inChannels = 3; // disc_in_channels
    int64_t width = 64;     // disc_ndf
    int64_t layers = 3;     // disc_num_layers: convolutions of stride 2
    bool actNorm = false;   // use_actnorm: for batches too small for batch normalisation
};

// Statistics of the batch in training, running ones otherwise.
struct BatchNorm {
    at::Tensor weight, bias;            // [channels], trained
    at::Tensor runningMean, runningVar; // [channels], updated in place by training passes
};

// y = scale (x + loc); the first training batch sets both so that y is normalised, then they are trained.
struct ActNorm {
    at::Tensor loc, scale;  // [1, channels, 1, 1], trained
    at::Tensor initialized; // scalar, 0 or 1
};

struct DiscriminatorStage {
    Conv conv;
    int64_t stride = 2;
    std::optional<BatchNorm> batchNorm; // at most one of the two
    std::optional<ActNorm> actNorm;
};

struct DiscriminatorOutput {
    at::Tensor logits;                // float [B, 1, h, w]: above 0 looks real
    std::vector<at::Tensor> features; // after each stage's activation, for feature matching; empty unless asked for
};

struct Discriminator {
    DiscriminatorConfig config;
    std::vector<DiscriminatorStage> stages; // leaky ReLU after each
    Conv last;

    // Takes every tensor from `source`; throws what the source throws. The original's counter
    // num_batches_tracked is not asked for: nothing reads it.
    static Discriminator create(const DiscriminatorConfig &config, ParameterSource &source);

    // x: float32 or bfloat16 [B, inChannels, H, W] in [-1, 1]; computes in the type of `x`. A training pass
    // updates running statistics, or sets ActNorm's values from its first batch.
    DiscriminatorOutput forward(const at::Tensor &x, bool training, bool withFeatures = false) const;

    // What an optimiser trains, by the original's names; shares memory with the network.
    StateDict parameters() const;
    // parameters() and everything else a checkpoint needs.
    StateDict tensors() const;
};

} // namespace tessera::models
