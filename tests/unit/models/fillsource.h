// Tensors filled by the rule under which the golden numbers were taken: smooth, deterministic, dependent on the name.
#pragma once

#include <cmath>

#include <ATen/ATen.h>

#include "models/parameters.h"

namespace tessera::models
{

inline at::Tensor filledByRule(const std::string &name, const std::vector<int64_t> &shape)
{
    int64_t characters = 0, count = 1, fan = 1;
    for (const unsigned char c : name)
        characters += c;
    for (size_t i = 0; i < shape.size(); ++i) {
        count *= shape[i];
        fan *= i ? shape[i] : 1;
    }
    at::Tensor tensor = at::empty({count}, at::kFloat);
    float *values = tensor.data_ptr<float>();
    for (int64_t i = 0; i < count; ++i) {
        const double wave = std::sin(0.7 * double(i) + 0.1 * double(characters));
        double value = wave / std::sqrt(double(fan));
        if (name.ends_with(".bias"))
            value = 0.05 * wave;
        else if (shape.size() == 1)
            value = 1 + 0.1 * wave;
        else if (name.ends_with("embedding.weight") || name.ends_with("tok_emb.weight") || name == "pos_emb")
            value = 0.5 * wave;
        values[i] = float(value);
    }
    return tensor.reshape(shape);
}

// The input rule: sin(0.05 i).
inline at::Tensor waveInput(const std::vector<int64_t> &shape)
{
    int64_t count = 1;
    for (const int64_t side : shape)
        count *= side;
    return at::arange(count, at::kDouble).mul(0.05).sin().to(at::kFloat).reshape(shape);
}

class FillSource : public ParameterSource
{
public:
    at::Tensor take(const std::string &name, const std::vector<int64_t> &shape, Init, int64_t) override
    {
        return tensors[name] = filledByRule(name, shape);
    }
    StateDict tensors;
};

// Records names and shapes without making tensors of that size: for layouts too large to fill in a test.
class ShapeSource : public ParameterSource
{
public:
    at::Tensor take(const std::string &name, const std::vector<int64_t> &shape, Init, int64_t) override
    {
        shapes[name] = shape;
        return at::zeros({1}).expand(shape);
    }
    int64_t parameters(const std::string &prefix = "") const
    {
        int64_t sum = 0;
        for (const auto &[name, shape] : shapes) {
            int64_t count = name.starts_with(prefix) ? 1 : 0;
            for (const int64_t side : shape)
                count *= side;
            sum += count;
        }
        return sum;
    }
    std::map<std::string, std::vector<int64_t>> shapes;
};

} // namespace tessera::models
