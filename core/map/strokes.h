// Painting on a map: labels, or the numbers of a depth or edge map. Every function changes only the map it is given and
// returns the smallest rectangle that holds the pixels that changed; it is empty when none did. Edges are hard: half a
// label does not exist.
#pragma once

#include "core/map/fieldmap.h"
#include "core/map/labelmap.h"

namespace tessera::core
{

// A round brush drawn from one point to another: every pixel whose centre is at most half a diameter away
// from the line. `diameter` in pixels of the map; below 1 it paints like 1. The pixels under both points are
// always painted. Points may lie outside the map.
PixelRect paintStroke(LabelMap &map, PixelPoint from, PixelPoint to, double diameter, uint8_t label);
PixelRect paintStroke(FieldMap &map, PixelPoint from, PixelPoint to, double diameter, float value);

// Repaints the connected area (4 neighbours) of equal values around the pixel. A place outside changes
// nothing.
PixelRect floodFill(LabelMap &map, int x, int y, uint8_t label);
PixelRect floodFill(FieldMap &map, int x, int y, float value);

// Repaints all pixels that hold what this one holds, wherever they lie. A place outside changes nothing.
PixelRect replaceEverywhere(LabelMap &map, int x, int y, uint8_t label);
PixelRect replaceEverywhere(FieldMap &map, int x, int y, float value);

PixelRect fillRect(LabelMap &map, const PixelRect &area, uint8_t label);
PixelRect fillRect(FieldMap &map, const PixelRect &area, float value);

// Repaints the whole map: `start` at and before the one point, `end` at and beyond the other, and evenly changing
// values between, across the line from one to the other. REQUIRES: the points differ.
PixelRect paintGradient(FieldMap &map, PixelPoint from, PixelPoint to, float start, float end);

} // namespace tessera::core
