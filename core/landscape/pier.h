#pragma once

#include "core/landscape/noise.h"
#include "core/landscape/scene.h"

namespace tessera::core
{

// Looks for a shore in front of the camera and lets a pier run from it into the water. REQUIRES: terrain and camera
// are set.
void placePier(Scene &scene, Random &random);

struct PierHit {
    float distance = 0; // km along the ray
    Vec3 normal;
    Vec3 albedo;
};

// Whether a ray meets the pier nearer than `limit` km.
bool meetsPier(const Scene &scene, Vec3 eye, Vec3 ray, float limit, PierHit &hit);

} // namespace tessera::core
