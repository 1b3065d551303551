#include "core/render/packing.h"

#include <array>
#include <new>

#include <zlib.h>

namespace tessera::core
{

namespace
{

const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string base64(const std::vector<uint8_t> &bytes)
{
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t i = 0; i < bytes.size(); i += 3) {
        uint32_t group = uint32_t(bytes[i]) << 16;
        if (i + 1 < bytes.size())
            group |= uint32_t(bytes[i + 1]) << 8;
        if (i + 2 < bytes.size())
            group |= bytes[i + 2];
        for (int digit = 0; digit < 4; ++digit)
            text += i + size_t(digit) <= bytes.size() ? kDigits[group >> (18 - 6 * digit) & 63] : '=';
    }
    return text;
}

// Value of each digit, -1 for what is none.
std::array<int, 256> digitValues()
{
    std::array<int, 256> values;
    values.fill(-1);
    for (size_t i = 0; i < kDigits.size(); ++i)
        values[uint8_t(kDigits[i])] = int(i);
    return values;
}

std::optional<std::vector<uint8_t>> fromBase64(const std::string &text)
{
    static const std::array<int, 256> kValues = digitValues();
    if (text.size() % 4 != 0)
        return {};
    size_t digits = text.size();
    while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=')
        --digits;
    std::vector<uint8_t> bytes;
    bytes.reserve(digits * 3 / 4);
    uint32_t bits = 0;
    for (size_t i = 0; i < digits; ++i) {
        const int value = kValues[uint8_t(text[i])];
        if (value < 0)
            return {};
        bits = bits << 6 | uint32_t(value);
        if (i % 4 != 0)
            bytes.push_back(uint8_t(bits >> (6 - 2 * (i % 4))));
    }
    return bytes;
}

} // namespace

bool canInflate(size_t deflatedBytes, size_t bytes)
{
    constexpr size_t kMostBytesPerByte = 1032; // a run of 258 in two bits
    return bytes / kMostBytesPerByte <= deflatedBytes;
}

std::string packed(const void *data, size_t bytes)
{
    uLongf length = compressBound(uLong(bytes));
    std::vector<uint8_t> deflated(length);
    if (compress2(deflated.data(), &length, static_cast<const Bytef *>(data), uLong(bytes), Z_BEST_SPEED) != Z_OK)
        throw std::bad_alloc(); // the only other way to fail is a target too small, which compressBound rules out
    deflated.resize(length);
    return base64(deflated);
}

std::optional<std::vector<uint8_t>> unpacked(const std::string &text, size_t bytes)
{
    const auto deflated = fromBase64(text);
    if (!deflated || !canInflate(deflated->size(), bytes))
        return {};
    std::vector<uint8_t> result(bytes ? bytes : 1);
    uLongf length = uLongf(result.size());
    if (uncompress(result.data(), &length, deflated->data(), uLong(deflated->size())) != Z_OK || length != bytes)
        return {};
    result.resize(bytes);
    return result;
}

} // namespace tessera::core
