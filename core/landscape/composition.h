#pragma once

#include "core/landscape/noise.h"
#include "core/landscape/scene.h"

namespace tessera::core
{

// Whether a view is worth a picture, from 14 x 14 coarse rays: neither all sky nor none, nothing that fills
// the view from near by, water that shows when the scene has some, a skyline that is not flat. Some views
// that break the last two rules pass by chance: such pictures exist. REQUIRES: terrain and camera are set;
// sky and sprites need not be.
bool wellComposed(const Scene &scene, Random &random);

} // namespace tessera::core
