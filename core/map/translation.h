// A map painted with one label set, said in the words of another: an S-FLCKR map for a landscape model and back.
#pragma once

#include "core/map/labelmap.h"
#include "core/map/labelset.h"

#include <array>
#include <cstdint>

namespace tessera::core
{

// For every value of a map in `from` the label of `to` that means the same: the first that shares one of its COCO-Stuff
// ids, else one of its ADE20K classes, else its name; the void of `to` where there is none.
std::array<uint8_t, 256> labelTranslation(const LabelSet &from, const LabelSet &to);

LabelMap translated(const LabelMap &map, const LabelSet &from, const LabelSet &to);

} // namespace tessera::core
