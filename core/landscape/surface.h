#pragma once

#include "core/landscape/detail.h"
#include "core/landscape/label.h"
#include "core/landscape/terrain.h"

namespace tessera::core
{

// All that is measured at a place of the land before it gets a material.
struct Place {
    Vec3 p;
    float distance;
    float footprint; // width of a pixel there, km
    float bare;      // height without trees
    float top;       // height with trees
    float forest;    // [0, 1]
    float steep;     // mean of the normals' y: 1 flat
    float cliff;     // share in which the place is seen as a wall, [0, 1]
    Vec3 normal;
    Vec3 ray;     // from the eye to the place
    float broad;  // noise, about 500 m
    float middle; // noise, about 40 m
    Detail detail;
    bool fine; // false in reflections
};

// What the ground is made of there. Later layers cover earlier ones.
struct Surface {
    Vec3 albedo = {};
    LandscapeLabel label = LandscapeLabel::Grass;
    float roughness = .2f; // how strongly the detail bends the normal
    Vec3 lump = {0, 1, 0}; // normal of a stone or tuft that covers the place
    float lumpWeight = 0;  // [0, 1]
    float ripple = 0;      // slope of ripples along z
    float shade = 0;       // shadow of lumps, [0, 1]
    float gloss = 0;       // of wet ground, [0, 1]
};

TESSERA_PIXEL Surface surfaceAt(const Scene &scene, const Place &place);

// Share of beach at a place, 1 at the water.
TESSERA_PIXEL float beachWeight(const Scene &scene, const Place &place);

} // namespace tessera::core
