#include "core/landscape/label.h"

#include <fstream>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

namespace tessera::core
{

namespace
{

nlohmann::json labelsOfTheSet()
{
    std::ifstream file(TESSERA_SOURCE_RESOURCES "/labels/landscape.json");
    EXPECT_TRUE(file.is_open());
    return nlohmann::json::parse(file).at("labels");
}

} // namespace

TEST(LandscapeLabel, JsonHoldsTheSameNamesInTheSameOrder)
{
    const nlohmann::json labels = labelsOfTheSet();
    ASSERT_EQ(labels.size(), std::size_t(kLabelCount));
    for (int i = 0; i < kLabelCount; ++i) {
        EXPECT_EQ(labels[i].at("index"), i);
        EXPECT_EQ(labels[i].at("name").get<std::string>(), labelName(static_cast<LandscapeLabel>(i)));
    }
}

TEST(LandscapeLabel, NumbersAreThoseOfTrainedModels)
{
    EXPECT_EQ(static_cast<int>(LandscapeLabel::Void), 0);
    EXPECT_EQ(static_cast<int>(LandscapeLabel::Mountain), 4);
    EXPECT_EQ(static_cast<int>(LandscapeLabel::Tree), 14);
    EXPECT_EQ(static_cast<int>(LandscapeLabel::Water), 20);
    EXPECT_EQ(static_cast<int>(LandscapeLabel::Wood), 24);
}

TEST(LandscapeLabel, ColorsAreDistinctHexColors)
{
    std::set<std::string> seen;
    for (const auto &label : labelsOfTheSet()) {
        const auto color = label.at("color").get<std::string>();
        EXPECT_EQ(color.size(), 7u) << color;
        EXPECT_EQ(color.front(), '#') << color;
        EXPECT_EQ(color.find_first_not_of("0123456789abcdef", 1), std::string::npos) << color;
        EXPECT_TRUE(seen.insert(color).second) << color << " is used twice";
    }
}

// A foreign class must lead to one label only, and a word too.
TEST(LandscapeLabel, ForeignClassesAndWordsBelongToOneLabel)
{
    std::set<int> coco, ade;
    std::set<std::string> words;
    for (const auto &label : labelsOfTheSet()) {
        for (const int id : label.at("cocostuff"))
            EXPECT_TRUE(coco.insert(id).second) << "COCO-Stuff " << id;
        for (const int id : label.at("ade20k"))
            EXPECT_TRUE(ade.insert(id).second) << "ADE20K " << id;
        EXPECT_TRUE(words.insert(label.at("name")).second);
        for (const std::string word : label.at("synonyms"))
            EXPECT_TRUE(words.insert(word).second) << word;
    }
    EXPECT_LE(*coco.rbegin(), 181);
    EXPECT_LE(*ade.rbegin(), 149);
}

TEST(LandscapeLabel, GroupsAreThoseOfThePalette)
{
    const std::set<std::string> groups = {"sky", "land", "plants", "water", "built", "ground"};
    for (const auto &label : labelsOfTheSet())
        EXPECT_TRUE(groups.count(label.at("group"))) << label.at("group");
}

} // namespace tessera::core
