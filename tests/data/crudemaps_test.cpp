// The crude maps in the repository are those that the program paints, and as varied as they should be.
#include "tests/data/crudemaps.h"

#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/document/imagefile.h"
#include "models/training/indexedpng.h"

namespace tessera::tests
{

namespace
{

namespace fs = std::filesystem;

class CrudeMapsTest : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        set = core::loadLabelSet("landscape");
        maps = paintCrudeMaps(set);
    }

    static inline core::LabelSet set;
    static inline std::vector<CrudeMap> maps;
    const fs::path folder = TESSERA_CRUDE_MAPS;
};

TEST_F(CrudeMapsTest, PaintingAgainGivesWhatLiesInTheRepository)
{
    ASSERT_EQ(maps.size(), 64U);
    for (const CrudeMap &crude : maps) {
        const core::ImageBytes kept = core::readMapImage(folder / (crude.name + ".png"), core::PalettePixels::Indices);
        ASSERT_EQ(kept.channels, 1) << crude.name;
        ASSERT_EQ(kept.width, crude.map.width) << crude.name;
        ASSERT_EQ(kept.height, crude.map.height) << crude.name;
        EXPECT_TRUE(kept.bytes == crude.map.labels) << crude.name;
    }
}

TEST_F(CrudeMapsTest, TrainerReadsTheSame)
{
    for (const CrudeMap &crude : maps) {
        const models::IndexedPicture read = models::readIndexedPng(folder / (crude.name + ".png"));
        EXPECT_TRUE(read.indices == crude.map.labels) << crude.name;
    }
}

TEST_F(CrudeMapsTest, ControlsAreThoseOfTheMaps)
{
    std::ifstream file(folder / "controls.json");
    const auto controls = nlohmann::json::parse(file);
    ASSERT_EQ(controls.size(), maps.size());
    for (const CrudeMap &crude : maps) {
        const nlohmann::json expected = {{"light", crude.light}, {"biome", crude.biome}, {"weather", crude.weather}};
        EXPECT_EQ(controls.at(crude.name + ".png"), expected) << crude.name;
    }
}

TEST_F(CrudeMapsTest, EveryLabelAndBareCanvasOccur)
{
    std::set<int> seen;
    int unfinished = 0;
    for (const CrudeMap &crude : maps) {
        std::set<int> labels;
        for (int y = 0; y < crude.map.height; ++y)
            labels.insert(crude.map.row(y), crude.map.row(y) + crude.map.width);
        EXPECT_GE(labels.size(), 3U) << crude.name;
        unfinished += labels.contains(set.voidLabel);
        seen.merge(labels);
    }
    EXPECT_EQ(seen.size(), set.labels.size());
    EXPECT_GE(unfinished, 20);
    EXPECT_LE(unfinished, 56);
}

} // namespace

} // namespace tessera::tests
