// LPIPS (Zhang et al. 2018) on VGG-16: how different two pictures look. The perceptual term of the VQGAN's
// loss (Esser et al. 2021, sec. 3.1). Weights are read, never trained; names are the original's
// ("net.slice1.0.weight", "lin0.model.1.weight", "scaling_layer.shift").
#pragma once

#include <array>
#include <filesystem>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "models/layers.h"
#include "models/parameters.h"

namespace tessera::models
{

inline constexpr int kPerceptualBlocks = 5;

struct Perceptual {
    at::Tensor shift, scale;                                  // [1, 3, 1, 1]
    std::array<std::vector<Conv>, kPerceptualBlocks> blocks;  // 2, 2, 3, 3, 3 convolutions, ReLU after each
    std::array<at::Tensor, kPerceptualBlocks> channelWeights; // [1, channels, 1, 1]
    int usedBlocks = kPerceptualBlocks;                       // the first so many; fewer are cheaper

    // Takes every tensor from `source` as float32; throws what the source throws.
    static Perceptual create(ParameterSource &source);
    // From the file that packaging/perceptual.py writes. Throws Error: FileRead, FileFormat, ModelMismatch.
    static Perceptual load(const std::filesystem::path &path, int usedBlocks = kPerceptualBlocks);

    // Convolutions run in `type` (float32 or bfloat16) with channels last on `device`; distances stay
    // float32.
    void to(c10::Device device, c10::ScalarType type);

    // x: float [B, 3 or 1, H, W] in [-1, 1], H and W at least 16 -> activations relu1_2, 2_2, 3_3, 4_3, 5_3
    // (the first `usedBlocks`), in the convolutions' type. Those of a fixed target can be kept: compute them
    // without gradients.
    std::vector<at::Tensor> taps(const at::Tensor &x) const;
    // float32 [B]: sum over taps of the weighted squared difference of unit-length channels, averaged over
    // the picture.
    at::Tensor distance(const std::vector<at::Tensor> &taps, const std::vector<at::Tensor> &targetTaps) const;
};

} // namespace tessera::models
