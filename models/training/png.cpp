#include "models/training/png.h"

#include "models/error.h"
#include "models/wholefile.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace tessera::models
{

namespace
{

using Bytes = std::vector<std::uint8_t>;

void appendBigEndian(Bytes &out, std::uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(value >> shift));
}

std::array<std::uint32_t, 256> makeCrcTable()
{
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t n = 0; n < 256; ++n) {
        std::uint32_t c = n;
        for (int k = 0; k < 8; ++k)
            c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
        table[n] = c;
    }
    return table;
}

std::uint32_t crc32(const std::uint8_t *data, std::size_t size)
{
    static const std::array<std::uint32_t, 256> kTable = makeCrcTable();
    std::uint32_t c = 0xFFFFFFFFu;
    for (std::size_t i = 0; i < size; ++i)
        c = kTable[(c ^ data[i]) & 0xFF] ^ (c >> 8);
    return ~c;
}

std::uint32_t adler32(const Bytes &data)
{
    std::uint32_t a = 1, b = 0;
    for (const std::uint8_t byte : data) {
        a = (a + byte) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

// A zlib stream of stored blocks.
Bytes storedZlib(const Bytes &data)
{
    constexpr std::size_t kLargestBlock = 65535;
    Bytes out = {0x78, 0x01};
    out.reserve(data.size() + data.size() / kLargestBlock * 5 + 16);
    for (std::size_t begin = 0; begin < data.size(); begin += kLargestBlock) {
        const std::size_t size = std::min(kLargestBlock, data.size() - begin);
        const auto length = static_cast<std::uint16_t>(size), inverse = static_cast<std::uint16_t>(~length);
        const bool last = begin + size == data.size();
        out.insert(out.end(), {std::uint8_t(last), std::uint8_t(length), std::uint8_t(length >> 8),
                               std::uint8_t(inverse), std::uint8_t(inverse >> 8)});
        out.insert(out.end(), data.begin() + static_cast<std::ptrdiff_t>(begin),
                   data.begin() + static_cast<std::ptrdiff_t>(begin + size));
    }
    appendBigEndian(out, adler32(data));
    return out;
}

void appendChunk(Bytes &out, const char *type, const Bytes &data)
{
    appendBigEndian(out, static_cast<std::uint32_t>(data.size()));
    const std::size_t begin = out.size();
    out.insert(out.end(), type, type + 4);
    out.insert(out.end(), data.begin(), data.end());
    appendBigEndian(out, crc32(out.data() + begin, out.size() - begin));
}

// Each row preceded by its filter, 0: none.
Bytes filteredRows(int width, int height, const std::uint8_t *rgb)
{
    const std::size_t row = static_cast<std::size_t>(width) * 3;
    Bytes out((row + 1) * static_cast<std::size_t>(height));
    for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y)
        std::memcpy(out.data() + y * (row + 1) + 1, rgb + y * row, row);
    return out;
}

} // namespace

Bytes encodePng(int width, int height, const std::uint8_t *rgb)
{
    constexpr int kLargest = 32767;
    if (width < 1 || height < 1 || width > kLargest || height > kLargest)
        throw Error(ErrorCode::InvalidArgument, "a PNG of " + std::to_string(width) + " x " + std::to_string(height)
                                                    + " pixels was asked for; each side must be between 1 and 32767");
    Bytes out = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    Bytes header;
    appendBigEndian(header, static_cast<std::uint32_t>(width));
    appendBigEndian(header, static_cast<std::uint32_t>(height));
    header.insert(header.end(), {8, 2, 0, 0, 0}); // 8 bits, RGB
    appendChunk(out, "IHDR", header);
    appendChunk(out, "IDAT", storedZlib(filteredRows(width, height, rgb)));
    appendChunk(out, "IEND", {});
    return out;
}

void writePng(const std::filesystem::path &path, int width, int height, const std::uint8_t *rgb)
{
    const Bytes bytes = encodePng(width, height, rgb);
    WholeFile file(path);
    file.write(bytes.data(), bytes.size());
    file.commit();
}

} // namespace tessera::models
