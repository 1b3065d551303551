// NumPy's .npy files, version 1.0: code grids and scores. Plain little-endian arrays in C order, nothing
// else.
#pragma once

#include "core/sampling/grid.h"

#include <filesystem>
#include <vector>

namespace tessera::core
{

// float32 [planes, rows, columns], raster order.
struct FloatPlanes {
    int planes = 0;
    int rows = 0;
    int columns = 0;
    std::vector<float> values;

    bool operator==(const FloatPlanes &) const = default;
};

// int64 [rows, columns]. Writers throw Error (FileWrite) and write whole or not at all.
void writeNpy(const std::filesystem::path &path, const CodeGrid &codes);
void writeNpy(const std::filesystem::path &path, const FloatPlanes &planes);

// Each side is 1 to 65536. Readers throw Error: FileRead, or FileFormat that names the file and the type,
// shape or order found and expected.
CodeGrid readNpyCodes(const std::filesystem::path &path);
FloatPlanes readNpyPlanes(const std::filesystem::path &path);

} // namespace tessera::core
