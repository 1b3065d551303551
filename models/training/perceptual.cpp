#include "models/training/perceptual.h"

#include <ATen/ATen.h>

#include "models/blocks.h"
#include "models/error.h"
#include "models/safetensors.h"
#include "models/training/tapdistance.h"

namespace tessera::models
{

namespace
{

constexpr std::array<int, kPerceptualBlocks> kConvolutions{2, 2, 3, 3, 3};
constexpr std::array<int64_t, kPerceptualBlocks> kChannels{64, 128, 256, 512, 512};
constexpr double kNormEps = 1e-10;

at::Tensor takeFloat(ParameterSource &source, const std::string &name, const std::vector<int64_t> &shape)
{
    const at::Tensor tensor = source.take(name, shape, Init::Zero);
    return tensor.defined() ? tensor.to(at::kFloat) : tensor; // undefined: the source reports it when it finishes
}

Conv takeFloatConv(ParameterSource &source, const std::string &name, int64_t in, int64_t out)
{
    return {takeFloat(source, name + ".weight", {out, in, 3, 3}), takeFloat(source, name + ".bias", {out})};
}

// Each place's channels as a vector of length one. The tiny term, which the original lacks, keeps the
// gradient finite where all channels are zero.
at::Tensor unitLength(const at::Tensor &x)
{
    const at::Tensor length = (x.square().sum(1, true) + 1e-20).sqrt(); // [B, 1, h, w]
    return x / (length + kNormEps);
}

// [B]; see tapDistance.
at::Tensor plainDistance(const at::Tensor &x, const at::Tensor &target, const at::Tensor &weights)
{
    const at::Tensor difference = unitLength(x.to(at::kFloat)) - unitLength(target.to(at::kFloat));
    return (difference.square() * weights).sum(1).mean({1, 2});
}

} // namespace

Perceptual Perceptual::create(ParameterSource &source)
{
    Perceptual net;
    net.shift = takeFloat(source, "scaling_layer.shift", {1, 3, 1, 1});
    net.scale = takeFloat(source, "scaling_layer.scale", {1, 3, 1, 1});
    // Index of the layer in VGG-16: each convolution is followed by a ReLU, each block but the last by a
    // pooling.
    int layer = 0;
    int64_t in = 3;
    for (int block = 0; block < kPerceptualBlocks; ++block) {
        const std::string slice = "net.slice" + std::to_string(block + 1) + ".";
        for (int i = 0; i < kConvolutions[block]; ++i, layer += 2) {
            net.blocks[block].push_back(takeFloatConv(source, slice + std::to_string(layer), in, kChannels[block]));
            in = kChannels[block];
        }
        ++layer;
        const std::string name = "lin" + std::to_string(block) + ".model.1.weight";
        net.channelWeights[block] = takeFloat(source, name, {1, kChannels[block], 1, 1});
    }
    return net;
}

Perceptual Perceptual::load(const std::filesystem::path &path, int usedBlocks)
{
    if (usedBlocks < 1 || usedBlocks > kPerceptualBlocks) {
        throw Error(ErrorCode::InvalidArgument, "The perceptual loss uses 1 to " + std::to_string(kPerceptualBlocks)
                                                    + " blocks, not " + std::to_string(usedBlocks));
    }
    const StateDict tensors = readSafetensors(readSafetensorsIndex(path));
    StateDictSource source(tensors, "", path.string());
    Perceptual net = create(source);
    source.finish();
    net.usedBlocks = usedBlocks;
    return net;
}

void Perceptual::to(c10::Device device, c10::ScalarType type)
{
    shift = shift.to(device);
    scale = scale.to(device);
    for (std::vector<Conv> &block : blocks) {
        for (Conv &conv : block) {
            conv.weight = conv.weight.to(device, type).contiguous(at::MemoryFormat::ChannelsLast);
            conv.bias = conv.bias.to(device, type);
        }
    }
    for (at::Tensor &weights : channelWeights) {
        weights = weights.to(device);
    }
}

std::vector<at::Tensor> Perceptual::taps(const at::Tensor &x) const
{
    std::vector<at::Tensor> result;
    at::Tensor h = (x.to(at::kFloat) - shift) / scale; // [B, 3, H, W]: one channel spreads to three
    h = h.to(blocks[0][0].weight.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    for (int block = 0; block < usedBlocks; ++block) {
        if (block > 0) {
            h = at::max_pool2d(h, 2, 2);
        }
        for (const Conv &conv : blocks[block]) {
            const bool thin = h.is_cuda() && h.size(1) < 8; // colours
            h = (thin ? paddedConvolution(conv, h, 1) : at::conv2d(h, conv.weight, conv.bias, 1, 1)).relu_();
        }
        result.push_back(h);
    }
    return result;
}

at::Tensor Perceptual::distance(const std::vector<at::Tensor> &taps, const std::vector<at::Tensor> &targetTaps) const
{
    TORCH_CHECK(taps.size() == targetTaps.size() && taps.size() == size_t(usedBlocks), "LPIPS: ", usedBlocks,
                " taps expected, found ", taps.size(), " and ", targetTaps.size());
    at::Tensor sum;
    for (size_t block = 0; block < taps.size(); ++block) {
        const at::Tensor term = hasTapDistance(taps[block].device())
                                    ? tapDistance(taps[block], targetTaps[block], channelWeights[block])
                                    : plainDistance(taps[block], targetTaps[block], channelWeights[block]);
        sum = sum.defined() ? sum + term : term;
    }
    return sum;
}

} // namespace tessera::models
