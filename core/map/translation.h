// A map painted with one label set, said in the words of another: an S-FLCKR map for a landscape model and back.
#pragma once

#include "core/map/labelmap.h"
#include "core/map/labelset.h"
#include "core/map/mapimport.h"

#include <array>
#include <cstdint>

namespace tessera::core
{

// For every value of a map in `from` the label of `to` that means the same: the first that shares one of its COCO-Stuff
// ids, else one of its ADE20K classes, else its name; the void of `to` where there is none.
std::array<uint8_t, 256> labelTranslation(const LabelSet &from, const LabelSet &to);

LabelMap translated(const LabelMap &map, const LabelSet &from, const LabelSet &to);

// importMap() for a file whose labels may be those of another set than `set`: Landscape, CocoStuff and Ade20k name the
// set of the program that the file was painted with, in its colours or, gray, in its numbers; what it says is
// translated to `set`, and labels without a counterpart become void and count as unmapped. The other kinds are
// importMap's own. Throws what importMap and loadLabelSet throw.
ImportedMap importTranslated(const ImageBytes &image, const LabelSet &set, MapLabels labels,
                             const std::string &fileName);

} // namespace tessera::core
