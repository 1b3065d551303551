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

// Whether more of pixel `index` is seen through than is seen; its colour means nothing then.
inline bool isTransparent(const ImageBytes &image, size_t index)
{
    return image.channels == 4 && image.bytes[index * 4 + 3] < 128;
}

// Whether no pixel that is seen has a colour, however many channels there are.
inline bool isGray(const ImageBytes &image)
{
    if (image.channels == 1) {
        return true;
    }
    const size_t channels = size_t(image.channels);
    for (size_t i = 0; i < image.bytes.size(); i += channels) {
        const bool same = image.bytes[i] == image.bytes[i + 1] && image.bytes[i] == image.bytes[i + 2];
        if (!same && !isTransparent(image, i / channels)) {
            return false;
        }
    }
    return true;
}

} // namespace tessera::core
