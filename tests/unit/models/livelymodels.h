// First stages with random weights, small but in the layouts that matter.
#pragma once

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "models/config.h"
#include "models/parameters.h"

namespace tessera::models
{

// The published f = 16 layout, attention included, a quarter as wide.
inline AutoencoderConfig publishedLayout()
{
    AutoencoderConfig config;
    config.width = 32;
    config.zChannels = config.embedDim = 64;
    config.codes = 256;
    return config;
}

// As the starter's: a patch stem, attention in the middle alone.
inline AutoencoderConfig patchLayout()
{
    AutoencoderConfig config;
    config.width = 32;
    config.multipliers = {1, 2, 3};
    config.resBlocks = 1;
    config.attentionResolutions = {};
    config.zChannels = 32;
    config.embedDim = 8;
    config.codes = 256;
    config.patch = 4;
    config.normGroups = 16;
    return config;
}

// Weights that do something: a fresh model's normalisations are all ones and zeros.
class LivelySource : public ParameterSource
{
public:
    at::Tensor take(const std::string &, const std::vector<int64_t> &shape, Init init, int64_t) override
    {
        const at::Tensor values = at::randn(shape, m_generator);
        if (shape.size() == 1)
            return values * 0.2 + (init == Init::One ? 1.0 : 0.0);
        const double fan = double(values.numel() / shape[0]);
        return init == Init::CodebookUniform ? values : values / std::sqrt(fan);
    }

private:
    at::Generator m_generator = at::detail::createCPUGenerator(3);
};

} // namespace tessera::models
