#include "models/autoencoder.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "models/groupnorm.h"

namespace tessera::models
{

namespace
{

constexpr double kNormEpsilon = 1e-6;
// Full-size features after the pixel shuffle of a patch decoder: enough for the last 3x3 convolution to remove the
// patch grid, few enough to cost nothing.
constexpr int64_t kPatchFeatures = 12;

at::Tensor conv(const Conv &layer, const at::Tensor &x, int64_t padding)
{
    return at::conv2d(x, layer.weight, layer.bias, 1, padding);
}

at::Tensor normalised(const GroupNorm &norm, const at::Tensor &x)
{
    return groupNorm(x, norm.groups, norm.weight, norm.bias, kNormEpsilon);
}

at::Tensor normalisedSilu(const GroupNorm &norm, const at::Tensor &x)
{
    return at::silu(normalised(norm, x));
}

at::Tensor forward(const ResBlock &block, const at::Tensor &x)
{
    at::Tensor h = conv(block.conv1, normalisedSilu(block.norm1, x), 1);
    h = conv(block.conv2, normalisedSilu(block.norm2, h), 1);
    return (block.shortcut.weight.defined() ? conv(block.shortcut, x, 0) : x) + h;
}

at::Tensor forward(const AttentionBlock &block, const at::Tensor &x)
{
    const int64_t batch = x.size(0), channels = x.size(1), height = x.size(2), width = x.size(3);
    const at::Tensor h = normalised(block.norm, x);
    const auto sequence = [&](const Conv &projection) {
        return conv(projection, h, 0).reshape({batch, channels, height * width}).transpose(1, 2).unsqueeze(1);
    }; // [B, 1, HW, C]
    const at::Tensor mixed = at::scaled_dot_product_attention(sequence(block.q), sequence(block.k), sequence(block.v));
    return x + conv(block.proj, mixed.squeeze(1).transpose(1, 2).reshape({batch, channels, height, width}), 0);
}

at::Tensor forward(const MiddleBlock &middle, const at::Tensor &x)
{
    return forward(middle.block2, forward(middle.attention, forward(middle.block1, x)));
}

at::Tensor forwardBlocks(const Level &level, at::Tensor h)
{
    for (size_t b = 0; b < level.blocks.size(); ++b) {
        h = forward(level.blocks[b], h);
        if (b < level.attentions.size())
            h = forward(level.attentions[b], h);
    }
    return h;
}

// The original pads one zero to the right and below only; symmetric padding would give other codes.
at::Tensor downsampled(const Conv &layer, const at::Tensor &x)
{
    return at::conv2d(at::constant_pad_nd(x, {0, 1, 0, 1}), layer.weight, layer.bias, 2);
}

at::Tensor upsampled(const Conv &layer, const at::Tensor &x)
{
    return conv(layer, at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2}), 1);
}

// Takes layers from the source, with this network's number of normalisation groups.
struct Taker {
    ParameterSource &source;
    int64_t groups;

    Conv conv(const std::string &name, int64_t in, int64_t out, int64_t kernel) const
    {
        return takeConv(source, name, in, out, kernel);
    }
    GroupNorm norm(const std::string &name, int64_t channels) const
    {
        const Norm norm = takeNorm(source, name, channels);
        return {norm.weight, norm.bias, groups};
    }
};

ResBlock takeResBlock(const Taker &take, const std::string &name, int64_t in, int64_t out)
{
    ResBlock block{take.norm(name + ".norm1", in),
                   take.conv(name + ".conv1", in, out, 3),
                   take.norm(name + ".norm2", out),
                   take.conv(name + ".conv2", out, out, 3),
                   {}};
    if (in != out)
        block.shortcut = take.conv(name + ".nin_shortcut", in, out, 1);
    return block;
}

AttentionBlock takeAttention(const Taker &take, const std::string &name, int64_t channels)
{
    return {take.norm(name + ".norm", channels), take.conv(name + ".q", channels, channels, 1),
            take.conv(name + ".k", channels, channels, 1), take.conv(name + ".v", channels, channels, 1),
            take.conv(name + ".proj_out", channels, channels, 1)};
}

MiddleBlock takeMiddle(const Taker &take, const std::string &name, int64_t channels)
{
    return {takeResBlock(take, name + ".block_1", channels, channels), takeAttention(take, name + ".attn_1", channels),
            takeResBlock(take, name + ".block_2", channels, channels)};
}

Level takeLevel(const Taker &take, const std::string &name, int64_t in, int64_t out, int64_t blocks, bool attention)
{
    Level level;
    for (int64_t b = 0; b < blocks; ++b) {
        level.blocks.push_back(takeResBlock(take, name + ".block." + std::to_string(b), b ? out : in, out));
        if (attention)
            level.attentions.push_back(takeAttention(take, name + ".attn." + std::to_string(b), out));
    }
    return level;
}

bool attends(const AutoencoderConfig &config, int64_t level)
{
    const int64_t resolution = config.resolution / config.patch >> level;
    return std::ranges::find(config.attentionResolutions, resolution) != config.attentionResolutions.end();
}

