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

} // namespace

} // namespace tessera::core
