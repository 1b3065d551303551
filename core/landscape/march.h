#pragma once

#include "core/landscape/terrain.h"

namespace tessera::core
{

struct MarchQuality {
    float reach; // km
    int steps;
    float stride; // share of the height above ground that a step may take
};

inline constexpr MarchQuality kViewMarch = {40, 200, .6f};
inline constexpr MarchQuality kMirrorMarch = {18, 48, .8f};
inline constexpr MarchQuality kProbeMarch = {40, 70, .9f};

// Follows a ray from `eye` along the unit vector `ray` to the land or the water; `distance` gets the km to
// it. False: nothing is hit. The land before `start` km is known not to be met; should the ray be under ground
// there, it is followed from the eye.
bool marchGround(const Ground &ground, Vec3 eye, Vec3 ray, MarchQuality quality, float &distance, float start = 0);

// How much of the light reaches a point, [0, 1], with soft edges.
float lightReaching(const Ground &ground, Vec3 point);

// Unit vector through the picture at (px, py) in pixels from the upper left. Both axes are scaled by the
// width.
Vec3 viewRay(const Camera &camera, float px, float py, int width, int height);

} // namespace tessera::core
