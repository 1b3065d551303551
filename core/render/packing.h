// Bytes as text for JSON: deflated (zlib), then base64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tessera::core
{

// Whether so few bytes, deflated, can stand for so many: what a file claims is not allocated before that is clear.
bool canInflate(size_t deflatedBytes, size_t bytes);

std::string packed(const void *data, size_t bytes);
// Nothing when the text is not what packed() makes or does not hold exactly `bytes` bytes.
std::optional<std::vector<uint8_t>> unpacked(const std::string &text, size_t bytes);

} // namespace tessera::core
