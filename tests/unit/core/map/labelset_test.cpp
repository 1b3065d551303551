#include "core/map/labelset.h"

#include "testset.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace tessera::core
{
namespace
{

using testing::AllOf;
using testing::HasSubstr;

TEST(LabelSet, readsEveryField)
{
    const LabelSet set = testSet();
    EXPECT_EQ(set.name, "small");
    EXPECT_EQ(set.title, "Small set");
    ASSERT_EQ(set.labels.size(), 6u);
    const Label expected{4, "tree", {0xa8, 0xc8, 0x32}, "plants", {"forest", "wood land"}, {168, 93, 128}, {4, 72}};
    EXPECT_EQ(set.labels[4], expected);
    EXPECT_EQ(hexText(set.labels[4].color), "#a8c832");
}

TEST(LabelSet, findsByNameSynonymAndId)
{
    const LabelSet set = testSet();
    EXPECT_EQ(set.find("MOUNTAIN")->index, 3);
    EXPECT_EQ(set.find("heaven")->index, 1);
    EXPECT_EQ(set.find("heave"), nullptr);
    EXPECT_EQ(set.findCocoStuff(128)->index, 4);
    EXPECT_EQ(set.findCocoStuff(0), nullptr);
    EXPECT_EQ(set.findAde20k(72)->index, 4);
    EXPECT_EQ(set.findAde20k(73), nullptr);
}

// Replaces one piece of the good file and returns the error.
std::string errorAfter(const std::string &piece, const std::string &replacement)
{
    std::string json = kTestSetJson;
    const size_t at = json.find(piece);
    if (at == std::string::npos) {
        return "the piece is not there";
    }
    json.replace(at, piece.size(), replacement);
    return errorOf(ErrorCode::FileFormat, [&] { parseLabelSet(json, "some/small.json"); });
}

TEST(LabelSet, errorsNameFileAndKey)
{
    EXPECT_THAT(errorAfter("#9ceedd", "9ceedd"), AllOf(HasSubstr("some/small.json"), HasSubstr("labels[1].color")));
    EXPECT_THAT(errorAfter("#9ceedd", "#9ceedg"), HasSubstr("'#9ceedg'"));
    EXPECT_THAT(errorAfter("\"index\": 3", "\"index\": 4"), HasSubstr("labels[3].index must be 3"));
    EXPECT_THAT(errorAfter("\"index\": 3", "\"index\": \"3\""), HasSubstr("labels[3].index"));
    EXPECT_THAT(errorAfter("[156]", "[182]"), HasSubstr("labels[1].cocostuff"));
    EXPECT_THAT(errorAfter("[2]", "[-1]"), HasSubstr("labels[1].ade20k"));
    EXPECT_THAT(errorAfter("[2]", "2"), HasSubstr("labels[1].ade20k must be an array"));
    EXPECT_THAT(errorAfter("\"forest\"", "\"Mountain\""), HasSubstr("'Mountain', which already stands for"));
    EXPECT_THAT(errorAfter("\"group\": \"land\", ", ""), HasSubstr("labels[3].group"));
    EXPECT_THAT(errorAfter("\"labels\"", "\"label\""), HasSubstr("labels must be an array"));
    EXPECT_THAT(errorAfter("\"name\": \"small\"", "\"name\": 3"), HasSubstr("name must be a text"));
    EXPECT_THAT(errorAfter("]}", ""), HasSubstr("not a JSON object"));
}

class LabelSetFolder : public testing::Test
{
protected:
    void SetUp() override
    {
        m_before = std::getenv("TESSERA_RESOURCES") ? std::getenv("TESSERA_RESOURCES") : "";
        std::filesystem::create_directories(m_folder / "labels");
        setenv("TESSERA_RESOURCES", m_folder.c_str(), 1);
    }
    void TearDown() override
    {
        setenv("TESSERA_RESOURCES", m_before.c_str(), 1);
        std::filesystem::remove_all(m_folder);
    }

    const std::filesystem::path m_folder =
        std::filesystem::temp_directory_path() / ("tessera-labelset-" + std::to_string(::getpid()));
    std::string m_before;
};

TEST_F(LabelSetFolder, readsFromTheResources)
{
    std::ofstream(m_folder / "labels" / "small.json") << kTestSetJson;
    std::ofstream(m_folder / "labels" / "another.json") << "{}";
    std::ofstream(m_folder / "labels" / "notes.txt") << "none";
    EXPECT_THAT(labelSetNames(), testing::ElementsAre("another", "small"));
    EXPECT_TRUE(hasLabelSet("small"));
    EXPECT_FALSE(hasLabelSet("notes"));
    EXPECT_EQ(loadLabelSet("small"), testSet());
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [] { loadLabelSet("another"); }), HasSubstr("another.json"));
    EXPECT_THAT(errorOf(ErrorCode::InvalidArgument, [] { loadLabelSet("../labels/small"); }),
                HasSubstr("there are: another, small"));
}

TEST_F(LabelSetFolder, aFolderOfResourcesThatIsNotThereIsTold)
{
    setenv("TESSERA_RESOURCES", (m_folder / "gone").c_str(), 1);
    EXPECT_THAT(errorOf(ErrorCode::FileRead, [] { labelSetNames(); }), HasSubstr("TESSERA_RESOURCES names "));
}

TEST(LabelSet, writesGimpPalettes)
{
    const std::string text = gimpPalette(testSet());
    EXPECT_THAT(text, testing::StartsWith("GIMP Palette\nName: Small set\n"));
    EXPECT_THAT(text, HasSubstr("\n156 238 221\tsky\n"));
}

} // namespace
} // namespace tessera::core
