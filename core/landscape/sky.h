#pragma once

#include "core/landscape/scene.h"

namespace tessera::core
{

// Fills the scene's sky table, its average and the colour of the light: single scattering by air, haze and
// ozone in a spherical atmosphere, from the sun's direction.
TESSERA_PIXEL void computeSky(Scene &scene);

// Radiance of the clear (or overcast) sky in a direction; below the horizon that of the horizon.
TESSERA_PIXEL Vec3 skyRadiance(const Scene &scene, Vec3 ray);

struct SkySample {
    Vec3 color;
    float cloud; // opacity of the clouds, [0, 1]
};

// Sky with sun, moon, stars and clouds. `fine` is false for reflections.
TESSERA_PIXEL SkySample skyWithClouds(const Scene &scene, Vec3 eye, Vec3 ray, bool fine);

struct AirSample {
    Vec3 color;
    float fog; // share of the colour that is ground fog, [0, 1]
};

// What is left of `color` after `distance` km of air.
TESSERA_PIXEL AirSample throughAir(const Scene &scene, Vec3 color, Vec3 eye, Vec3 ray, float distance);

} // namespace tessera::core
