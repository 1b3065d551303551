#pragma once

#include "core/landscape/scene.h"
#include "core/landscape/shading.h"

namespace tessera::core
{

// Puts trees, bushes, reeds, flowers, boulders, fences, logs and bales into the scene, sorted from far to near.
// REQUIRES: the structures are placed.
void placeSprites(Scene &scene, Random &random);

// Fills the scene's sectors from its sprites.
TESSERA_PIXEL void sortIntoSectors(Scene &scene);

// Sector of a direction on the map from the camera.
TESSERA_PIXEL int spriteSector(float x, float z);

// Length of a shadow on flat ground over the height of what casts it.
TESSERA_PIXEL float shadowSlope(const Scene &scene);

// Grass and flowers are too thin.
constexpr bool castsShadow(SpriteKind kind)
{
    return kind != SpriteKind::Tuft && kind != SpriteKind::Flowers && kind != SpriteKind::Reed;
}

// Draws the structures and sprites that a ray meets in front of `pixel`. `eye` is the camera or its mirror image in the
// water.
TESSERA_PIXEL void overlaySprites(const Scene &scene, Vec3 eye, Vec3 ray, PixelSample &pixel);

// How much of the light the sprites take from a point of the ground, [0, 1].
TESSERA_PIXEL float spriteShadow(const Scene &scene, Vec3 point, float distance);

// What a sprite's picture holds at (u, v): u in [-1, 1] across, v in [0, 1] from the foot up.
struct SpriteTexel {
    bool hit = false;
    Vec3 normal; // x right, y up, z towards the eye
    Vec3 color;
};
TESSERA_PIXEL SpriteTexel plantTexel(const Sprite &sprite, float u, float v);
TESSERA_PIXEL SpriteTexel builtTexel(const Sprite &sprite, float u, float v);

} // namespace tessera::core
