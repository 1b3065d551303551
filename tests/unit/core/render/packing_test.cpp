#include "core/render/packing.h"

#include <gtest/gtest.h>

namespace tessera::core
{

namespace
{

TEST(Packing, RoundTripsEveryLength)
{
    for (size_t length = 0; length < 70; ++length) {
        std::vector<uint8_t> bytes;
        for (size_t i = 0; i < length; ++i)
            bytes.push_back(uint8_t(i * 37 + length));
        const auto back = unpacked(packed(bytes.data(), length), length);
        ASSERT_TRUE(back.has_value()) << length;
        EXPECT_EQ(*back, bytes);
    }
}

TEST(Packing, RefusesOtherLengthsAndText)
{
    const std::vector<uint8_t> bytes(100, 3);
    const std::string text = packed(bytes.data(), bytes.size());
    EXPECT_FALSE(unpacked(text, 99));
    EXPECT_FALSE(unpacked(text, 101));
    EXPECT_FALSE(unpacked(text.substr(4), 100));
    EXPECT_FALSE(unpacked("****", 1));
    EXPECT_FALSE(unpacked("", 0));
}

TEST(Packing, ClaimsBeyondWhatDeflateCanDoAreNotAllocated)
{
    const std::vector<uint8_t> zeros(size_t(4) << 20); // as dense as can be
    const std::string text = packed(zeros.data(), zeros.size());
    EXPECT_EQ(unpacked(text, zeros.size()), zeros);
    EXPECT_FALSE(unpacked(text, size_t(1) << 50)); // no machine has so many
    EXPECT_TRUE(canInflate(1, 1032));
    EXPECT_FALSE(canInflate(1, 3000));
}

} // namespace

} // namespace tessera::core
