#include "core/sampling/windowprefix.h"

#include <gtest/gtest.h>

#include "core/sampling/sampler.h"
#include "core/sampling/score.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

using models::ConditionKind;
using models::ControlSource;

// The tiny model's vocabulary with depth codes behind it and its second control given to the canvas.
models::ModelConfig severalConfig()
{
    models::ModelConfig config = TinyModel().config;
    models::ConditionConfig depth = config.condition;
    depth.kind = ConditionKind::Depth;
    depth.tokens.first = 1000;
    config.otherConditions.push_back(depth);
    config.controls[1].source = ControlSource::Row;
    return config;
}

std::vector<int64_t> conditionOf(const models::ModelConfig &config, const std::vector<int64_t> &prefix)
{
    return {prefix.begin() + std::ptrdiff_t(config.controls.size()), prefix.end()};
}

TEST(WindowPrefix, ShowsTheMapUnderTheWindow)
{
    const models::ModelConfig config = severalConfig();
    SampleRequest request = TinyModel().request({6, 7});
    const Cell origin{2, 3};
    const auto labels = conditionOf(config, WindowPrefix(config, request).at(origin));
    request.kind = ConditionKind::Depth;
    const auto depth = conditionOf(config, WindowPrefix(config, request).at(origin));
    ASSERT_EQ(labels.size(), 16u);
    for (int cell = 0; cell < 16; ++cell) {
        const int64_t code = request.condition.at({origin.row + cell / 4, origin.column + cell % 4});
        EXPECT_EQ(labels[size_t(cell)], config.condition.tokens.first + code);
        EXPECT_EQ(depth[size_t(cell)], 1000 + code);
    }
    for (const int64_t token : conditionOf(config, WindowPrefix(config, request).withoutCondition(origin)))
        EXPECT_EQ(token, *config.nullToken);
}

TEST(WindowPrefix, OpensGuidedControlsWhereTheMapIsDropped)
{
    models::ModelConfig config = severalConfig();
    SampleRequest request = TinyModel().request({4, 4});
    const int64_t asked = config.controls[0].first + 1;
    request.controlTokens[0] = asked;
    EXPECT_EQ(WindowPrefix(config, request).withoutCondition({0, 0})[0], asked);
    config.controls[0].guided = true;
    const WindowPrefix prefix(config, request);
    EXPECT_EQ(prefix.at({0, 0})[0], asked);
    EXPECT_EQ(prefix.withoutCondition({0, 0})[0], config.controls[0].first);
    EXPECT_EQ(prefix.withoutCondition({0, 0})[1], prefix.at({0, 0})[1]); // the other one stays
}

TEST(WindowPrefix, ShowsWhatStaysOfThePicture)
{
    models::ModelConfig config = severalConfig();
    SampleRequest request = TinyModel().request({4, 4});
    request.initial = CodeGrid({4, 4}, 5);
    request.locked = Grid<uint8_t>({4, 4}, 1);
    request.locked.at({1, 2}) = 0;
    const auto unseen = conditionOf(config, WindowPrefix(config, request).at({0, 0}));
    config.seesKept = true;
    const auto seen = conditionOf(config, WindowPrefix(config, request).at({0, 0}));
    for (size_t cell = 0; cell < seen.size(); ++cell)
        EXPECT_EQ(seen[cell], cell == 6 ? unseen[cell] : config.imageTokens.first + 5);
}

TEST(WindowPrefix, FollowsThePlaceInTheCanvas)
{
    models::ModelConfig config = severalConfig();
    config.controls[1].values = {"any", "above", "below"};
    const SampleRequest request = TinyModel().request({12, 4});
    const WindowPrefix prefix(config, request);
    EXPECT_EQ(prefix.at({0, 0})[0], request.controlTokens[0]);
    EXPECT_EQ(prefix.at({0, 0})[1], config.controls[1].first + 1);
    EXPECT_EQ(prefix.at({8, 0})[1], config.controls[1].first + 2);
    EXPECT_EQ(prefix.withoutCondition({8, 0})[1], config.controls[1].first + 2);
}

} // namespace

} // namespace tessera::core
