// The fixed test set of maps as an impatient artist paints them: 64 scenes of 256 x 256 in a dozen strokes each, some
// with unpainted places. They lie painted in tests/data/crude; models are judged by what they make of them.
#pragma once

#include <string>
#include <vector>

#include "core/map/labelmap.h"
#include "core/map/labelset.h"

namespace tessera::tests
{

struct CrudeMap {
    std::string name; // of the file, without suffix
    core::LabelMap map;
    std::string light, biome, weather; // controls to paint it with
};

// `set` is the landscape label set. Every call gives the same maps.
std::vector<CrudeMap> paintCrudeMaps(const core::LabelSet &set);

} // namespace tessera::tests
