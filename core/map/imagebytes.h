// The pixels of a picture file as plain bytes: what the readers in core/document hand to core/map. Plain
// value.
#pragma once

#include <cstdint>
#include <vector>

namespace tessera::core
{

// Raster order, channels interleaved, no padding: gray (1), RGB (3) or RGBA (4, never premultiplied).
struct ImageBytes {
    int width = 0;
    int height = 0;
    int channels = 0;
    std::vector<uint8_t> bytes;

    bool operator==(const ImageBytes &) const = default;
};

} // namespace tessera::core
