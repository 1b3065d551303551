#include "core/sampling/cpu/packedtransformer.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "models/transformer.h"

namespace tessera::core::cpu
{

namespace
{

at::Tensor plain(const at::Tensor &tensor)
{
    return tensor.detach().to(at::kCPU, at::kFloat).contiguous();
}

AlignedBuffer<float> copied(const at::Tensor &tensor)
{
    const at::Tensor values = plain(tensor);
    AlignedBuffer<float> buffer(values.numel());
    std::copy_n(values.const_data_ptr<float>(), values.numel(), buffer.data());
    return buffer;
}

PackedNorm packed(const models::Norm &norm)
{
    return {copied(norm.weight), copied(norm.bias)};
}

PackedMatrix packed(std::initializer_list<models::Linear> layers, WeightFormat format, WeightArena &arena)
{
    std::vector<at::Tensor> held;
    std::vector<LayerWeights> parts;
    for (const models::Linear &layer : layers) {
        const at::Tensor weight = held.emplace_back(plain(layer.weight));
        LayerWeights part{weight.const_data_ptr<float>(), nullptr, weight.size(0)};
        if (layer.bias.defined())
            part.bias = held.emplace_back(plain(layer.bias)).const_data_ptr<float>();
        parts.push_back(part);
    }
    return {parts, held.front().size(1), format, arena};
}

PackedBlock packed(const models::TransformerBlock &block, WeightFormat format, WeightArena &arena)
{
    return {packed(block.ln1),
            packed(block.ln2),
            packed({block.query, block.key, block.value}, format, arena),
            packed({block.proj}, format, arena),
            packed({block.mlpUp}, format, arena),
            packed({block.mlpDown}, format, arena)};
}

} // namespace

PackedTransformer::PackedTransformer(models::Transformer model, WeightFormat format) : config(model.config)
{
    const c10::InferenceMode inference;
    tokenEmbedding = plain(model.tokenEmbedding);
    positionEmbedding = plain(model.positionEmbedding.select(0, 0));
    for (models::TransformerBlock &block : model.blocks) {
        blocks.push_back(packed(block, format, arena));
        block = {};
    }
    lnFinal = packed(model.lnFinal);
    head = packed({models::Linear{model.head, {}}}, format, arena);
}

int64_t PackedTransformer::bytes() const
{
    int64_t bytes = 0;
    for (const PackedBlock &block : blocks)
        for (const PackedMatrix *matrix : {&block.queryKeyValue, &block.proj, &block.mlpUp, &block.mlpDown})
            bytes += matrix->bytes();
    return bytes;
}

} // namespace tessera::core::cpu
