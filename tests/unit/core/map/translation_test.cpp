// Maps painted with one label set for models of another.
#include "core/map/translation.h"

#include <gtest/gtest.h>

namespace tessera::core
{
namespace
{

LabelMap mapOf(const LabelSet &set, const std::vector<std::string> &names)
{
    LabelMap map(int(names.size()), 1, set.voidLabel);
    for (size_t i = 0; i < names.size(); ++i) {
        map.labels[i] = uint8_t(set.find(names[i])->index);
    }
    return map;
}

ImageBytes grayOf(const LabelMap &map)
{
    return {map.width, map.height, 1, map.labels};
}

const std::vector<std::string> kCommon{"sky", "sea", "sand", "mountain", "grass", "tree", "river", "rock"};

struct Way {
    const char *from;
    const char *to;
};

class Translation : public testing::TestWithParam<Way>
{
protected:
    LabelSet from = loadLabelSet(GetParam().from);
    LabelSet to = loadLabelSet(GetParam().to);
    MapLabels labels = mapLabelsFromName(GetParam().from);

    void expectCommon(const ImportedMap &imported) const
    {
        EXPECT_EQ(imported.report.unknown, 0u);
        EXPECT_EQ(imported.report.unmapped, 0u);
        EXPECT_EQ(imported.report.labels, labels);
        for (size_t i = 0; i < kCommon.size(); ++i) {
            const Label *found = to.at(imported.map.labels[i]);
            ASSERT_NE(found, nullptr) << kCommon[i];
            EXPECT_EQ(found, to.find(kCommon[i])) << kCommon[i] << " became " << found->name;
        }
    }
};

TEST_P(Translation, WordsThatBothKnowStayFromColours)
{
    expectCommon(importTranslated(mapToRgb(mapOf(from, kCommon), from), to, labels, "map.png"));
}

TEST_P(Translation, WordsThatBothKnowStayFromNumbers)
{
    expectCommon(importTranslated(grayOf(mapOf(from, kCommon)), to, labels, "map.png"));
}

INSTANTIATE_TEST_SUITE_P(Ways, Translation,
                         testing::Values(Way{"cocostuff", "landscape"}, Way{"ade20k", "landscape"},
                                         Way{"landscape", "cocostuff"}, Way{"landscape", "ade20k"},
                                         Way{"ade20k", "cocostuff"}, Way{"cocostuff", "ade20k"}),
                         [](const auto &way) { return std::string(way.param.from) + "_" + way.param.to; });

TEST(Translations, WhatTheOtherSetLacksBecomesVoidAndIsCounted)
{
    const LabelSet ade = loadLabelSet("ade20k"), landscape = loadLabelSet("landscape");
    const ImageBytes image = mapToRgb(mapOf(ade, {"sky", "sofa", "sofa"}), ade);
    const ImportedMap imported = importTranslated(image, landscape, MapLabels::Ade20k, "map.png");
    EXPECT_EQ(imported.report.unmapped, 2u);
    EXPECT_EQ(imported.map.labels[0], landscape.find("sky")->index);
    EXPECT_EQ(imported.map.labels[1], landscape.voidLabel);
}

TEST(Translations, TheNamedSetIsNotGuessedAnew)
{
    const LabelSet landscape = loadLabelSet("landscape"), ade = loadLabelSet("ade20k");
    ImageBytes image{4, 1, 3, {}};
    for (const int value : {ade.find("sky")->index, ade.find("sky")->index, ade.find("sky")->index, 255}) {
        image.bytes.insert(image.bytes.end(), 3, uint8_t(value)); // ids in three equal channels, one of no class
    }
    const ImportedMap imported = importTranslated(image, landscape, MapLabels::Ade20k, "map.png");
    EXPECT_EQ(imported.map.labels[0], landscape.find("sky")->index);
    EXPECT_EQ(imported.map.labels[3], landscape.voidLabel);
    const ImageBytes stray{2, 1, 1, {1, 180}}; // no number of the landscape's
    const LabelMap read = importTranslated(stray, landscape, MapLabels::Landscape, "map.png").map;
    EXPECT_EQ(read.labels, (std::vector<uint8_t>{1, landscape.voidLabel}));
}

TEST(Translations, OtherKindsAreReadAsAlways)
{
    const LabelSet landscape = loadLabelSet("landscape");
    const LabelMap map = mapOf(landscape, kCommon);
    for (const MapLabels labels : {MapLabels::Auto, MapLabels::Index, MapLabels::Landscape}) {
        EXPECT_EQ(importTranslated(grayOf(map), landscape, labels, "map.png").map, map) << nameOf(labels);
    }
}

} // namespace
} // namespace tessera::core
