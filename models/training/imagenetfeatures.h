// EfficientNet-Lite0 (Tan and Le 2019, without squeeze and excitation) up to its pooled features: what a network sees
// that learned from ImageNet's photographs and from nothing of ours. Weights are read, never trained;
// packaging/features.py makes the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include "models/layers.h"
#include "models/parameters.h"

namespace tessera::models
{

struct ImagenetFeatures {
    struct Block {   // normalisations are folded into the convolutions
        Conv expand; // 1 x 1; undefined in the first block
        Conv depthwise;
        Conv project; // 1 x 1
        int64_t stride = 1;
    };

    Conv stem;
    std::vector<Block> blocks;
    Conv head;

    static constexpr int64_t kFeatures = 1280;

    static ImagenetFeatures create(ParameterSource &source);
    // Throws Error: FileRead, FileFormat, ModelMismatch.
    static ImagenetFeatures load(const std::filesystem::path &path, c10::Device device = c10::kCPU);

    // x: float [B, 3, H, W] in [-1, 1], sides of 32 or more -> float [B, 1280], means over the picture.
    at::Tensor features(const at::Tensor &x) const;
    c10::Device device() const { return head.weight.device(); }
};

} // namespace tessera::models
