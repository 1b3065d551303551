// A picture as plain bytes: RGB, 8 bits a channel, rows without padding.
#pragma once

#include <cstdint>
#include <vector>

namespace tessera::core
{

struct Image {
    int width = 0;
    int height = 0;
    std::vector<uint8_t> rgb; // 3 * width * height

    bool empty() const { return rgb.empty(); }
    bool operator==(const Image &) const = default;
};

} // namespace tessera::core
