#pragma once

#include "core/landscape/scene.h"
#include "core/landscape/shading.h"

namespace tessera::core
{

// Puts trees, bushes, boulders, houses, fences and a bridge into the scene, sorted from far to near.
void placeSprites(Scene &scene, Random &random);

// Draws the sprites that a ray meets in front of `pixel`.
void overlaySprites(const Scene &scene, Vec3 eye, Vec3 ray, PixelSample &pixel);

// How much of the light the sprites take from a point of the ground, [0, 1].
float spriteShadow(const Scene &scene, Vec3 point, float distance);

// What a sprite's picture holds at (u, v): u in [-1, 1] across, v in [0, 1] from the foot up.
struct SpriteTexel {
    bool hit = false;
    Vec3 normal; // x right, y up, z towards the eye
    Vec3 color;
};
SpriteTexel spriteTexel(const Sprite &sprite, float u, float v);

} // namespace tessera::core
