// Depth and edge maps in picture files. Callable from any thread.
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

// A PNG text: what the file's black and its white stand for. A file with the whole range was written from a map in
// [-1, 1] and says what each value is; any other one says no more than which is more.
inline constexpr char kFieldRangeKey[] = "tessera:field-range";
inline constexpr char kWholeFieldRange[] = "-1 1";

// In [-1, 1]: a gray PNG with that text as it was written, any other file scaled by normalizedField(). Throws
// Error like readFieldImage and normalizedField.
FieldMap readScaledField(const std::filesystem::path &path);

} // namespace tessera::core
