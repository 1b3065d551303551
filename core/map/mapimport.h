// Pictures of label maps become label maps: gray files of class ids, files in a palette's colours, and back.
#pragma once

#include "core/map/imagebytes.h"
#include "core/map/labelmap.h"
#include "core/map/labelset.h"

#include <string>
#include <string_view>
#include <vector>

namespace tessera::core
{

// How the pixels of a file name their labels.
enum class MapLabels {
    Auto,      // gray: Index when every value is an index, else CocoStuff; colours: the palette that fits
    Index,     // gray value = index in the set
    Landscape, // the colours of the set itself, whichever it is (in core/map/translation.h: of the set landscape)
    Gaugan,    // the colours of GauGAN and NVIDIA Canvas
    CocoStuff, // gray 0..181 = COCO-Stuff id, 255 = unlabelled, as in the S-FLCKR and COCO-Stuff files
    Ade20k,    // gray 0 = unknown, 1..150 = ADE20K class + 1
};

// "auto", "index", "landscape", "gaugan", "cocostuff", "ade20k". Throws Error (InvalidArgument) for other
// names.
MapLabels mapLabelsFromName(std::string_view name);
std::string nameOf(MapLabels labels);

struct ForeignColor {
    std::string value; // "#rrggbb", or the gray value in digits
    size_t pixels = 0;
    bool operator==(const ForeignColor &) const = default;
};

// What the import had to guess or leave out. Counts are pixels.
struct ImportReport {
    MapLabels labels = MapLabels::Auto; // what was taken; never Auto
    size_t offPalette = 0;              // not exactly a colour of the palette, or not a value of the scheme
    size_t unknown = 0;                 // of those, became void; the others took the colour they are a shade or mix of
    size_t unmapped = 0;                // classes that the scheme knows and the set has no label for: became void
    std::vector<ForeignColor> unknownColors; // the five commonest of the unknown
};

struct ImportedMap {
    LabelMap map;
    ImportReport report;
};

// The map has the size of the image. Colours that are mixtures of their neighbours (soft brush edges) or near
// a colour of the palette (JPEG) are repaired; transparent pixels are void. `fileName` is what errors call
// the file. Throws Error (FileFormat) when more than half of the pixels mean nothing, and when gray ids are
// asked of a file with colours.
ImportedMap importMap(const ImageBytes &image, const LabelSet &set, MapLabels labels, const std::string &fileName);

// RGB, the colours of the set; labels beyond the set get void's colour.
ImageBytes mapToRgb(const LabelMap &map, const LabelSet &set);

} // namespace tessera::core
