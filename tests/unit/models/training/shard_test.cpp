#include "models/training/shard.h"

#include "models/error.h"
#include "tests/unit/models/temporaryfolder.h"

#include <cstring>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <sys/stat.h>
#include <thread>

namespace tessera::models
{

namespace
{

using testing::HasSubstr;

class ShardTest : public TemporaryFolderTest
{
protected:
    static ShardPicture picture(int width, int height, int salt)
    {
        const std::size_t pixels = static_cast<std::size_t>(width) * height;
        ShardPicture p;
        p.width = width;
        p.height = height;
        for (std::size_t i = 0; i < pixels; ++i) {
            for (int c = 0; c < 3; ++c)
                p.rgb.push_back(static_cast<std::uint8_t>(salt + 7 * i + c));
            p.object.push_back(static_cast<std::uint8_t>((salt + i) % 25));
            p.material.push_back(static_cast<std::uint8_t>((salt + 3 * i) % 25));
            p.depth.push_back(static_cast<std::uint16_t>(salt * 1000 + 411 * i));
        }
        p.facts = "{\"seed\":" + std::to_string(salt) + ",\"note\":\"" + std::string(salt, 'x') + "\"}";
        return p;
    }

    std::filesystem::path writeThree() const
    {
        const std::filesystem::path path = folder / "three.tlds";
        ShardWriter writer(path, 6, 4);
        for (int salt = 1; salt <= 3; ++salt)
            writer.add(picture(6, 4, salt));
        writer.close();
        return path;
    }

    std::string bytesOf(const std::filesystem::path &path) const
    {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }

    // The message of the error that opening these bytes gives.
    std::string refusal(const std::string &bytes) const
    {
        const std::filesystem::path path = folder / "broken.tlds";
        std::ofstream(path, std::ios::binary) << bytes;
        try {
            ShardReader reader(path);
        } catch (const Error &error) {
            EXPECT_EQ(error.code(), ErrorCode::FileFormat);
            EXPECT_THAT(error.what(), HasSubstr("broken.tlds"));
            return error.what();
        }
        return "accepted";
    }

    std::string withNumber(std::string bytes, std::size_t at, std::uint32_t value) const
    {
        std::memcpy(bytes.data() + at, &value, sizeof value);
        return bytes;
    }
};

void expectSame(const ShardPicture &a, const ShardPicture &b)
{
    EXPECT_EQ(a.width, b.width);
    EXPECT_EQ(a.height, b.height);
    EXPECT_EQ(a.rgb, b.rgb);
    EXPECT_EQ(a.object, b.object);
    EXPECT_EQ(a.material, b.material);
    EXPECT_EQ(a.depth, b.depth);
    EXPECT_EQ(a.facts, b.facts);
}

} // namespace

TEST_F(ShardTest, PicturesComeBackInAnyOrder)
{
    const ShardReader reader(writeThree());
    ASSERT_EQ(reader.size(), 3u);
    EXPECT_EQ(reader.width(), 6);
    EXPECT_EQ(reader.height(), 4);
    for (const int salt : {3, 1, 2, 3})
        expectSame(reader.read(salt - 1), picture(6, 4, salt));
    EXPECT_THROW(reader.read(3), std::out_of_range);
}

TEST_F(ShardTest, ManyThreadsMayRead)
{
    const ShardReader reader(writeThree());
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&reader, t] {
            for (int i = 0; i < 50; ++i)
                expectSame(reader.read((i + t) % 3), picture(6, 4, (i + t) % 3 + 1));
        });
    }
}

TEST_F(ShardTest, AnEmptyShardIsAShard)
{
    ShardWriter(folder / "empty.tlds", 8, 8).close();
    EXPECT_EQ(ShardReader(folder / "empty.tlds").size(), 0u);
}

