#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace tessera::models
{

// The bytes of an 8-bit RGB PNG without compression. `rgb`: height x width x 3, row by row.
// Throws Error (InvalidArgument) when a side is not in 1 ... 32767.
std::vector<std::uint8_t> encodePng(int width, int height, const std::uint8_t *rgb);

// Writes encodePng() to a file: whole or not at all, an older file stays until the new one is complete.
// Throws Error (InvalidArgument, FileWrite). Any thread.
void writePng(const std::filesystem::path &path, int width, int height, const std::uint8_t *rgb);

} // namespace tessera::models
