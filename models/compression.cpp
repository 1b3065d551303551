#include "models/compression.h"

#include <algorithm>
#include <array>

#include <ATen/ATen.h>

#include "models/error.h"

namespace tessera::models
{

namespace
{

const std::string kScaleSuffix = ".scale";

// A codebook's rows are compared by distance, a Gumbel quantizer's codes are the greatest of its projection's values,
// and positions are added: all want more than 8 bits, and all are small.
bool quantisable(const std::string &name, const at::Tensor &tensor)
{
    constexpr std::array kExact{"quantize.embedding.weight", "quantize.embed.weight", "quantize.proj.weight",
                                "pos_emb"};
    return tensor.dim() >= 2
           && std::ranges::none_of(kExact, [&](const char *ending) { return name.ends_with(ending); });
}

// Infinities that are there already may stay.
at::Tensor asHalf(const at::Tensor &tensor)
{
    const at::Tensor half = tensor.to(at::kHalf);
    const bool overflows = at::isinf(half).ne(at::isinf(tensor)).any().item<bool>();
    return overflows ? tensor.to(at::kFloat) : half;
}

at::Tensor scaleShapedFor(const at::Tensor &scale, const at::Tensor &tensor)
{
    std::vector<int64_t> shape(size_t(tensor.dim()), 1);
    shape[0] = tensor.size(0);
    return scale.reshape(shape);
}

void addInt8(StateDict &result, const std::string &name, const at::Tensor &tensor)
{
    const at::Tensor rows = tensor.to(at::kFloat).reshape({tensor.size(0), -1});
    const at::Tensor scale = rows.abs().amax(1).div(127).clamp_min(1e-12);
    result[name] = tensor.to(at::kFloat).div(scaleShapedFor(scale, tensor)).round().clamp(-127, 127).to(at::kChar);
    result[name + kScaleSuffix] = scale;
}

} // namespace

StateDict compressed(const StateDict &tensors, WeightFormat format)
{
    StateDict result;
    for (const auto &[name, tensor] : tensors) {
        if (!tensor.is_floating_point())
            result[name] = tensor;
        else if (format == WeightFormat::Int8 && quantisable(name, tensor))
            addInt8(result, name, tensor);
        else
            result[name] = format == WeightFormat::Float32 ? tensor.to(at::kFloat) : asHalf(tensor);
    }
    return result;
}

StateDict decompressed(const StateDict &tensors)
{
    StateDict result;
    for (const auto &[name, tensor] : tensors) {
        if (tensor.scalar_type() == at::kChar) {
            const auto scale = tensors.find(name + kScaleSuffix);
            if (scale == tensors.end() || tensor.dim() == 0 || scale->second.numel() != tensor.size(0))
                throw Error(ErrorCode::ModelMismatch, "Tensor " + name + " is int8, but " + name + kScaleSuffix
                                                          + " with one value per row is missing.");
            result[name] = tensor.to(at::kFloat).mul_(scaleShapedFor(scale->second.to(at::kFloat), tensor));
        } else if (!(name.ends_with(kScaleSuffix)
                     && tensors.contains(name.substr(0, name.size() - kScaleSuffix.size())))) {
            result[name] = tensor.is_floating_point() ? tensor.to(at::kFloat) : tensor;
        }
    }
    return result;
}

} // namespace tessera::models
