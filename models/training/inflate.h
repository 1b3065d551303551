// Decompression of zlib streams (RFC 1950 and 1951), for programs that are built without a library for it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tessera::models
{

// The bytes of a zlib stream, checked against its checksum; it may be followed by other bytes. Any thread. Throws Error
// (FileFormat), in which `origin` names the file, when the stream is damaged or holds more than `most` bytes.
std::vector<uint8_t> inflated(std::span<const uint8_t> stream, size_t most, const std::string &origin);

} // namespace tessera::models
