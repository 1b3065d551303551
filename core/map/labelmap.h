// The painted map: a label per pixel. A plain value; what a label means stands in its LabelSet (labelset.h).
#pragma once

#include "core/map/pixelrect.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tessera::core
{

inline constexpr uint8_t kVoidLabel = 0; // unpainted, in sets that begin with it (LabelSet::voidLabel)

struct LabelMap {
    int width = 0;
    int height = 0;
    std::vector<uint8_t> labels; // raster order, no padding

    LabelMap() = default;
    // Throws Error (InvalidArgument) when a side is not positive or longer than kMaxSidePixels.
    LabelMap(int mapWidth, int mapHeight, uint8_t label = kVoidLabel);

    static constexpr int kMaxSidePixels = 16384;

    bool operator==(const LabelMap &) const = default;

    PixelRect rect() const { return {0, 0, width, height}; }
    uint8_t *row(int y) { return labels.data() + size_t(y) * size_t(width); }
    const uint8_t *row(int y) const { return labels.data() + size_t(y) * size_t(width); }
    uint8_t at(int x, int y) const { return row(y)[x]; }

    void fill(uint8_t label);
    // Pixel x of the result is pixel floor(x * width / newWidth) of this map, as the paper's loaders resize
    // masks. Throws like the constructor. REQUIRES: this map is not empty.
    LabelMap resizedNearest(int newWidth, int newHeight) const;
    // The pixels of `area`, which must lie inside the map.
    LabelMap cropped(const PixelRect &area) const;
    // Pixels per label.
    std::array<size_t, 256> histogram() const;
};

} // namespace tessera::core
