// One number per pixel: depth maps and edge maps. Plain value.
#pragma once

#include "core/map/pixelrect.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tessera::core
{

// Raster order, no padding. The range is the maker's: see the functions in depthmap.h.
struct FieldMap {
    int width = 0;
    int height = 0;
    std::vector<float> values;

    bool operator==(const FieldMap &) const = default;

    PixelRect rect() const { return {0, 0, width, height}; }
    float *row(int y) { return values.data() + size_t(y) * size_t(width); }
    const float *row(int y) const { return values.data() + size_t(y) * size_t(width); }
    float at(int x, int y) const { return row(y)[x]; }
    // The pixels of `area`, which must lie inside the map.
    FieldMap cropped(const PixelRect &area) const
    {
        FieldMap part{area.width, area.height, std::vector<float>(size_t(area.width) * size_t(area.height))};
        for (int y = 0; y < area.height; ++y) {
            std::copy_n(row(area.y + y) + area.x, area.width, part.row(y));
        }
        return part;
    }
};

} // namespace tessera::core
