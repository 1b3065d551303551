#include "models/training/indexedpng.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "models/error.h"
#include "models/training/inflate.h"

namespace tessera::models
{

namespace
{

using Bytes = std::vector<uint8_t>;

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
constexpr uint32_t kMostSide = 16384;

[[noreturn]] void fail(const std::filesystem::path &path, const std::string &what)
{
    throw Error(ErrorCode::FileFormat, path.string() + " " + what + ".");
}

Bytes contentOf(const std::filesystem::path &path)
{
    std::ifstream file(path, std::ios::binary);
    Bytes content{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open() || file.bad())
        throw Error(ErrorCode::FileRead, path.string() + " cannot be read.");
    return content;
}

uint32_t number(const Bytes &bytes, size_t at)
{
    return uint32_t(bytes[at]) << 24 | uint32_t(bytes[at + 1]) << 16 | uint32_t(bytes[at + 2]) << 8 | bytes[at + 3];
}

// What the file's chunks say; the order of chunks is not looked at.
struct Chunks {
    Bytes header; // 13 bytes
    Bytes data;   // a zlib stream
};

Chunks chunksOf(const Bytes &file, const std::filesystem::path &path)
{
    if (file.size() < kSignature.size()
        || !std::equal(kSignature.begin(), kSignature.end(), file.begin(),
                       [](char a, uint8_t b) { return uint8_t(a) == b; }))
        fail(path, "is no PNG file");
    Chunks chunks;
    for (size_t at = kSignature.size(); at + 12 <= file.size();) {
        const uint32_t length = number(file, at);
        const std::string kind(file.begin() + std::ptrdiff_t(at) + 4, file.begin() + std::ptrdiff_t(at) + 8);
        if (length > file.size() - at - 12)
            break;
        const auto begin = file.begin() + std::ptrdiff_t(at) + 8;
        if (kind == "IHDR")
            chunks.header.assign(begin, begin + length);
        else if (kind == "IDAT")
            chunks.data.insert(chunks.data.end(), begin, begin + length);
        else if (kind == "IEND")
            return chunks;
        at += 12 + size_t(length);
    }
    fail(path, "is cut off: a PNG file ends with an IEND chunk");
}

uint8_t nearestOf(int left, int above, int corner) // Paeth
{
    const int guess = left + above - corner;
    const int toLeft = std::abs(guess - left), toAbove = std::abs(guess - above), toCorner = std::abs(guess - corner);
    return uint8_t(toLeft <= toAbove && toLeft <= toCorner ? left : toAbove <= toCorner ? above : corner);
}

// Undoes a row's filter in place; `above` is the row before it, unfiltered. One byte a pixel.
bool unfilter(int filter, std::span<uint8_t> row, std::span<const uint8_t> above)
{
    if (filter > 4)
        return false;
    for (size_t x = 0; x < row.size(); ++x) {
        const int left = x > 0 ? row[x - 1] : 0, corner = x > 0 ? above[x - 1] : 0, up = above[x];
        const int guess = filter == 1   ? left
                          : filter == 2 ? up
                          : filter == 3 ? (left + up) / 2
                          : filter == 4 ? nearestOf(left, up, corner)
                                        : 0;
        row[x] = uint8_t(row[x] + guess);
    }
    return true;
}

} // namespace

IndexedPicture readIndexedPng(const std::filesystem::path &path)
{
    const Chunks chunks = chunksOf(contentOf(path), path);
    if (chunks.header.size() != 13)
        fail(path, "has no PNG header");
    const uint32_t width = number(chunks.header, 0), height = number(chunks.header, 4);
    const int depth = chunks.header[8], colours = chunks.header[9], interlaced = chunks.header[12];
    if (depth != 8 || (colours != 3 && colours != 0) || interlaced != 0)
        fail(path, "has pixels of another kind; expected 8-bit indices of a palette, not interlaced");
    if (width < 1 || width > kMostSide || height < 1 || height > kMostSide)
        fail(path, "is " + std::to_string(width) + " x " + std::to_string(height) + " pixels large; expected 1 to "
                       + std::to_string(kMostSide));
    const size_t stride = size_t(width) + 1;
    Bytes rows = inflated(chunks.data, stride * height, path.string());
    if (rows.size() != stride * height)
        fail(path, "holds fewer pixels than its size says");
    IndexedPicture picture{int(width), int(height), {}};
    Bytes above(width, 0);
    for (size_t y = 0; y < height; ++y) {
        const std::span<uint8_t> row(&rows[y * stride + 1], width);
        if (!unfilter(rows[y * stride], row, above))
            fail(path, "has a row with an unknown filter");
        above.assign(row.begin(), row.end());
        picture.indices.insert(picture.indices.end(), row.begin(), row.end());
    }
    return picture;
}

} // namespace tessera::models