TEST_F(ShardTest, TheFileAppearsWhenItIsComplete)
{
    {
        ShardWriter writer(folder / "part.tlds", 6, 4);
        writer.add(picture(6, 4, 1));
        EXPECT_FALSE(std::filesystem::exists(folder / "part.tlds"));
        EXPECT_TRUE(listShards(folder).empty());
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(ShardTest, WrongPicturesAreRefused)
{
    ShardWriter writer(folder / "a.tlds", 6, 4);
    EXPECT_THROW(writer.add(picture(4, 4, 1)), Error);
    ShardPicture noJson = picture(6, 4, 1);
    noJson.facts = "seed 1";
    EXPECT_THROW(writer.add(noJson), Error);
    EXPECT_EQ(writer.count(), 0);
    EXPECT_THROW(ShardWriter(folder / "b.tlds", 0, 4), Error);
}

TEST_F(ShardTest, AFolderThatIsNotThereIsAWriteError)
{
    try {
        ShardWriter writer(folder / "missing" / "a.tlds", 6, 4);
        FAIL() << "no error";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::FileWrite);
        EXPECT_THAT(error.what(), HasSubstr("a.tlds"));
    }
}

TEST_F(ShardTest, EveryTruncationIsRefused)
{
    const std::string bytes = bytesOf(writeThree());
    for (std::size_t size = 0; size < bytes.size(); size += 7)
        ASSERT_NE(refusal(bytes.substr(0, size)), "accepted") << size;
    EXPECT_THAT(refusal(bytes.substr(0, bytes.size() - 1)), HasSubstr("picture 2"));
    EXPECT_THAT(refusal(bytes.substr(0, 10)), HasSubstr("10 bytes"));
}

TEST_F(ShardTest, WrongHeadersAreRefused)
{
    const std::string bytes = bytesOf(writeThree());
    EXPECT_THAT(refusal("PNGS" + bytes.substr(4)), HasSubstr("does not begin with TLDS"));
    EXPECT_THAT(refusal(withNumber(bytes, 4, 2)), HasSubstr("version is 2; expected 1"));
    EXPECT_THAT(refusal(withNumber(bytes, 8, 0)), HasSubstr("0 x 4"));
    EXPECT_THAT(refusal(withNumber(bytes, 12, 0xFFFFFFFF)), HasSubstr("4294967295"));
    EXPECT_NE(refusal(withNumber(bytes, 8, 7)), "accepted");
    EXPECT_THAT(refusal(withNumber(bytes, 16, 4)), HasSubstr("picture 3 of 4"));
    EXPECT_THAT(refusal(withNumber(bytes, 16, 0xFFFFFFFF)), HasSubstr("picture 3"));
    EXPECT_THAT(refusal(bytes + "x"), HasSubstr(std::to_string(bytes.size() + 1) + " bytes; expected "));
}

TEST_F(ShardTest, AHugeFactsLengthIsRefused)
{
    const std::string bytes = bytesOf(writeThree());
    EXPECT_THAT(refusal(withNumber(bytes, 24 + 6 * 4 * 7, 0xFFFFFFF0)), HasSubstr("4294967280 bytes of facts"));
}

TEST_F(ShardTest, APipeIsNoShardAndWaitsForNobody)
{
    const std::filesystem::path path = folder / "pipe.tlds";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    try {
        ShardReader reader(path);
        FAIL() << "no error";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::FileRead);
        EXPECT_THAT(error.what(), HasSubstr("pipe.tlds cannot be read: it is not an ordinary file"));
    }
}

TEST_F(ShardTest, ShardsAreListedByName)
{
    ShardWriter(folder / "b.tlds", 1, 1).close();
    ShardWriter(folder / "a.tlds", 1, 1).close();
    std::ofstream(folder / "notes.txt") << "no shard";
    EXPECT_EQ(listShards(folder), (std::vector<std::filesystem::path>{folder / "a.tlds", folder / "b.tlds"}));
    EXPECT_THROW(listShards(folder / "missing"), Error);
}

} // namespace tessera::models
