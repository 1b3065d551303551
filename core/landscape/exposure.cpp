#include "core/landscape/exposure.h"

namespace tessera::core
{

namespace
{

// Narkowicz's fit of the ACES film curve, then the display's gamma and a little more contrast.
TESSERA_PIXEL float filmCurve(float x)
{
    x = std::max(0.f, x);
    const float y =
        std::sqrt(saturate((x * (2.51f * x + .03f)) / (x * (2.43f * x + .59f) + .14f))); // gamma 2, the rest below
    const float z = y * (1.06f - .06f * y);                                              // near gamma 2.2
    return mix(z, z * z * (3 - 2 * z), .68f);
}

} // namespace

TESSERA_PIXEL Exposure::Exposure(LogSums sums, int pixels, float key, float limit)
{
    constexpr float kBalance = .42f;
    const auto n = static_cast<double>(pixels);
    const Vec3 mean = {static_cast<float>(std::exp(sums.r / n)), static_cast<float>(std::exp(sums.g / n)),
                       static_cast<float>(std::exp(sums.b / n))};
    const float l = luminance(mean);
    m_balance = {std::pow(l / mean.x, kBalance), std::pow(l / mean.y, kBalance), std::pow(l / mean.z, kBalance)};
    m_gain = key / l;
    if (limit > 0)
        m_gain = std::min(m_gain, limit);
}

TESSERA_PIXEL Vec3 Exposure::develop(Vec3 radiance, float saturation) const
{
    Vec3 c = radiance * m_balance * m_gain;
    c = mix(grey(luminance(c)), c, saturation);
    return {filmCurve(c.x), filmCurve(c.y), filmCurve(c.z)};
}

} // namespace tessera::core
