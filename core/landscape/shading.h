#pragma once

#include "core/landscape/label.h"
#include "core/landscape/terrain.h"

namespace tessera::core
{

inline constexpr float kFogIsAThing = .75f; // where fog hides more than this, the object is fog
inline constexpr float kSkyDistance = 1e3f; // stands for "nothing is hit", km

struct PixelSample {
    Vec3 color;                                    // linear radiance
    LandscapeLabel object = LandscapeLabel::Sky;   // what a painter would call it
    LandscapeLabel material = LandscapeLabel::Sky; // what it is made of
    float distance = kSkyDistance;                 // km
};

// The km that a ray goes to the land or the water, kSkyDistance where there is none. The land before `start` km is
// known not to be met; from kSkyDistance on there is only sky.
TESSERA_PIXEL float reachOf(const Ground &ground, Vec3 eye, Vec3 ray, float start);

// What a ray that goes so far sees, without sprites.
TESSERA_PIXEL PixelSample shadeAt(const Ground &ground, Vec3 eye, Vec3 ray, float reached);

} // namespace tessera::core
