// Label maps as PNG files whose pixels are indices of labels, such as those in tests/data/crude.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace tessera::models
{

struct IndexedPicture {
    int width = 0;
    int height = 0;
    std::vector<uint8_t> indices; // row by row
};

// 8 bits a pixel, with a palette (whose colours are not looked at) or gray, not interlaced. Any thread. Throws Error:
// FileRead, and FileFormat for another kind of file or pixels, and for damage.
IndexedPicture readIndexedPng(const std::filesystem::path &path);

} // namespace tessera::models
