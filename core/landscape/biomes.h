#pragma once

#include "core/landscape/noise.h"
#include "core/landscape/scene.h"

namespace tessera::core
{

// Changes the land, the colours and the clouds of a scene to what is usual in its biome. REQUIRES: terrain, palette
// and air are drawn.
void drawBiomeDetails(Scene &scene, Random &random);

} // namespace tessera::core
