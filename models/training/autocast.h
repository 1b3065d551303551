// bfloat16 for convolutions and matrix products while the object lives; what needs float32 (norms, losses, distances)
// stays there.
#pragma once

#include <ATen/autocast_mode.h>
#include <c10/core/Device.h>

#include "models/autoencoder.h"

namespace tessera::models
{

// Whether this machine computes faster in bfloat16: a processor without the instructions emulates it slowly.
inline bool bfloat16Pays(c10::Device device)
{
#if defined(__x86_64__)
    return device.is_cuda() || __builtin_cpu_supports("avx512bf16");
#else
    return device.is_cuda();
#endif
}

class Autocast
{
public:
    Autocast(c10::Device device, bool enabled)
        : m_type(device.type())
        , m_before(at::autocast::is_autocast_enabled(m_type))
    {
        at::autocast::set_autocast_enabled(m_type, enabled);
        at::autocast::set_autocast_dtype(m_type, at::kBFloat16);
        at::autocast::increment_nesting();
    }
    ~Autocast()
    {
        // Weights cast once are kept until here; the next step has other weights.
        if (at::autocast::decrement_nesting() == 0)
            at::autocast::clear_cache();
        at::autocast::set_autocast_enabled(m_type, m_before);
    }
    Autocast(const Autocast &) = delete;
    Autocast &operator=(const Autocast &) = delete;

private:
    c10::DeviceType m_type;
    bool m_before;
};

// model.nearestCodes() as it is when a picture is encoded for real: inside an Autocast the products of its distances
// would be rounded to bfloat16, and close codes taken for each other.
inline at::Tensor exactCodes(const Autoencoder &model, const at::Tensor &latents)
{
    const Autocast off(latents.device(), false);
    return model.nearestCodes(latents.to(at::kFloat));
}

} // namespace tessera::models
