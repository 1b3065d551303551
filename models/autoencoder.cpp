#include "models/autoencoder.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

namespace tessera::models
{

namespace
{

// Full-size features after the pixel shuffle of a patch decoder: enough for the last 3x3 convolution to remove the
// patch grid, few enough to cost nothing.
constexpr int64_t kPatchFeatures = 12;

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
        Level level = takeLevel(take, name, channels, out, config.resBlocks, config.attends(size_t(i)));
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
        Level level = takeLevel(take, name, channels, out, config.resBlocks + 1, config.attends(size_t(i)));
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

at::Tensor Encoder::forward(const at::Tensor &x, const std::stop_token &stop) const
{
    at::Tensor h = convolved(convIn, patch > 1 ? at::pixel_unshuffle(x, patch) : x, 1);
    for (const Level &level : levels) {
        h = forwardBlocks(level, h, stop);
        if (!h.defined())
            return {};
        if (level.resample.weight.defined())
            h = downsampled(level.resample, h);
    }
    h = models::forward(middle, h);
    return convolved(convOut, normalisedSilu(normOut, h), 1);
}

at::Tensor Decoder::forward(const at::Tensor &z, const std::stop_token &stop) const
{
    at::Tensor h = models::forward(middle, convolved(convIn, z, 1));
    for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
        h = forwardBlocks(*level, h, stop);
        if (!h.defined())
            return {};
        if (level->resample.weight.defined())
            h = upsampled(level->resample, h);
    }
    h = convolved(convOut, normalisedSilu(normOut, h), 1);
    return patch > 1 ? convolved(patchOut, depthToSpace(h, patch), 1) : h;
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
    if (config.remap)
        model.used = source.take("quantize.used", {config.remap->used}, Init::Zero);
    model.quantConv = takeConv(source, "quant_conv", config.zChannels, config.embedDim, 1);
    if (!config.encoderOnly)
        model.postQuantConv = takeConv(source, "post_quant_conv", config.embedDim, config.zChannels, 1);
    return model;
}

at::Tensor Autoencoder::latents(const at::Tensor &x, const std::stop_token &stop) const
{
    const at::Tensor h = encoder.forward(x, stop);
    return h.defined() ? convolved(quantConv, h, 0) : h;
}

at::Tensor Autoencoder::encode(const at::Tensor &x, const std::stop_token &stop) const
{
    const at::Tensor z = latents(x, stop);
    return z.defined() ? nearestCodes(z) : z;
}

at::Tensor Autoencoder::misfits(const at::Tensor &z) const
{
    if (codeLogits.weight.defined())
        return convolved(codeLogits, z, 0).neg().permute({0, 2, 3, 1}).reshape({-1, config.codes});
    const at::Tensor flat = z.permute({0, 2, 3, 1}).reshape({-1, config.embedDim}).to(at::kFloat); // [B h w, embedDim]
    const at::Tensor codes = codebook.to(at::kFloat);
    return flat.square().sum(1, true) + codes.square().sum(1) - 2 * at::matmul(flat, codes.t());
}

at::Tensor Autoencoder::nearestCodes(const at::Tensor &z) const
{
    at::Tensor misfit = misfits(z);
    const bool anyVector = !used.defined() || config.remap->unknown;
    at::Tensor nearest = (anyVector ? misfit : misfit.index_select(1, used)).argmin(1);
    if (used.defined() && anyVector) {
        const at::Tensor places = at::full({config.codes}, *config.remap->unknown, used.options());
        nearest = places.index_copy(0, used, at::arange(config.remap->used, used.options())).index_select(0, nearest);
    }
    return nearest.reshape({z.size(0), z.size(2), z.size(3)});
}

at::Tensor Autoencoder::rows(const at::Tensor &codes) const
{
    return used.defined() ? used.take(codes.where(codes < used.numel(), at::zeros_like(codes))) : codes;
}

at::Tensor Autoencoder::lookup(const at::Tensor &codes) const
{
    return at::embedding(codebook, rows(codes)).permute({0, 3, 1, 2});
}

at::Tensor Autoencoder::drawnVectors() const
{
    return codebook.index_select(0, rows(at::arange(config.drawnCodes(), codebook.options().dtype(at::kLong))));
}

at::Tensor Autoencoder::decodeLatents(const at::Tensor &zq, const std::stop_token &stop) const
{
    return decoder.forward(convolved(postQuantConv, zq, 0), stop);
}

} // namespace tessera::models
