// The part of mapimport that deals with colours: which label each pixel of a painted map means.
#pragma once

#include "core/map/imagebytes.h"
#include "core/map/labelmap.h"
#include "core/map/labelset.h"

#include <cstddef>
#include <vector>

namespace tessera::core
{

struct PaletteColor {
    Rgb color;
    uint8_t label = kVoidLabel;
    bool mapped = true; // false: a colour of the palette that the set has no label for
};
using Palette = std::vector<PaletteColor>;

Palette paletteOf(const LabelSet &set);
// GauGAN's public palette. The red byte of each colour is its COCO-Stuff id, by which the set's label is
// found.
Palette gauganPalette(const LabelSet &set);

struct ColorCount {
    Rgb color;
    size_t pixels = 0;
};

struct PaletteMatch {
    LabelMap map;
    size_t exact = 0;
    size_t unmapped = 0;
    size_t unknown = 0;
    std::vector<ColorCount> unknownColors; // most frequent first
};

// `image` has 1, 3 or 4 channels. What matches nothing, and the transparent, becomes `unpainted`.
PaletteMatch matchPalette(const ImageBytes &image, const Palette &palette, uint8_t unpainted = kVoidLabel);

// Pixels that have exactly a colour of the palette, the transparent left out.
size_t exactPixels(const ImageBytes &image, const Palette &palette);

} // namespace tessera::core
