#pragma once

#include "core/landscape/scene.h"

namespace tessera::core
{

struct Random;

// What the picture of a seed is about. About half of the pictures are about the land as a whole; the others give
// room to what would else be specks: the shares are chosen so that each label covers 1.5 % of all pixels.
Subject drawSubject(std::uint32_t seed);

// A biome in which the subject is at home. REQUIRES: the subject is not the land.
Biome drawSubjectBiome(Subject subject, Random &random);

// Changes land and air in favour of the scene's subject. REQUIRES: they are drawn.
void prepareSubject(Scene &scene, Random &random);

// Puts the camera where the subject is well seen. REQUIRES: the subject is not the land.
void placeSubjectCamera(Scene &scene, Random &random);

} // namespace tessera::core
