// Models in several files with an index.
#include <fstream>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/error.h"
#include "models/modelfile.h"
#include "models/safetensorsset.h"
#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;
using nlohmann::json;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

class SafetensorsSetTest : public TemporaryFolderTest
{
protected:
    fs::path index() const { return folder / "big.safetensors.index.json"; }
    void changeIndex(const json &change) const
    {
        json document = json::parse(std::ifstream(index()));
        document.merge_patch(change);
        std::ofstream(index()) << document;
    }
    std::string refusal() const
    {
        try {
            readSafetensorsSet(index());
        } catch (const Error &error) {
            EXPECT_THAT(error.what(), HasSubstr(folder.string()));
            return error.what();
        }
        return "accepted";
    }
    std::vector<std::string> names() const
    {
        std::vector<std::string> found;
        for (const auto &entry : fs::directory_iterator(folder))
            found.push_back(entry.path().filename().string());
        std::ranges::sort(found);
        return found;
    }

    const StateDict tensors{{"a", at::arange(10, at::kFloat)},
                            {"b", at::arange(4, at::kLong)},
                            {"c", at::randn({100})},
                            {"d", at::randn({3, 2}).to(at::kHalf)}};
};

TEST_F(SafetensorsSetTest, TensorsComeBackFromFilesOfTheAskedSize)
{
    writeSafetensorsSet(index(), tensors, {{"note", "kept"}}, 80);
    EXPECT_THAT(names(), ElementsAre(EndsWith("-00001-of-00003.safetensors"), EndsWith("-00002-of-00003.safetensors"),
                                     EndsWith("-00003-of-00003.safetensors"), "big.safetensors.index.json"));
    const SafetensorsSet set = readSafetensorsSet(index());
    EXPECT_EQ(set.metadata.at("note"), "kept");
    StateDict found;
    uint64_t bytes = 0;
    for (const SafetensorsIndex &file : set.files) {
        EXPECT_EQ(file.source, nullptr) << "a set may have more files than may be open at once";
        found.merge(readSafetensors(file));
        bytes += fs::file_size(file.path);
    }
    EXPECT_EQ(set.bytes(), bytes);
    ASSERT_EQ(found.size(), tensors.size());
    for (const auto &[name, tensor] : tensors)
        EXPECT_TRUE(at::equal(found.at(name), tensor)) << name;
}

TEST_F(SafetensorsSetTest, AnotherSetOfTheNameReplacesAllOfIt)
{
    writeSafetensorsSet(index(), tensors, {}, 80);
    const std::vector<std::string> before = names();
    StateDict others = tensors;
    others["a"] = at::zeros({10});
    writeSafetensorsSet(index(), others, {}, 80);
    const std::vector<std::string> after = names();
    ASSERT_EQ(after.size(), before.size());
    for (size_t i = 0; i < 3; ++i)
        EXPECT_NE(after[i], before[i]);
    EXPECT_EQ(readSafetensorsSet(index()).files.size(), 3U);
}

// An index of the same name may name what others need.
TEST_F(SafetensorsSetTest, OnlyFilesOfAnEarlierSetAreRemoved)
{
    for (const char *name : {"mine.safetensors", "big.safetensors", "big-0123abcd-00001-of-00001.safetensors.bak"})
        std::ofstream(folder / name) << "precious";
    std::ofstream(index()) << json{
        {"weight_map",
         {{"a", "mine.safetensors"}, {"b", "big.safetensors"}, {"c", "big-0123abcd-00001-of-00001.safetensors.bak"}}}};
    writeSafetensorsSet(index(), tensors, {}, 80);
    EXPECT_EQ(names().size(), 3U + 3U + 1U);
}

TEST_F(SafetensorsSetTest, ASetThatCannotBeFinishedLeavesNoFiles)
{
    fs::create_directories(index() / "in the way");
    EXPECT_THROW(writeSafetensorsSet(index(), tensors, {}, 80), Error);
    EXPECT_THAT(names(), ElementsAre("big.safetensors.index.json"));
}

TEST_F(SafetensorsSetTest, AFileAloneIsASetOfOne)
{
    writeSafetensors(folder / "one.safetensors", tensors, {{"note", "kept"}});
    const SafetensorsSet set = readSafetensorsSet(folder / "one.safetensors");
    EXPECT_EQ(set.metadata.at("note"), "kept");
    ASSERT_EQ(set.files.size(), 1U);
    EXPECT_EQ(set.files[0].entries.size(), tensors.size());
}

TEST_F(SafetensorsSetTest, TheIndexOfAFolderGoesBeforeItsFiles)
{
    writeSafetensorsSet(index(), tensors, {}, 80);
    writeSafetensors(folder / "another.safetensors", tensors, {});
    EXPECT_EQ(ModelFile::resolve(folder), index());
}

TEST_F(SafetensorsSetTest, RefusesAnIndexThatIsNotTrue)
{
    writeSafetensorsSet(index(), tensors, {}, 80);
    const std::string second = names().at(1);
    changeIndex({{"weight_map", {{"a", second}}}});
    EXPECT_THAT(refusal(), HasSubstr("tensor a is in " + second + ", which has no such tensor"));
    changeIndex({{"weight_map", {{"a", "../elsewhere.safetensors"}}}});
    EXPECT_THAT(refusal(), HasSubstr("expected the name of a file in the same folder"));
    changeIndex({{"weight_map", {{"a", 7}}}});
    EXPECT_THAT(refusal(), HasSubstr("is in 7, expected the name"));
    changeIndex({{"weight_map", {{"a", "gone.safetensors"}}}});
    EXPECT_THAT(refusal(), HasSubstr("gone.safetensors"));
    changeIndex({{"weight_map", nullptr}});
    EXPECT_THAT(refusal(), HasSubstr("\"weight_map\""));
}

TEST_F(SafetensorsSetTest, RefusesAnotherName)
{
    EXPECT_THROW(writeSafetensorsSet(folder / "big.json", tensors, {}, 80), Error);
    // The index would have to name its files by it.
    EXPECT_THROW(writeSafetensorsSet(folder / "b\xEFg.safetensors.index.json", tensors, {}, 80), Error);
    EXPECT_TRUE(names().empty());
}

} // namespace

} // namespace tessera::models
