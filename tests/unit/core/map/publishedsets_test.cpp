// The label sets of the published models: COCO-Stuff and ADE20K.
#include "core/map/labelset.h"
#include "core/map/mapimport.h"
#include "core/map/translation.h"
#include "testset.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace tessera::core
{
namespace
{

using testing::HasSubstr;

// Every label of the set once, then void.
LabelMap allLabels(const LabelSet &set)
{
    LabelMap map(16, 16, set.voidLabel);
    for (const Label &label : set.labels) {
        map.labels[size_t(label.index)] = uint8_t(label.index);
    }
    return map;
}

ImageBytes grayOf(const LabelMap &map)
{
    return {map.width, map.height, 1, map.labels};
}

TEST(PublishedSets, cocoStuffIsNumberedAsItsFiles)
{
    const LabelSet set = loadLabelSet("cocostuff");
    ASSERT_EQ(set.labels.size(), 182u);
    EXPECT_EQ(set.voidLabel, 255);
    const std::map<int, std::string> known{
        {0, "person"},      {2, "car"},           {14, "bench"},      {24, "giraffe"},      {61, "chair"},
        {90, "hair brush"}, {91, "banner"},       {93, "branch"},     {94, "bridge"},       {96, "bush"},
        {105, "clouds"},    {112, "fence"},       {118, "flower"},    {119, "fog"},         {123, "grass"},
        {124, "gravel"},    {126, "hill"},        {127, "house"},     {128, "leaves"},      {134, "mountain"},
        {135, "mud"},       {141, "plant-other"}, {147, "river"},     {148, "road"},        {149, "rock"},
        {153, "sand"},      {154, "sea"},         {156, "sky-other"}, {157, "skyscraper"},  {158, "snow"},
        {161, "stone"},     {162, "straw"},       {168, "tree"},      {177, "water-other"}, {181, "wood"}};
    for (const auto &[index, name] : known) {
        EXPECT_EQ(set.labels[size_t(index)].name, name);
        EXPECT_EQ(set.findCocoStuff(index)->index, index);
    }
    EXPECT_EQ(set.find("sky")->index, 156);
}

TEST(PublishedSets, ade20kBeginsWithTheUnknown)
{
    const LabelSet set = loadLabelSet("ade20k");
    ASSERT_EQ(set.labels.size(), 151u);
    EXPECT_EQ(set.voidLabel, 0);
    const std::map<int, std::string> known{
        {0, "wall"},        {1, "building"},  {2, "sky"},     {4, "tree"},  {6, "road"},  {9, "grass"},
        {12, "person"},     {16, "mountain"}, {21, "water"},  {26, "sea"},  {34, "rock"}, {46, "sand"},
        {60, "river"},      {61, "bridge"},   {66, "flower"}, {68, "hill"}, {72, "palm"}, {94, "land"},
        {113, "waterfall"}, {128, "lake"},    {149, "flag"}};
    for (const auto &[id, name] : known) {
        EXPECT_EQ(set.labels[size_t(id) + 1].name, name);
        EXPECT_EQ(set.findAde20k(id)->index, id + 1);
    }
}

class PublishedSet : public testing::TestWithParam<const char *>
{};

TEST_P(PublishedSet, coloursAreFarEnoughApartToBeTold)
{
    const LabelSet set = loadLabelSet(GetParam());
    for (const Label &first : set.labels) {
        EXPECT_TRUE(set.isVoid(first.index) || squaredDistance(first.color, set.voidColor) > 12 * 12) << first.name;
        for (const Label &second : set.labels) {
            EXPECT_TRUE(first.index >= second.index || squaredDistance(first.color, second.color) > 12 * 12)
                << first.name << ' ' << second.name;
        }
    }
}

TEST_P(PublishedSet, everyIdMeansOneLabelAlone)
{
    const LabelSet set = loadLabelSet(GetParam());
    std::multiset<int> cocoStuff, ade20k;
    for (const Label &label : set.labels) {
        cocoStuff.insert(label.cocoStuff.begin(), label.cocoStuff.end());
        ade20k.insert(label.ade20k.begin(), label.ade20k.end());
    }
    EXPECT_EQ(cocoStuff.size(), std::set<int>(cocoStuff.begin(), cocoStuff.end()).size());
    EXPECT_EQ(ade20k.size(), std::set<int>(ade20k.begin(), ade20k.end()).size());
    EXPECT_GE(cocoStuff.size(), 100u);
    EXPECT_GE(ade20k.size(), 100u);
}

TEST_P(PublishedSet, mapsComeBackFromColoursAndFromGray)
{
    const LabelSet set = loadLabelSet(GetParam());
    const LabelMap map = allLabels(set);
    const ImportedMap colours = importMap(mapToRgb(map, set), set, MapLabels::Auto, "map.png");
    EXPECT_EQ(colours.map, map);
    EXPECT_EQ(colours.report.offPalette, 0u);
    const ImportedMap gray = importMap(grayOf(map), set, MapLabels::Auto, "map.png");
    EXPECT_EQ(gray.map, map);
    EXPECT_EQ(gray.report.labels, MapLabels::Index);
    EXPECT_EQ(importMap(grayOf(map), set, mapLabelsFromName(GetParam()), "map.png").map, map);
}

INSTANTIATE_TEST_SUITE_P(Both, PublishedSet, testing::Values("cocostuff", "ade20k"));

TEST(PublishedSets, gauGansColoursAreThoseOfCocoStuff)
{
    const LabelSet set = loadLabelSet("cocostuff");
    for (const Label &label : set.labels) {
        EXPECT_EQ(label.color.red, label.index) << label.name;
    }
    for (const Label &label : loadLabelSet("landscape").labels) {
        if (label.index != 0) {
            EXPECT_EQ(set.colorOf(label.color.red), label.color) << label.name;
        }
    }
}

TEST(PublishedSets, whatIsUnknownBecomesVoid)
{
    const LabelSet set = loadLabelSet("cocostuff");
    LabelMap map(10, 1, 156);
    map.labels[3] = 200;
    map.labels[4] = 255;
    const ImportedMap imported = importMap(grayOf(map), set, MapLabels::CocoStuff, "map.png");
    EXPECT_EQ(imported.report.unknown, 1u);
    map.labels[3] = 255;
    EXPECT_EQ(imported.map, map);
    EXPECT_EQ(hexText(set.colorOf(255)), "#000000");
}

TEST(PublishedSets, aCocoStuffMapPaintsALandscapeAndBack)
{
    const LabelSet coco = loadLabelSet("cocostuff"), landscape = loadLabelSet("landscape"),
                   ade = loadLabelSet("ade20k");
    for (const Label &label : landscape.labels) {
        const LabelMap painted(2, 2, uint8_t(label.index));
        const LabelMap there = translated(painted, landscape, coco);
        EXPECT_EQ(translated(there, coco, landscape), painted) << label.name;
        EXPECT_EQ(there.labels[0] == coco.voidLabel, label.index == 0) << label.name;
    }
    const auto name = [](const LabelSet &from, const char *label, const LabelSet &to) {
        const uint8_t meant = labelTranslation(from, to)[size_t(from.find(label)->index)];
        return to.isVoid(meant) ? std::string("nothing") : to.labels[meant].name;
    };
    EXPECT_EQ(name(coco, "leaves", landscape), "tree");
    EXPECT_EQ(name(coco, "giraffe", landscape), "nothing");
    EXPECT_EQ(name(coco, "giraffe", ade), "animal");
    EXPECT_EQ(name(ade, "palm", coco), "tree");
    EXPECT_EQ(name(landscape, "building", ade), "building");
    EXPECT_EQ(name(landscape, "lake", ade), "water");
    EXPECT_EQ(labelTranslation(coco, ade)[255], 0);
    EXPECT_EQ(labelTranslation(ade, coco)[0], 255);
}

TEST(LabelSet, voidMayStandApartFromTheLabels)
{
    const auto parsed = [](const std::string &given) {
        return parseLabelSet(R"({"name": "n", "title": "t", "void": )" + given + R"(, "labels": [
            {"index": 0, "name": "a", "color": "#ff0000", "group": "g"},
            {"index": 1, "name": "b", "color": "#00ff00", "group": "g"}]})",
                             "apart.json");
    };
    const LabelSet set = parsed(R"({"index": 200, "color": "#101010"})");
    EXPECT_EQ(set.voidLabel, 200);
    EXPECT_TRUE(set.knows(200) && set.knows(1) && !set.knows(2));
    const auto failure = [&](const std::string &given) {
        return errorOf(ErrorCode::FileFormat, [&] { parsed(given); });
    };
    EXPECT_THAT(failure(R"({"index": 1, "color": "#101010"})"), HasSubstr("void.index"));
    EXPECT_THAT(failure(R"({"index": 256, "color": "#101010"})"), HasSubstr("void.index"));
    EXPECT_THAT(failure("3"), HasSubstr("void.index"));
    EXPECT_THAT(failure(R"({"index": 200})"), HasSubstr("void.color"));
}

} // namespace
} // namespace tessera::core
