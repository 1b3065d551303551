#pragma once

#include "core/landscape/vector.h"

namespace tessera::core
{

// Sums of the logarithms of a picture's radiance, colour by colour.
struct LogSums {
    double r = 0;
    double g = 0;
    double b = 0;

    TESSERA_PIXEL void add(Vec3 radiance)
    {
        constexpr float kFloor = 1e-4f;
        r += std::log(radiance.x + kFloor);
        g += std::log(radiance.y + kFloor);
        b += std::log(radiance.z + kFloor);
    }
    TESSERA_PIXEL void add(const LogSums &other)
    {
        r += other.r;
        g += other.g;
        b += other.b;
    }
};

// Turns linear radiance into display colours as a camera does: exposure from the picture's mean logarithm,
// a partial white balance, a film curve.
class Exposure
{
public:
    Exposure() = default;
    // `sums` are those of `pixels` pixels, `key` is the linear grey that their mean shall become; `limit` bounds the
    // gain (0: none).
    TESSERA_PIXEL Exposure(LogSums sums, int pixels, float key, float limit);

    // Display values in [0, 1].
    TESSERA_PIXEL Vec3 develop(Vec3 radiance, float saturation) const;

    // Radiance above which everything is white.
    TESSERA_PIXEL float white() const { return 4 / m_gain; }

private:
    Vec3 m_balance;
    float m_gain = 1;
};

} // namespace tessera::core
