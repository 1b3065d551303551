// FNV-1a (Fowler, Noll, Vo): equal bytes, equal number, with every compiler and on every platform. std::hash promises
// that within one run of a program alone, so nothing that is kept may go by it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace tessera::models
{

inline uint64_t digestOf(const void *data, std::size_t size)
{
    uint64_t digest = 0xcbf29ce484222325ULL;
    for (const auto *byte = static_cast<const unsigned char *>(data), *end = byte + size; byte != end; ++byte)
        digest = (digest ^ *byte) * 0x100000001b3ULL;
    return digest;
}

inline uint64_t digestOf(std::string_view text)
{
    return digestOf(text.data(), text.size());
}

// 16 hex digits.
inline std::string digestText(uint64_t digest)
{
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(digest));
    return digits.data();
}

} // namespace tessera::models
