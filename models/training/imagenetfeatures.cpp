#include "models/training/imagenetfeatures.h"

#include <algorithm>
#include <array>
#include <string>

#include <ATen/ATen.h>

#include "models/safetensors.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kStem = 32;
constexpr int64_t kLast = 320;

struct Row {
    int64_t blocks, kernel, stride, expansion, channels;
};
// Tan and Le 2019, table 1, less its last stage.
constexpr std::array<Row, 7> kRows{{{1, 3, 1, 1, 16},
                                    {2, 3, 2, 6, 24},
                                    {2, 5, 2, 6, 40},
                                    {3, 3, 2, 6, 80},
                                    {3, 5, 1, 6, 112},
                                    {4, 5, 2, 6, 192},
                                    {1, 3, 1, 6, kLast}}};

Conv takeFloat(ParameterSource &source, const std::string &name, const std::vector<int64_t> &shape)
{
    const at::Tensor weight =
        source.take(name + ".weight", shape, Init::KaimingUniform, shape[1] * shape[2] * shape[3]);
    const at::Tensor bias = source.take(name + ".bias", {shape[0]}, Init::Zero);
    // Undefined tensors are reported by the source when it finishes.
    return {weight.defined() ? weight.to(at::kFloat) : weight, bias.defined() ? bias.to(at::kFloat) : bias};
}

// As TensorFlow pads: what is odd goes to the right and below.
at::Tensor samePadded(const at::Tensor &x, int64_t kernel, int64_t stride)
{
    const auto missing = [&](int64_t side) {
        return std::max<int64_t>(0, ((side + stride - 1) / stride - 1) * stride + kernel - side);
    };
    const int64_t down = missing(x.size(2)), across = missing(x.size(3));
    return at::constant_pad_nd(x, {across / 2, across - across / 2, down / 2, down - down / 2});
}

at::Tensor convolvedSame(const Conv &layer, const at::Tensor &x, int64_t stride, int64_t groups = 1)
{
    const std::array<int64_t, 2> strides{stride, stride};
    return at::conv2d(samePadded(x, layer.weight.size(2), stride), layer.weight, layer.bias, strides,
                      std::array<int64_t, 2>{0, 0}, std::array<int64_t, 2>{1, 1}, groups);
}

at::Tensor throughBlock(const ImagenetFeatures::Block &block, const at::Tensor &x)
{
    at::Tensor h = block.expand.weight.defined() ? at::relu6(convolvedSame(block.expand, x, 1)) : x;
    h = at::relu6(convolvedSame(block.depthwise, h, block.stride, h.size(1)));
    h = convolvedSame(block.project, h, 1);
    return block.stride == 1 && h.size(1) == x.size(1) ? h + x : h;
}

} // namespace

ImagenetFeatures ImagenetFeatures::create(ParameterSource &source)
{
    ImagenetFeatures net;
    net.stem = takeFloat(source, "stem", {kStem, 3, 3, 3});
    int64_t in = kStem;
    for (const Row &row : kRows) {
        for (int64_t i = 0; i < row.blocks; ++i) {
            const std::string name = "blocks." + std::to_string(net.blocks.size());
            const int64_t wide = in * row.expansion;
            Block block;
            block.stride = i == 0 ? row.stride : 1;
            if (row.expansion > 1)
                block.expand = takeFloat(source, name + ".expand", {wide, in, 1, 1});
            block.depthwise = takeFloat(source, name + ".depthwise", {wide, 1, row.kernel, row.kernel});
            block.project = takeFloat(source, name + ".project", {row.channels, wide, 1, 1});
            net.blocks.push_back(block);
            in = row.channels;
        }
    }
    net.head = takeFloat(source, "head", {kFeatures, kLast, 1, 1});
    return net;
}

ImagenetFeatures ImagenetFeatures::load(const std::filesystem::path &path, c10::Device device)
{
    StateDict tensors = readSafetensors(readSafetensorsIndex(path));
    for (auto &[name, tensor] : tensors)
        tensor = tensor.to(device);
    StateDictSource source(tensors, "", path.string());
    ImagenetFeatures net = create(source);
    source.finish();
    return net;
}

at::Tensor ImagenetFeatures::features(const at::Tensor &x) const
{
    TORCH_CHECK(x.dim() == 4 && x.size(1) == 3, "features of ", x.sizes(), ", expected [B, 3, H, W]");
    at::Tensor h = at::relu6(convolvedSame(stem, x.contiguous(at::MemoryFormat::ChannelsLast), 2));
    for (const Block &block : blocks)
        h = throughBlock(block, h);
    return at::relu6(convolvedSame(head, h, 1)).mean({2, 3});
}

} // namespace tessera::models
