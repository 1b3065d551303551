#include "models/training/indexedpng.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "models/training/inflate.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;
using testing::HasSubstr;

// Made by Python's zlib: one block of fixed and one of dynamic codes.
const std::string kFixed("\x78\xda\xcb\x49\xcc\x4b\x29\x4e\x4e\x2c\x48\x55\xc8\x81\xb1\x00\x4a\xc3\x07\x77", 20);
const std::string kDynamic("\x78\xda\xed\xd4\xc9\x01\x80\x20\x10\xc0\x40\x8e\x15\x41\x59\x5d\xf1\xec\xbf\x52\x6b\xc8"
                           "\xcb\x87\xcc\x33\x05\xc4\x79"
                           "\x29\x16\x34\xb6\x9a\x53\xca\xb5\x45\x0d\x56\xc4\xbb\x9e\xbf\xc9\x0e\xf3\x58\xc0\x22\x26"
                           "\xd8\x80\x25\x6c\xc4\x32\x56"
                           "\xb0\x09\x9b\xb1\x8a\x29\xb6\x60\x2b\x66\xd8\x86\x35\x6c\xc7\x0e\xec\xc4\x2e\xec\xc6\x1e"
                           "\xac\x1f\xae\x1f\xee\x3f\x87"
                           "\x7b\x01\xff\xc9\x5b\x95",
                           93);

Bytes bytesOf(const std::string &text)
{
    return {text.begin(), text.end()};
}

Bytes dynamicContent()
{
    Bytes content;
    for (int i = 0; i < 400; ++i)
        content.push_back(uint8_t(i * i % 23));
    for (int i = 0; i < 2000; ++i)
        content.push_back(uint8_t(i / 50 % 25));
    return content;
}

TEST(Inflate, FixedAndDynamicCodes)
{
    EXPECT_EQ(inflated(bytesOf(kFixed), 100, "it"), bytesOf("landscape landscape"));
    EXPECT_EQ(inflated(bytesOf(kDynamic), 2400, "it"), dynamicContent());
}

TEST(Inflate, CutOffOrTooLongIsAnError)
{
    for (size_t length = 0; length < kDynamic.size(); ++length)
        EXPECT_THROW(inflated(bytesOf(kDynamic.substr(0, length)), 2400, "it"), Error) << length;
    EXPECT_THROW(inflated(bytesOf(kDynamic), 2399, "it"), Error);
}

TEST(Inflate, DamagedBytesGiveAnErrorOrTheContent)
{
    for (size_t at = 0; at < 8 * kDynamic.size(); ++at) {
        std::string damaged = kDynamic;
        damaged[at / 8] = char(damaged[at / 8] ^ (1 << at % 8));
        try {
            EXPECT_EQ(inflated(bytesOf(damaged), 2400, "it"), dynamicContent()) << at;
        } catch (const Error &error) {
            EXPECT_THAT(error.what(), HasSubstr("it ")) << at;
        }
    }
}

std::string number(uint32_t value)
{
    return {char(value >> 24), char(value >> 16), char(value >> 8), char(value)};
}

// Checksums of chunks are not looked at: the stream has its own.
std::string chunk(const std::string &kind, const std::string &content)
{
    return number(uint32_t(content.size())) + kind + content + number(0);
}

std::string storedStream(const std::string &content)
{
    uint32_t a = 1, b = 0;
    for (const char byte : content) {
        a = (a + uint8_t(byte)) % 65521;
        b = (b + a) % 65521;
    }
    const auto length = uint16_t(content.size());
    const std::string sizes{char(length), char(length >> 8), char(~length), char(~length >> 8)};
    return "\x78\x01\x01" + sizes + content + number(b << 16 | a);
}

class IndexedPngTest : public testing::Test
{
protected:
    void TearDown() override { fs::remove(path); }

    IndexedPicture read(const std::string &content) const
    {
        std::ofstream(path, std::ios::binary) << content;
        return readIndexedPng(path);
    }
    std::string refusal(const std::string &content) const
    {
        try {
            read(content);
        } catch (const Error &error) {
            return error.what();
        }
        return "accepted";
    }
    static std::string png(uint32_t width, uint32_t height, const std::string &rows, char depth = 8, char colours = 3)
    {
        const std::string header = number(width) + number(height) + std::string{depth, colours, 0, 0, 0};
        return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", storedStream(rows)) + chunk("IEND", "");
    }

    const fs::path path = fs::path(testing::TempDir()) / ("indexed-" + std::to_string(getpid()) + ".png");
};

TEST_F(IndexedPngTest, EveryFilterIsUndone)
{
    // None, left, above, mean of both, nearest of three.
    const std::string rows{0, 5, 7, 9, 1, 1, 1, 1, 2, 1, 0, 2, 3, 3, 2, 1, 4, 1, 0, 1};
    const IndexedPicture picture = read(png(3, 5, rows));
    EXPECT_EQ(picture.width, 3);
    EXPECT_EQ(picture.height, 5);
    EXPECT_EQ(picture.indices, (Bytes{5, 7, 9, 1, 2, 3, 2, 2, 5, 4, 5, 6, 5, 5, 7}));
}

TEST_F(IndexedPngTest, OtherFilesAreRefusedByName)
{
    const std::string good = png(2, 1, std::string{0, 1, 2});
    EXPECT_THAT(refusal("no picture"), HasSubstr(path.string() + " is no PNG file"));
    EXPECT_THAT(refusal(good.substr(0, good.size() - 6)), HasSubstr("cut off"));
    EXPECT_THAT(refusal(png(2, 1, std::string{0, 1, 2}, 4)), HasSubstr("expected 8-bit indices"));
    EXPECT_THAT(refusal(png(2, 1, std::string{0, 1, 2}, 8, 2)), HasSubstr("expected 8-bit indices"));
    EXPECT_THAT(refusal(png(2, 2, std::string{0, 1, 2})), HasSubstr("fewer pixels"));
    EXPECT_THAT(refusal(png(2, 1, std::string{7, 1, 2})), HasSubstr("unknown filter"));
    EXPECT_THAT(refusal(png(99999, 1, std::string{0})), HasSubstr("99999 x 1"));
    EXPECT_THROW(readIndexedPng("/no/such.png"), Error);
}

} // namespace

} // namespace tessera::models
