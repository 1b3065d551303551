// The few layers all networks are made of: plain tensors, named as in the original's checkpoints.
#pragma once

#include <string>

#include <ATen/core/Tensor.h>

#include "models/parameters.h"

namespace tessera::models
{

struct Conv {
    at::Tensor weight; // [out, in, k, k]
    at::Tensor bias;   // [out], may be undefined
};

struct Linear {
    at::Tensor weight; // [out, in]
    at::Tensor bias;   // [out]
};

struct Norm {          // affine part of a normalisation
    at::Tensor weight; // [channels]
    at::Tensor bias;   // [channels]
};

Conv takeConv(ParameterSource &source, const std::string &name, int64_t in, int64_t out, int64_t kernel);
Linear takeLinear(ParameterSource &source, const std::string &name, int64_t in, int64_t out);
Norm takeNorm(ParameterSource &source, const std::string &name, int64_t channels);

} // namespace tessera::models
