#pragma once

#include "core/landscape/scene.h"

namespace tessera::core
{

// Light on clouds: what the sun or the moon gives them and what the sky gives them.
struct CloudLight {
    Vec3 direct;
    Vec3 ambient;
};

// Puts the heap clouds that a ray meets in front of `behind` and returns their opacity, [0, 1]. `fine` is false for
// reflections. REQUIRES: the ray points upwards.
TESSERA_PIXEL float heapClouds(const Scene &scene, Vec3 eye, Vec3 ray, bool fine, CloudLight light, Vec3 &behind);

// The same point by point, as a GPU computes it.
TESSERA_PIXEL float heapCloudsByPoints(const Scene &scene, Vec3 eye, Vec3 ray, bool fine, CloudLight light,
                                       Vec3 &behind);

} // namespace tessera::core
