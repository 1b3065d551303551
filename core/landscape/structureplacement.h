#pragma once

#include "core/landscape/scene.h"

namespace tessera::core
{

struct Random;

// Builds bridges, piers, boardwalks and houses into a scene whose terrain and camera are set. What the picture is
// about comes first, near the camera, which may be moved on to it. False when there is no good place for that.
bool placeStructures(Scene &scene, Random &random);

} // namespace tessera::core
