#include "core/landscape/exposure.h"

namespace tessera::core
{

namespace
{

// Narkowicz's fit of the ACES film curve, then the display's gamma and a little more contrast.
float filmCurve(float x)
{
    x = std::max(0.f, x);
    const float y =
        std::sqrt(saturate((x * (2.51f * x + .03f)) / (x * (2.43f * x + .59f) + .14f))); // gamma 2, the rest below
    const float z = y * (1.06f - .06f * y);                                              // near gamma 2.2
    return mix(z, z * z * (3 - 2 * z), .68f);
}

} // namespace

Exposure::Exposure(const std::vector<Vec3> &radiance, float key, float limit)
{
    constexpr float kFloor = 1e-4f, kBalance = .42f;
    double r = 0, g = 0, b = 0;
    for (const Vec3 &c : radiance) {
        r += std::log(c.x + kFloor);
        g += std::log(c.y + kFloor);
        b += std::log(c.z + kFloor);
    }
    const auto n = static_cast<double>(radiance.size());
    const Vec3 mean = {static_cast<float>(std::exp(r / n)), static_cast<float>(std::exp(g / n)),
                       static_cast<float>(std::exp(b / n))};
    const float l = luminance(mean);
    m_balance = {std::pow(l / mean.x, kBalance), std::pow(l / mean.y, kBalance), std::pow(l / mean.z, kBalance)};
    m_gain = key / l;
    if (limit > 0)
        m_gain = std::min(m_gain, limit);
}

Vec3 Exposure::develop(Vec3 radiance, float saturation) const
{
    Vec3 c = radiance * m_balance * m_gain;
    c = mix(grey(luminance(c)), c, saturation);
    return {filmCurve(c.x), filmCurve(c.y), filmCurve(c.z)};
}

} // namespace tessera::core
