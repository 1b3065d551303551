#include "core/sampling/cuda/cudaweights.h"

#include <ATen/ATen.h>

namespace tessera::core::cuda
{

namespace
{

at::ScalarType typeOf(Format format)
{
    switch (format) {
    case Format::Float32:
        return at::kFloat;
    case Format::BFloat16:
        return at::kBFloat16;
    case Format::Float16:
        break;
    }
    return at::kHalf;
}

// Copies and casts to the device.
class Mover
{
public:
    Mover(c10::Device device, at::ScalarType type) : m_device(device), m_type(type) {}

    at::Tensor wide(const at::Tensor &tensor) const { return tensor.to(m_device, at::kFloat).contiguous(); }
    DeviceNorm norm(const models::Norm &norm) const { return {wide(norm.weight), wide(norm.bias)}; }
    DeviceLinear linear(const models::Linear &layer) const { return linear(layer.weight, layer.bias); }

    DeviceBlock block(const models::TransformerBlock &block) const
    {
        return {norm(block.ln1),
                norm(block.ln2),
                linear(at::cat({block.query.weight, block.key.weight, block.value.weight}),
                       at::cat({block.query.bias, block.key.bias, block.value.bias})),
                linear(block.proj),
                linear(block.mlpUp),
                linear(block.mlpDown)};
    }

private:
    DeviceLinear linear(const at::Tensor &weight, const at::Tensor &bias) const
    {
        return {weight.to(m_device, m_type).contiguous(), wide(bias)};
    }

    c10::Device m_device;
    at::ScalarType m_type;
};

} // namespace

DeviceWeights::DeviceWeights(const models::Transformer &model, c10::Device device, Format numbers)
    : format(numbers)
    , type(typeOf(numbers))
    , shape{int(model.config.layers), int(model.config.heads), int(model.config.embedding), int(model.config.blockSize),
            int(model.config.unmasked)}
{
    const Mover mover(device, type);
    tokens = mover.wide(model.tokenEmbedding);
    positions = mover.wide(model.positionEmbedding.squeeze(0));
    for (const models::TransformerBlock &block : model.blocks) {
        blocks.push_back(mover.block(block));
    }
    finalNorm = mover.norm(model.lnFinal);
    head = mover.wide(model.head);
}

std::vector<BlockWeights> DeviceWeights::pointers() const
{
    std::vector<BlockWeights> result;
    for (const DeviceBlock &block : blocks) {
        result.push_back({block.norm1.pointers(), block.norm2.pointers(), block.queryKeyValue.weight.const_data_ptr(),
                          block.proj.weight.const_data_ptr(), block.up.weight.const_data_ptr(),
                          block.down.weight.const_data_ptr(), block.queryKeyValue.bias.const_data_ptr<float>(),
                          block.proj.bias.const_data_ptr<float>(), block.up.bias.const_data_ptr<float>(),
                          block.down.bias.const_data_ptr<float>()});
    }
    return result;
}

} // namespace tessera::core::cuda
