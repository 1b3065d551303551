#include "models/training/discriminator.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace tessera::models
{

namespace
{

constexpr double kSlope = 0.2;
constexpr double kBatchNormEps = 1e-5;
constexpr double kBatchNormMomentum = 0.1;
constexpr int64_t kKernel = 4;

std::string mainName(int64_t index)
{
    return "main." + std::to_string(index) + ".";
}

Conv takePatchConv(ParameterSource &source, const std::string &name, int64_t in, int64_t out, bool withBias)
{
    const int64_t fanIn = in * kKernel * kKernel;
    Conv conv;
    conv.weight = source.take(name + "weight", {out, in, kKernel, kKernel}, Init::Normal002);
    if (withBias) {
        conv.bias = source.take(name + "bias", {out}, Init::KaimingUniform, fanIn);
    }
    return conv;
}

// The original draws the weight from N(1, 0.02); ones differ from that by less than a step of training.
BatchNorm takeBatchNorm(ParameterSource &source, const std::string &name, int64_t channels)
{
    BatchNorm norm;
    norm.weight = source.take(name + "weight", {channels}, Init::One);
    norm.bias = source.take(name + "bias", {channels}, Init::Zero);
    norm.runningMean = source.take(name + "running_mean", {channels}, Init::Zero);
    norm.runningVar = source.take(name + "running_var", {channels}, Init::One);
    return norm;
}

ActNorm takeActNorm(ParameterSource &source, const std::string &name, int64_t channels)
{
    ActNorm norm;
    norm.loc = source.take(name + "loc", {1, channels, 1, 1}, Init::Zero);
    norm.scale = source.take(name + "scale", {1, channels, 1, 1}, Init::One);
    norm.initialized = source.take(name + "initialized", {}, Init::Zero);
    return norm;
}

at::Tensor convolve(const at::Tensor &x, const Conv &conv, int64_t stride)
{
    const at::Tensor bias = conv.bias.defined() ? conv.bias.to(x.scalar_type()) : at::Tensor();
    return at::conv2d(x, conv.weight.to(x.scalar_type()), bias, stride, 1);
}

at::Tensor normalize(const at::Tensor &x, const BatchNorm &norm, bool training)
{
    return at::batch_norm(x, norm.weight, norm.bias, norm.runningMean, norm.runningVar, training, kBatchNormMomentum,
                          kBatchNormEps, false);
}

void initialize(const ActNorm &norm, const at::Tensor &x)
{
    const c10::NoGradGuard noGrad;
    const at::Tensor values = x.to(at::kFloat);
    const at::Tensor mean = values.mean({0, 2, 3}, true);
    const at::Tensor deviation = values.std({0, 2, 3}, true, true);
    norm.loc.copy_(-mean);
    norm.scale.copy_(1 / (deviation + 1e-6));
    norm.initialized.fill_(1);
}

at::Tensor normalize(const at::Tensor &x, const ActNorm &norm, bool training)
{
    if (training && norm.initialized.item<double>() == 0) {
        initialize(norm, x);
    }
    return norm.scale.to(x.scalar_type()) * (x + norm.loc.to(x.scalar_type()));
}

void putConv(StateDict &tensors, const std::string &name, const Conv &conv)
{
    tensors[name + "weight"] = conv.weight;
    if (conv.bias.defined()) {
        tensors[name + "bias"] = conv.bias;
    }
}

} // namespace

Discriminator Discriminator::create(const DiscriminatorConfig &config, ParameterSource &source)
{
    Discriminator net;
    net.config = config;
    // Index in the original's Sequential: convolution, [normalisation,] activation.
    int64_t index = 0;
    int64_t in = config.inChannels;
    for (int64_t level = 0; level <= config.layers; ++level) {
        const int64_t out = config.width * std::min<int64_t>(int64_t(1) << level, 8);
        const bool first = level == 0;
        DiscriminatorStage stage;
        stage.stride = level < config.layers ? 2 : 1;
        stage.conv = takePatchConv(source, mainName(index), in, out, first || config.actNorm);
        if (!first && config.actNorm) {
            stage.actNorm = takeActNorm(source, mainName(index + 1), out);
        } else if (!first) {
            stage.batchNorm = takeBatchNorm(source, mainName(index + 1), out);
        }
        net.stages.push_back(std::move(stage));
        index += first ? 2 : 3;
        in = out;
    }
    net.last = takePatchConv(source, mainName(index), in, 1, true);
    return net;
}

DiscriminatorOutput Discriminator::forward(const at::Tensor &x, bool training, bool withFeatures) const
{
    DiscriminatorOutput output;
    at::Tensor h = x;
    for (const DiscriminatorStage &stage : stages) {
        h = convolve(h, stage.conv, stage.stride); // [B, width, H / 2, W / 2]
        if (stage.batchNorm) {
            h = normalize(h, *stage.batchNorm, training);
        } else if (stage.actNorm) {
            h = normalize(h, *stage.actNorm, training);
        }
        h = at::leaky_relu(h, kSlope);
        if (withFeatures) {
            output.features.push_back(h);
        }
    }
    output.logits = convolve(h, last, 1).to(at::kFloat);
    return output;
}

StateDict Discriminator::parameters() const
{
    StateDict all = tensors();
    std::erase_if(all, [](const auto &entry) {
        const std::string &name = entry.first;
        return name.ends_with("running_mean") || name.ends_with("running_var") || name.ends_with("initialized");
    });
    return all;
}

StateDict Discriminator::tensors() const
{
    StateDict all;
    int64_t index = 0;
    for (const DiscriminatorStage &stage : stages) {
        putConv(all, mainName(index), stage.conv);
        const std::string norm = mainName(index + 1);
        if (stage.batchNorm) {
            all[norm + "weight"] = stage.batchNorm->weight;
            all[norm + "bias"] = stage.batchNorm->bias;
            all[norm + "running_mean"] = stage.batchNorm->runningMean;
            all[norm + "running_var"] = stage.batchNorm->runningVar;
        } else if (stage.actNorm) {
            all[norm + "loc"] = stage.actNorm->loc;
            all[norm + "scale"] = stage.actNorm->scale;
            all[norm + "initialized"] = stage.actNorm->initialized;
        }
        index += index == 0 ? 2 : 3;
    }
    putConv(all, mainName(index), last);
    return all;
}

} // namespace tessera::models
