// A transformer's weights on the device, as the kernels and cuBLAS read them.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "core/sampling/cuda/kernels.h"
#include "models/transformer.h"

namespace tessera::core::cuda
{

struct DeviceNorm {
    at::Tensor weight, bias; // float

    NormWeights pointers() const { return {weight.const_data_ptr<float>(), bias.const_data_ptr<float>()}; }
};

struct DeviceLinear {
    at::Tensor weight; // [out, in] in the engine's type
    at::Tensor bias;   // [out], float
};

struct DeviceBlock {
    DeviceNorm norm1, norm2;
    DeviceLinear queryKeyValue, proj, up, down;
};

struct DeviceWeights {
    DeviceWeights(const models::Transformer &model, c10::Device device, Format format);

    Format format;
    at::ScalarType type; // of `format`
    NetworkShape shape;
    at::Tensor tokens, positions; // float [vocabulary, embedding], [blockSize, embedding]
    std::vector<DeviceBlock> blocks;
    DeviceNorm finalNorm;
    at::Tensor head; // float [vocabulary, embedding]

    // The blocks again as pointers, valid as long as this.
    std::vector<BlockWeights> pointers() const;
};

} // namespace tessera::core::cuda
