// Painting on a label map. Every function changes only the map it is given and returns the smallest rectangle
// that holds the pixels that changed; it is empty when none did. Edges are hard: half a label does not exist.
#pragma once

#include "core/map/labelmap.h"

namespace tessera::core
{

// A round brush drawn from one point to another: every pixel whose centre is at most half a diameter away
// from the line. `diameter` in pixels of the map; below 1 it paints like 1. The pixels under both points are
// always painted. Points may lie outside the map.
PixelRect paintStroke(LabelMap &map, PixelPoint from, PixelPoint to, double diameter, uint8_t label);

// Repaints the connected area (4 neighbours) of equal labels around the pixel. A place outside changes
// nothing.
PixelRect floodFill(LabelMap &map, int x, int y, uint8_t label);

PixelRect fillRect(LabelMap &map, const PixelRect &area, uint8_t label);

// Every pixel of the one label becomes the other, wherever it lies.
PixelRect replaceLabel(LabelMap &map, uint8_t from, uint8_t to);

} // namespace tessera::core
