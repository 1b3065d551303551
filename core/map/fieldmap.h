// One number per pixel: depth maps and edge maps. Plain value.
#pragma once

#include <vector>

namespace tessera::core
{

// Raster order, no padding. The range is the maker's: see the functions in depthmap.h.
struct FieldMap {
    int width = 0;
    int height = 0;
    std::vector<float> values;

    bool operator==(const FieldMap &) const = default;
};

} // namespace tessera::core
