#pragma once

#include "core/landscape/vector.h"

#include <vector>

namespace tessera::core
{

// Turns linear radiance into display colours as a camera does: exposure from the picture's mean logarithm,
// a partial white balance, a film curve.
class Exposure
{
public:
    // `key` is the linear grey that the mean shall become; `limit` bounds the gain (0: none).
    Exposure(const std::vector<Vec3> &radiance, float key, float limit);

    // Display values in [0, 1].
    Vec3 develop(Vec3 radiance, float saturation) const;

    // Radiance above which everything is white.
    float white() const { return 4 / m_gain; }

private:
    Vec3 m_balance;
    float m_gain = 1;
};

} // namespace tessera::core
