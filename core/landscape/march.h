#pragma once

#include "core/landscape/terrain.h"

namespace tessera::core
{

struct MarchQuality {
    float reach; // km
    int steps;
    float stride; // share of the height above ground that a step may take
};

TESSERA_PIXEL_CONSTANT MarchQuality kViewMarch = {40, 200, .6f};
TESSERA_PIXEL_CONSTANT MarchQuality kMirrorMarch = {18, 48, .8f};
TESSERA_PIXEL_CONSTANT MarchQuality kProbeMarch = {40, 70, .9f};

// Follows a ray from `eye` along the unit vector `ray` to the land or the water; `distance` gets the km to
// it. False: nothing is hit. The land before `start` km is known not to be met; should the ray be under ground
// there, it is followed from the eye.
TESSERA_PIXEL bool marchGround(const Ground &ground, Vec3 eye, Vec3 ray, MarchQuality quality, float &distance,
                               float start = 0);

// How much of the light reaches a point, [0, 1], with soft edges.
TESSERA_PIXEL float lightReaching(const Ground &ground, Vec3 point);

// Unit vector through the picture at (px, py) in pixels from the upper left. Both axes are scaled by the
// width.
TESSERA_PIXEL Vec3 viewRay(const Camera &camera, float px, float py, int width, int height);

} // namespace tessera::core