Encoder takeEncoder(const AutoencoderConfig &config, const Taker &take)
{
    const int64_t last = int64_t(config.multipliers.size()) - 1;
    Encoder encoder;
    encoder.patch = config.patch;
    encoder.convIn = take.conv("encoder.conv_in", config.inChannels * config.patch * config.patch, config.width, 3);
    int64_t channels = config.width;
    for (int64_t i = 0; i <= last; ++i) {
        const std::string name = "encoder.down." + std::to_string(i);
        const int64_t out = config.width * config.multipliers[size_t(i)];
        Level level = takeLevel(take, name, channels, out, config.resBlocks, attends(config, i));
        channels = out;
        if (i < last)
            level.resample = take.conv(name + ".downsample.conv", channels, channels, 3);
        encoder.levels.push_back(std::move(level));
    }
    encoder.middle = takeMiddle(take, "encoder.mid", channels);
    encoder.normOut = take.norm("encoder.norm_out", channels);
    encoder.convOut = take.conv("encoder.conv_out", channels, config.zChannels, 3);
    return encoder;
}

Decoder takeDecoder(const AutoencoderConfig &config, const Taker &take)
{
    const int64_t last = int64_t(config.multipliers.size()) - 1;
    Decoder decoder;
    decoder.patch = config.patch;
    int64_t channels = config.width * config.multipliers.back();
    decoder.convIn = take.conv("decoder.conv_in", config.zChannels, channels, 3);
    decoder.middle = takeMiddle(take, "decoder.mid", channels);
    decoder.levels.resize(size_t(last) + 1);
    for (int64_t i = last; i >= 0; --i) {
        const std::string name = "decoder.up." + std::to_string(i);
        const int64_t out = config.width * config.multipliers[size_t(i)];
        Level level = takeLevel(take, name, channels, out, config.resBlocks + 1, attends(config, i));
        channels = out;
        if (i > 0)
            level.resample = take.conv(name + ".upsample.conv", channels, channels, 3);
        decoder.levels[size_t(i)] = std::move(level);
    }
    decoder.normOut = take.norm("decoder.norm_out", channels);
    const bool patched = config.patch > 1;
    decoder.convOut = take.conv("decoder.conv_out", channels,
                                patched ? kPatchFeatures * config.patch * config.patch : config.outChannels, 3);
    if (patched)
        decoder.patchOut = take.conv("decoder.patch_out", kPatchFeatures, config.outChannels, 3);
    return decoder;
}

} // namespace

at::Tensor Encoder::forward(const at::Tensor &x) const
{
    at::Tensor h = conv(convIn, patch > 1 ? at::pixel_unshuffle(x, patch) : x, 1);
    for (const Level &level : levels) {
        h = forwardBlocks(level, h);
        if (level.resample.weight.defined())
            h = downsampled(level.resample, h);
    }
    h = models::forward(middle, h);
    return conv(convOut, normalisedSilu(normOut, h), 1);
}

at::Tensor Decoder::forward(const at::Tensor &z) const
{
    at::Tensor h = models::forward(middle, conv(convIn, z, 1));
    for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
        h = forwardBlocks(*level, h);
        if (level->resample.weight.defined())
            h = upsampled(level->resample, h);
    }
    h = conv(convOut, normalisedSilu(normOut, h), 1);
    return patch > 1 ? conv(patchOut, at::pixel_shuffle(h, patch), 1) : h;
}

Autoencoder Autoencoder::create(const AutoencoderConfig &config, ParameterSource &source)
{
    Autoencoder model;
    model.config = config;
    const Taker take{source, config.normGroups};
    model.encoder = takeEncoder(config, take);
    if (!config.encoderOnly)
        model.decoder = takeDecoder(config, take);
    const bool gumbel = config.quantizer == QuantizerKind::Gumbel;
    model.codebook = source.take(gumbel ? "quantize.embed.weight" : "quantize.embedding.weight",
                                 {config.codes, config.embedDim}, Init::CodebookUniform);
    if (gumbel)
        model.codeLogits = takeConv(source, "quantize.proj", config.embedDim, config.codes, 1);
    model.quantConv = takeConv(source, "quant_conv", config.zChannels, config.embedDim, 1);
    if (!config.encoderOnly)
        model.postQuantConv = takeConv(source, "post_quant_conv", config.embedDim, config.zChannels, 1);
    return model;
}

at::Tensor Autoencoder::latents(const at::Tensor &x) const
{
    return conv(quantConv, encoder.forward(x), 0);
}

at::Tensor Autoencoder::nearestCodes(const at::Tensor &z) const
{
    if (codeLogits.weight.defined())
        return conv(codeLogits, z, 0).argmax(1);
    const at::Tensor flat = z.permute({0, 2, 3, 1}).reshape({-1, config.embedDim}).to(at::kFloat); // [B h w, embedDim]
    const at::Tensor codes = codebook.to(at::kFloat);
    const at::Tensor distances = flat.square().sum(1, true) + codes.square().sum(1) - 2 * at::matmul(flat, codes.t());
    return distances.argmin(1).reshape({z.size(0), z.size(2), z.size(3)});
}

at::Tensor Autoencoder::lookup(const at::Tensor &codes) const
{
    return at::embedding(codebook, codes).permute({0, 3, 1, 2});
}

at::Tensor Autoencoder::decodeLatents(const at::Tensor &zq) const
{
    return decoder.forward(conv(postQuantConv, zq, 0));
}

} // namespace tessera::models
