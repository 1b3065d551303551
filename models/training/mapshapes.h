// What makes an exact label map look painted: operations on the shapes in it. Plain C++, deterministic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tessera::models
{

struct LabelPlane {
    int width = 0;
    int height = 0;
    std::vector<uint8_t> labels; // row by row

    uint8_t &at(int x, int y) { return labels[size_t(y) * size_t(width) + size_t(x)]; }
    uint8_t at(int x, int y) const { return labels[size_t(y) * size_t(width) + size_t(x)]; }
};

// A small generator whose numbers are the same on every machine (SplitMix64, Steele et al. 2014).
class MapRandom
{
public:
    explicit MapRandom(uint64_t seed) : m_state(seed) {}

    uint64_t next();
    double unit() { return double(next() >> 11) * 0x1p-53; } // [0, 1)
    double between(double low, double high) { return low + (high - low) * unit(); }
    uint64_t below(uint64_t count) { return uint64_t(unit() * double(count)); }
    bool chance(double probability) { return unit() < probability; }

private:
    uint64_t m_state;
};

// Connected parts (by edges) of fewer than `minPixels` take the label of their largest neighbour.
void removeSmallParts(LabelPlane &plane, int minPixels);

// Each place takes the commonest label of the square of side 2 `radius` + 1 around it, the lowest on ties.
void modeFilter(LabelPlane &plane, int radius);

// Looks each label up at a place moved by a smooth random field.
void bendOutlines(LabelPlane &plane, MapRandom &random, double amplitude, double wavelength);

// Samples the map on a grid of cells of side `radius` and stamps discs over it, far ones first. `depth`: near
// is bright.
void redrawWithBrush(LabelPlane &plane, const uint16_t *depth, MapRandom &random, double radius);

// Sets ellipses and rectangles, one to four, to 0: about `share` of the map.
void punchVoids(LabelPlane &plane, MapRandom &random, double share);

} // namespace tessera::models
