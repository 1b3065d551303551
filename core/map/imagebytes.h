// The pixels of a picture file as plain bytes: what the readers in core/document hand to core/map. Plain
// value.
#pragma once

#include <cstddef>
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

// Whether no pixel has a colour, however many channels there are.
inline bool isGray(const ImageBytes &image)
{
    if (image.channels == 1) {
        return true;
    }
    for (size_t i = 0; i < image.bytes.size(); i += size_t(image.channels)) {
        if (image.bytes[i] != image.bytes[i + 1] || image.bytes[i] != image.bytes[i + 2]) {
            return false;
        }
    }
    return true;
}

} // namespace tessera::core
