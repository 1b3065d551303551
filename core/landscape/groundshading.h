#pragma once

#include "core/landscape/shading.h"

namespace tessera::core
{

// Colour and classes of the land at `point`, `distance` km from the eye (before the air between them).
// `fine` is false for reflections.
TESSERA_PIXEL PixelSample shadeGround(const Ground &ground, Vec3 point, float distance, bool fine);

} // namespace tessera::core
