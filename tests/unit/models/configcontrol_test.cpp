// Controls that follow from the canvas, and models of several kinds of map.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/bundle.h"
#include "models/config.h"
#include "models/error.h"
#include "tests/data/tinymodel.h"
#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{

namespace
{

using nlohmann::json;
using testing::HasSubstr;

class SeveralMapsTest : public TemporaryFolderTest
{
protected:
    ModelBundle model() const
    {
        return ModelBundle::open(tests::writeTinyModel(folder / "several.safetensors", tests::TinyKind::Several));
    }
    static std::string refusal(const json &config)
    {
        try {
            ModelConfig::fromJson(config);
        } catch (const Error &error) {
            return error.what();
        }
        return "accepted";
    }
};

TEST_F(SeveralMapsTest, ComeBackFromAFile)
{
    const ModelBundle bundle = model();
    const ModelConfig &config = bundle.config();
    EXPECT_EQ(ModelConfig::fromJson(config.toJson()), config);
    ASSERT_EQ(config.otherConditions.size(), 2u);
    EXPECT_EQ(config.conditionOf(ConditionKind::Edges)->edgeReach, 3);
    EXPECT_EQ(config.conditionOf(ConditionKind::Class), nullptr);
    EXPECT_TRUE(config.seesKept);
    EXPECT_EQ(config.controls.back().source, ControlSource::Height);
    EXPECT_TRUE(ignoredKeys(config.toJson()).empty());

    ASSERT_NE(bundle.stageOf(ConditionKind::Depth), nullptr);
    EXPECT_NE(bundle.stageOf(ConditionKind::Depth), bundle.stageOf(ConditionKind::Edges));
    EXPECT_EQ(bundle.stageOf(ConditionKind::Labels), bundle.conditionStage());
    EXPECT_EQ(bundle.stageOf(ConditionKind::Class), nullptr);
}

TEST_F(SeveralMapsTest, ControlsMayBeGuided)
{
    ModelConfig config = model().config();
    ASSERT_EQ(config.controls.front().source, ControlSource::Artist);
    config.controls.front().guided = true;
    EXPECT_EQ(ModelConfig::fromJson(config.toJson()), config);
    EXPECT_TRUE(ignoredKeys(config.toJson()).empty());
    config.controls.back().guided = true;
    EXPECT_THAT(refusal(config.toJson()), HasSubstr("follows the canvas and is 'guided'"));
}

TEST_F(SeveralMapsTest, RefusesWhatDoesNotFitTogether)
{
    const json config = model().config().toJson();
    const auto own = "/model/tessera"_json_pointer;
    const auto changed = [&](const std::string &where, const json &value) {
        json other = config;
        other[own / json::json_pointer(where)] = value;
        return refusal(other);
    };
    EXPECT_THAT(changed("/other_conditions/0/kind", "class"), HasSubstr("'kind' is 'class', expected depth or edges"));
    EXPECT_THAT(changed("/other_conditions/1/kind", "depth"), HasSubstr("paints from depth by two stages"));
    EXPECT_THAT(changed("/other_conditions/0/tokens", {0, 5}), HasSubstr("5 depth tokens, but the codebook has 16"));
    EXPECT_THAT(changed("/other_conditions/0/tokens", {4000, 16}), HasSubstr("depth tokens end at 4016"));
    EXPECT_THAT(changed("/other_conditions/1/edge_reach", -1), HasSubstr("'edge_reach' is -1"));
    EXPECT_THAT(changed("/controls/3/source", "moon"), HasSubstr("'moon', expected artist, row or height"));
    EXPECT_THAT(changed("/controls/4/values", {"any", "tall"}), HasSubstr("'tall', expected a number of windows"));
    EXPECT_THAT(changed("/controls/3/values", {"any"}), HasSubstr("no value beside 'any'"));
}

TEST(PlacedControl, FollowsTheWindow)
{
    const ControlConfig row{"position", {"any", "a", "b", "c", "d"}, 0, ControlSource::Row};
    EXPECT_EQ(placedValue(row, 0.1, 1), 1);
    EXPECT_EQ(placedValue(row, 0.5, 1), 3);
    EXPECT_EQ(placedValue(row, 1.0, 1), 4);
    const ControlConfig height{"scale", {"any", "1", "1.5", "2"}, 0, ControlSource::Height};
    EXPECT_EQ(placedValue(height, 0.5, 1), 1);
    EXPECT_EQ(placedValue(height, 0.5, 1.4), 2);
    EXPECT_EQ(placedValue(height, 0.5, 9), 3);
}

} // namespace

} // namespace tessera::models
