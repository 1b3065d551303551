// The files in resources: the landscape set and the maps painted with it.
#include "core/document/imagefile.h"
#include "core/map/mapimport.h"
#include "models/resources.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace tessera::core
{
namespace
{

TEST(Resources, theLandscapeSetKnowsGauGansColors)
{
    const LabelSet set = loadLabelSet("landscape");
    EXPECT_EQ(set.name, "landscape");
    ASSERT_EQ(set.labels.size(), 25u);
    EXPECT_EQ(set.find("lake"), set.find("water"));
    EXPECT_EQ(set.find("sky")->color, (Rgb{0x9c, 0xee, 0xdd}));
    for (const Label &label : set.labels) {
        if (!label.cocoStuff.empty()) {
            EXPECT_EQ(set.findCocoStuff(label.color.red), &label) << label.name;
        }
    }
}

class Example : public testing::TestWithParam<const char *>
{};

TEST_P(Example, isPaintedInTheSetsColors)
{
    const LabelSet set = loadLabelSet("landscape");
    const auto path = models::resourceFolder() / "examples" / GetParam();
    const ImportedMap imported = importMap(readMapImage(path), set, MapLabels::Auto, path.string());
    EXPECT_EQ(imported.report.labels, MapLabels::Landscape);
    EXPECT_EQ(imported.report.offPalette, 0u);
    EXPECT_EQ(imported.map.histogram()[kVoidLabel], 0u);
    EXPECT_GE(std::min(imported.map.width, imported.map.height), 256);
    EXPECT_EQ(imported.map.width % 16, 0);
    EXPECT_EQ(imported.map.height % 16, 0);
}

INSTANTIATE_TEST_SUITE_P(Maps, Example, testing::Values("lake.png", "coast.png", "valley.png"));

} // namespace
} // namespace tessera::core
