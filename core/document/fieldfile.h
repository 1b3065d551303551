// Depth and edge maps from picture files.
#pragma once

#include "core/map/fieldmap.h"

#include <filesystem>

namespace tessera::core
{

// The values as they are in the file; core/map/depthmap.h scales them. Read are 8 and 16-bit gray, float
// TIFF, other colours by their brightness, and the depth files of the paper's authors: RGBA with one
// little-endian float in the four bytes of a pixel, told from pictures by all values being plain numbers.
// Throws Error like readImage.
FieldMap readFieldImage(const std::filesystem::path &path);

} // namespace tessera::core
