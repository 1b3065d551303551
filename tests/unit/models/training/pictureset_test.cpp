#include "models/training/pictureset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "models/error.h"

namespace tessera::models
{
namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::MatchesRegex;

class PictureSetTest : public testing::Test
{
protected:
    void SetUp() override { fs::create_directories(m_folder); }
    void TearDown() override { fs::remove_all(m_folder); }

    static ShardPicture picture(uint8_t object, uint8_t material)
    {
        ShardPicture result{2, 2, {}, {}, {}, {}, "{}"};
        result.rgb.assign(12, 7);
        result.object.assign(4, 0);
        result.material.assign(4, 0);
        result.object[2] = object;
        result.material[3] = material;
        result.depth.assign(4, 0);
        return result;
    }
    void write(const std::string &name, const std::vector<ShardPicture> &pictures) const
    {
        ShardWriter writer(m_folder / name, 2, 2);
        for (const ShardPicture &one : pictures)
            writer.add(one);
        writer.close();
    }
    std::string refusal() const
    {
        try {
            PictureSet set(m_folder);
        } catch (const Error &error) {
            return error.what();
        }
        return "accepted";
    }

    fs::path m_folder = fs::path(testing::TempDir()) / ("pictureset_test-" + std::to_string(::getpid()));
};

TEST_F(PictureSetTest, ShardsWithoutPicturesAreNoData)
{
    write("a.tlds", {});
    EXPECT_EQ(refusal(), "There are no pictures in " + m_folder.string()
                             + ": expected .tlds files made by `tessera-train landscapes`.");
    write("b.tlds", {picture(1, 1)});
    EXPECT_EQ(PictureSet(m_folder).size(), 1);
    EXPECT_THAT(PictureSet(m_folder).origin(), MatchesRegex("1 in a.tlds to b.tlds, identity [0-9a-f]{16}"));
}

TEST_F(PictureSetTest, LabelsOutsideTheSetAreRefusedByPlace)
{
    write("a.tlds", {picture(24, 24)});
    EXPECT_EQ(refusal(), "accepted");
    write("b.tlds", {picture(1, 1), picture(40, 1)});
    EXPECT_EQ(refusal(),
              (m_folder / "b.tlds").string() + ", picture 1: the object plane has the label 40; expected 0 to 24.");
    write("b.tlds", {picture(1, 25)});
    EXPECT_THAT(refusal(), HasSubstr("picture 0: the material plane has the label 25; expected 0 to 24."));
}

// Such a value would use up the stack of whoever makes a text of it.
TEST_F(PictureSetTest, FactsThatAreNestedTooDeeplyAreRefusedByPlace)
{
    ShardPicture deep = picture(1, 1);
    deep.facts = R"({"light": )" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
    write("a.tlds", {picture(1, 1), deep});
    EXPECT_THAT(refusal(), AllOf(HasSubstr("a.tlds, picture 1'"), HasSubstr("nested too deeply")));
}

} // namespace
} // namespace tessera::models
