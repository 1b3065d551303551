#include "models/blocks.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>

#include "models/groupnorm.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kKernelChannels = 8; // what a GPU's fast half-precision kernels divide channels by

} // namespace

at::Tensor normalised(const GroupNorm &norm, const at::Tensor &x)
{
    return groupNorm(x, norm.groups, norm.weight, norm.bias, kGroupNormEpsilon);
}

at::Tensor normalisedSilu(const GroupNorm &norm, const at::Tensor &x, const NormFn &normalise)
{
    if (normalise)
        return at::silu(normalise(norm, x));
    return groupNormSilu(x, norm.groups, norm.weight, norm.bias, kGroupNormEpsilon);
}

at::Tensor paddedConvolution(const Conv &layer, const at::Tensor &x, int64_t padding)
{
    const int64_t out = layer.weight.size(0), in = layer.weight.size(1);
    const auto missing = [](int64_t channels) {
        return (kKernelChannels - channels % kKernelChannels) % kKernelChannels;
    };
    const at::Tensor input = at::constant_pad_nd(x, {0, 0, 0, 0, 0, missing(in)});
    const at::Tensor weight = at::constant_pad_nd(layer.weight, {0, 0, 0, 0, 0, missing(in), 0, missing(out)});
    const at::Tensor bias = layer.bias.defined() ? at::constant_pad_nd(layer.bias, {0, missing(out)}) : layer.bias;
    return at::conv2d(input, weight, bias, 1, padding).slice(1, 0, out);
}

at::Tensor convolved(const Conv &layer, const at::Tensor &x, int64_t padding)
{
    const bool thin = layer.weight.size(0) % kKernelChannels || layer.weight.size(1) % kKernelChannels;
    if (thin && x.is_cuda() && at::autocast::is_autocast_enabled(at::kCUDA))
        return paddedConvolution(layer, x, padding);
    return at::conv2d(x, layer.weight, layer.bias, 1, padding);
}

at::Tensor depthToSpace(const at::Tensor &x, int64_t patch)
{
    const int64_t channels = x.size(1) / (patch * patch), height = x.size(2), width = x.size(3);
    return x.reshape({x.size(0), channels, patch, patch, height, width})
        .permute({0, 1, 4, 2, 5, 3})
        .reshape({x.size(0), channels, height * patch, width * patch})
        .contiguous(x.suggest_memory_format());
}

// The original pads one zero to the right and below only; symmetric padding would give other codes.
at::Tensor downsampled(const Conv &layer, const at::Tensor &x)
{
    return at::conv2d(at::constant_pad_nd(x, {0, 1, 0, 1}), layer.weight, layer.bias, 2);
}

at::Tensor upsampled(const Conv &layer, const at::Tensor &x)
{
    return convolved(layer, at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2}), 1);
}

at::Tensor forward(const ResBlock &block, const at::Tensor &x, const NormFn &normalise)
{
    at::Tensor h = convolved(block.conv1, normalisedSilu(block.norm1, x, normalise), 1);
    h = convolved(block.conv2, normalisedSilu(block.norm2, h, normalise), 1);
    return (block.shortcut.weight.defined() ? convolved(block.shortcut, x, 0) : x) + h;
}

at::Tensor attended(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, int64_t mostScores)
{
    const int64_t queries = q.size(2), perQuery = q.size(0) * k.size(2);
    const int64_t chunk = std::max<int64_t>(1, mostScores / std::max<int64_t>(1, perQuery));
    if (chunk >= queries)
        return at::scaled_dot_product_attention(q, k, v);
    std::vector<at::Tensor> parts;
    for (int64_t first = 0; first < queries; first += chunk)
        parts.push_back(at::scaled_dot_product_attention(q.narrow(2, first, std::min(chunk, queries - first)), k, v));
    return at::cat(parts, 2);
}

at::Tensor forward(const AttentionBlock &block, const at::Tensor &x)
{
    const int64_t batch = x.size(0), channels = x.size(1), height = x.size(2), width = x.size(3);
    const at::Tensor h = normalised(block.norm, x);
    const auto sequence = [&](const Conv &projection) {
        return convolved(projection, h, 0).reshape({batch, channels, height * width}).transpose(1, 2).unsqueeze(1);
    }; // [B, 1, HW, C]
    const at::Tensor mixed = attended(sequence(block.q), sequence(block.k), sequence(block.v));
    return x + convolved(block.proj, mixed.squeeze(1).transpose(1, 2).reshape({batch, channels, height, width}), 0);
}

at::Tensor forward(const MiddleBlock &middle, const at::Tensor &x)
{
    return forward(middle.block2, forward(middle.attention, forward(middle.block1, x)));
}

at::Tensor forwardBlocks(const Level &level, at::Tensor x, const std::stop_token &stop)
{
    for (size_t b = 0; b < level.blocks.size(); ++b) {
        if (stop.stop_requested())
            return {};
        x = forward(level.blocks[b], x);
        if (b < level.attentions.size())
            x = forward(level.attentions[b], x);
    }
    return x;
}

} // namespace tessera::models
