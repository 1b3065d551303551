// The blocks that VQGANs are built of, and what they compute: plain tensors with the original's module names.
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/layers.h"

namespace tessera::models
{

struct GroupNorm {     // eps 1e-6
    at::Tensor weight; // [channels]
    at::Tensor bias;   // [channels]
    int64_t groups = 32;
};

struct ResBlock {
    GroupNorm norm1;
    Conv conv1;
    GroupNorm norm2;
    Conv conv2;
    Conv shortcut; // nin_shortcut; undefined where the width does not change
};

struct AttentionBlock {
    GroupNorm norm;
    Conv q, k, v, proj; // 1x1
};

// One resolution level of the encoder or decoder.
struct Level {
    std::vector<ResBlock> blocks;
    std::vector<AttentionBlock> attentions; // one per block, or none
    Conv resample;                          // downsample.conv or upsample.conv; undefined at the last level
};

struct MiddleBlock {
    ResBlock block1;
    AttentionBlock attention;
    ResBlock block2;
};

inline constexpr double kGroupNormEpsilon = 1e-6;

// By the statistics of `x` itself.
at::Tensor normalised(const GroupNorm &norm, const at::Tensor &x);
// How a block's maps are normalised by statistics from elsewhere; empty: as `normalised` does.
using NormFn = std::function<at::Tensor(const GroupNorm &norm, const at::Tensor &x)>;
at::Tensor normalisedSilu(const GroupNorm &norm, const at::Tensor &x, const NormFn &normalise = {});

// Zeros beyond the borders. Maps are [B, C, H, W] throughout.
at::Tensor convolved(const Conv &layer, const at::Tensor &x, int64_t padding);
// The same by way of channels of zeros that make their numbers multiples of 8: a GPU has slow half-precision kernels
// for other numbers. convolved() does so where it pays.
at::Tensor paddedConvolution(const Conv &layer, const at::Tensor &x, int64_t padding);
// [B, C patch^2, H, W] -> [B, C, H patch, W patch], as at::pixel_shuffle(), which on a processor wants AVX2.
at::Tensor depthToSpace(const at::Tensor &x, int64_t patch);
// [B, C, H, W] -> [B, C, H / 2, W / 2], rounded down, and -> [B, C, 2 H, 2 W].
at::Tensor downsampled(const Conv &layer, const at::Tensor &x);
at::Tensor upsampled(const Conv &layer, const at::Tensor &x);

at::Tensor forward(const ResBlock &block, const at::Tensor &x, const NormFn &normalise = {});
at::Tensor forward(const AttentionBlock &block, const at::Tensor &x);
at::Tensor forward(const MiddleBlock &middle, const at::Tensor &x);
// Blocks and attentions of a level; resampling is the caller's. `stop` is looked at before each: undefined when it says
// so.
at::Tensor forwardBlocks(const Level &level, at::Tensor x, const std::stop_token &stop = {});

// Scores between queries and keys that may be in memory at once: 64 MB of float32, a map of 64 x 64 against itself.
inline constexpr int64_t kMostScores = int64_t(1) << 24;
// softmax(q k^T / sqrt(C)) v for q, k, v [B, 1, T, C], by as many queries at a time as keep to `mostScores`: memory
// grows with T and not with its square. Queries do not depend on each other, so the result is the same.
at::Tensor attended(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, int64_t mostScores = kMostScores);

} // namespace tessera::models
