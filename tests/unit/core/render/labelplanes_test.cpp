#include "core/render/labelplanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/render/checks.h"
#include "models/error.h"

namespace tessera::tests
{

namespace
{

using core::LabelPlanes;

TEST(LabelPlanes, SFlckrHasNoPlaneForTheUnpainted)
{
    const LabelPlanes planes = core::labelPlanes("cocostuff", 182);
    EXPECT_EQ(planes.planeOf[0], 0);
    EXPECT_EQ(planes.planeOf[156], 156);
    EXPECT_EQ(planes.planeOf[181], 181);
    EXPECT_EQ(planes.planeOf[182], LabelPlanes::kNoLabel);
    EXPECT_EQ(planes.planeOf[255], LabelPlanes::kNoPlane);
    EXPECT_TRUE(planes.knows(255));
    EXPECT_EQ(planes.text(), "0 to 181, and 255 for unpainted");
}

TEST(LabelPlanes, CocoStuffBeginsWithTheUnpainted)
{
    const LabelPlanes planes = core::labelPlanes("cocostuff", 183);
    EXPECT_EQ(planes.planeOf[255], 0);
    EXPECT_EQ(planes.planeOf[0], 1);
    EXPECT_EQ(planes.planeOf[181], 182);
    EXPECT_FALSE(planes.knows(182));
    EXPECT_EQ(planes.text(), "0 to 181, and 255 for unpainted");
}

TEST(LabelPlanes, OtherSetsAreNumberedAsTheirPlanes)
{
    for (const auto &[set, count] : {std::pair{"ade20k", 151}, {"landscape", 25}, {"", 7}, {"unheard-of", 256}}) {
        const LabelPlanes planes = core::labelPlanes(set, count);
        for (int value = 0; value < 256; ++value)
            EXPECT_EQ(planes.planeOf[size_t(value)], value < count ? value : LabelPlanes::kNoLabel) << set;
        EXPECT_EQ(planes.text(), "0 to " + std::to_string(count - 1));
    }
}

TEST(LabelPlanes, ChecksKnowTheUnpainted)
{
    models::ModelConfig config;
    config.condition.kind = models::ConditionKind::Labels;
    config.condition.labelSet = "cocostuff";
    config.condition.stage.emplace().inChannels = 182;
    core::LabelMap map(4, 2, 156);
    map.labels[1] = 255;
    EXPECT_NO_THROW(core::checkLabels(config, map));
    map.labels[6] = 182;
    try {
        core::checkLabels(config, map);
        ADD_FAILURE() << "accepted";
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("label 182 at pixel (2, 1)"),
                                                 testing::HasSubstr("0 to 181, and 255 for unpainted")));
    }
}

} // namespace

} // namespace tessera::tests
