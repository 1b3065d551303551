#include "models/training/png.h"

#include "models/error.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <string>
#include <vector>

#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{

namespace
{

using Bytes = std::vector<std::uint8_t>;

std::uint32_t bigEndian(const Bytes &b, std::size_t at)
{
    return std::uint32_t(b.at(at)) << 24 | std::uint32_t(b.at(at + 1)) << 16 | std::uint32_t(b.at(at + 2)) << 8
           | b.at(at + 3);
}

// Bit by bit, unlike the encoder's table.
std::uint32_t slowCrc(const Bytes &b, std::size_t begin, std::size_t end)
{
    std::uint32_t c = ~0u;
    for (std::size_t i = begin; i < end; ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            const std::uint32_t top = (c ^ (b[i] >> bit)) & 1;
            c = (c >> 1) ^ (top ? 0xEDB88320u : 0);
        }
    }
    return ~c;
}

struct Chunk {
    std::string type;
    Bytes data;
};

std::vector<Chunk> chunksOf(const Bytes &png)
{
    EXPECT_EQ(std::string(png.begin(), png.begin() + 8), "\x89PNG\r\n\x1A\n");
    std::vector<Chunk> chunks;
    for (std::size_t at = 8; at < png.size();) {
        const std::size_t size = bigEndian(png, at), data = at + 8;
        chunks.push_back({std::string(png.begin() + at + 4, png.begin() + data),
                          Bytes(png.begin() + data, png.begin() + data + size)});
        EXPECT_EQ(bigEndian(png, data + size), slowCrc(png, at + 4, data + size)) << chunks.back().type;
        at = data + size + 4;
    }
    return chunks;
}

Bytes inflateStored(const Bytes &z)
{
    EXPECT_EQ((z.at(0) * 256 + z.at(1)) % 31, 0);
    Bytes out;
    std::size_t at = 2;
    for (bool last = false; !last;) {
        last = z.at(at) == 1;
        EXPECT_LE(z.at(at), 1); // a stored block
        const std::uint16_t size = z.at(at + 1) | z.at(at + 2) << 8, inverse = z.at(at + 3) | z.at(at + 4) << 8;
        EXPECT_EQ(size, std::uint16_t(~inverse));
        at += 5;
        out.insert(out.end(), z.begin() + at, z.begin() + at + size);
        at += size;
    }
    std::uint32_t a = 1, b = 0;
    for (const std::uint8_t byte : out) {
        a = (a + byte) % 65521;
        b = (b + a) % 65521;
    }
    EXPECT_EQ(bigEndian(z, at), b << 16 | a);
    EXPECT_EQ(at + 4, z.size());
    return out;
}

Bytes pattern(int width, int height)
{
    Bytes rgb(std::size_t(width) * height * 3);
    for (std::size_t i = 0; i < rgb.size(); ++i)
        rgb[i] = static_cast<std::uint8_t>(i * 37 + i / 251);
    return rgb;
}

} // namespace

TEST(Png, PixelsComeBack)
{
    // The second picture needs several stored blocks.
    for (const auto &[width, height] : {std::pair(5, 3), std::pair(200, 150)}) {
        const Bytes rgb = pattern(width, height);
        const std::vector<Chunk> chunks = chunksOf(encodePng(width, height, rgb.data()));
        ASSERT_EQ(chunks.size(), 3u);
        EXPECT_EQ(chunks[0].type, "IHDR");
        EXPECT_EQ(bigEndian(chunks[0].data, 0), std::uint32_t(width));
        EXPECT_EQ(bigEndian(chunks[0].data, 4), std::uint32_t(height));
        EXPECT_EQ(Bytes(chunks[0].data.begin() + 8, chunks[0].data.end()), (Bytes{8, 2, 0, 0, 0}));
        EXPECT_EQ(chunks[1].type, "IDAT");
        EXPECT_EQ(chunks[2].type, "IEND");
        const Bytes rows = inflateStored(chunks[1].data);
        const std::size_t row = std::size_t(width) * 3;
        ASSERT_EQ(rows.size(), (row + 1) * height);
        for (int y = 0; y < height; ++y) {
            EXPECT_EQ(rows[y * (row + 1)], 0);
            EXPECT_TRUE(
                std::equal(rgb.begin() + y * row, rgb.begin() + (y + 1) * row, rows.begin() + y * (row + 1) + 1))
                << "row " << y;
        }
    }
}

using PngFile = TemporaryFolderTest;

TEST_F(PngFile, HoldsTheEncodedBytesAndNothingIsLeftBeside)
{
    const Bytes rgb = pattern(4, 4);
    writePng(folder / "a.png", 4, 4, rgb.data());
    writePng(folder / "a.png", 4, 4, rgb.data());
    std::ifstream file(folder / "a.png", std::ios::binary);
    const Bytes found((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    EXPECT_EQ(found, encodePng(4, 4, rgb.data()));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST(Png, FailuresAreErrors)
{
    const Bytes rgb = pattern(1, 1);
    EXPECT_THROW(encodePng(0, 1, rgb.data()), Error);
    try {
        writePng("/nonexistent/folder/a.png", 1, 1, rgb.data());
        FAIL() << "no error";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::FileWrite);
        EXPECT_NE(std::string(error.what()).find("/nonexistent/folder/a.png"), std::string::npos);
    }
}

} // namespace tessera::models
