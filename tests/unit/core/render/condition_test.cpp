#include "core/render/condition.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/render/encoding.h"
#include "models/error.h"
#include "tests/unit/core/render/tinyrenderer.h"
#include "tests/unit/models/fillsource.h"

namespace tessera::tests
{

namespace
{

TEST(Condition, CoordinatesAreThoseOfTheOriginal)
{
    const core::CodeGrid grid = core::coordinateGrid({16, 16}, 16, 1024);
    EXPECT_EQ(std::vector(grid.values.begin(), grid.values.begin() + 5), (std::vector<int64_t>{30, 30, 31, 31, 31}));
    EXPECT_EQ(grid.at({1, 0}), 94);
    EXPECT_EQ(std::vector(grid.values.end() - 16, grid.values.end()),
              (std::vector<int64_t>{990, 990, 991, 991, 991, 991, 992, 992, 992, 992, 993, 993, 993, 993, 994, 994}));
}

TEST(Condition, MapsAreDroppedBeyondWholeCodes)
{
    core::Renderer &renderer = tinyRenderer();
    const core::LabelMap map = stripedMap(50, 39);
    EXPECT_EQ(renderer.encodeCondition(map), renderer.encodeCondition(map.cropped({0, 0, 48, 32})));
}

TEST(Condition, TheMapDecidesTheCodes)
{
    core::Renderer &renderer = tinyRenderer();
    EXPECT_NE(renderer.encodeCondition(stripedMap(48, 40)), renderer.encodeCondition(core::LabelMap(48, 40, 1)));
}

TEST(Condition, CodesMadeBeforeGiveTheSamePicture)
{
    core::Renderer &renderer = tinyRenderer();
    core::RenderRequest request = tinyRequest();
    const core::RenderResult painted = renderer.render(request);
    request.condition = renderer.encodeCondition(stripedMap(48, 40));
    EXPECT_EQ(std::get<core::CodeGrid>(request.condition), painted.conditionCodes);
    EXPECT_EQ(renderer.render(request).picture, painted.picture);
}

TEST(Condition, AMapOfAnotherSizeIsScaled)
{
    core::Renderer &renderer = tinyRenderer();
    core::RenderRequest request = tinyRequest();
    const core::LabelMap small = stripedMap(24, 20);
    request.condition = small;
    const core::RenderResult scaled = renderer.render(request);
    request.condition = small.resizedNearest(48, 40);
    EXPECT_EQ(renderer.render(request).picture, scaled.picture);
}

models::Autoencoder labelStage(int64_t channels)
{
    models::AutoencoderConfig config;
    config.inChannels = config.outChannels = channels;
    config.width = 32;
    config.multipliers = {1, 1};
    config.resBlocks = 1;
    config.attentionResolutions = {};
    config.zChannels = config.embedDim = 6;
    config.codes = 64;
    models::FillSource source;
    return models::Autoencoder::create(config, source);
}

// S-FLCKR's stage has no plane for the unpainted, COCO-Stuff's has it in front of the others.
TEST(Condition, CocoStuffLabelsGoToThePlanesThatTheModelWasTrainedWith)
{
    core::LabelMap map(12, 8, 156);
    for (size_t i = 0; i < map.labels.size(); ++i)
        map.labels[i] = i % 3 == 0 ? 255 : uint8_t(i * 7 % 182);
    for (const int64_t channels : {182, 183}) {
        const models::Autoencoder stage = labelStage(channels);
        const at::Tensor planes = at::zeros({1, channels, 8, 12});
        for (size_t i = 0; i < map.labels.size(); ++i) {
            const int64_t plane = map.labels[i] == 255 ? channels - 183 : map.labels[i] + channels - 182;
            if (plane >= 0)
                planes[0][plane][int64_t(i / 12)][int64_t(i % 12)].fill_(1);
        }
        EXPECT_EQ(core::encodedLabels(stage, "cocostuff", map, uint64_t(1) << 40), core::gridOf(stage.encode(planes)))
            << channels;
    }
}

core::Renderer rendererOf(TinyKind kind, const std::string &name)
{
    return core::Renderer(writeTinyModel(tempFolder() / (name + ".safetensors"), kind), {"cpu", "fp32", 1});
}

core::RenderRequest requestOf(const core::Renderer &renderer, int width, int height)
{
    core::RenderRequest request = renderer.defaultRequest();
    request.width = width;
    request.height = height;
    return request;
}

TEST(Condition, DepthDecidesThePicture)
{
    core::Renderer renderer = rendererOf(TinyKind::Depth, "depth");
    core::RenderRequest request = requestOf(renderer, 40, 32);
    core::FieldMap field{40, 32, std::vector<float>(40 * 32, -1)};
    request.condition = field;
    const core::RenderResult flat = renderer.render(request);
    for (size_t i = 0; i < field.values.size(); ++i)
        field.values[i] = float(i % 40) / 20 - 1;
    request.condition = field;
    const core::RenderResult slope = renderer.render(request);
    EXPECT_NE(flat.conditionCodes, slope.conditionCodes);
    EXPECT_EQ(slope.conditionCodes, renderer.encodeCondition(field));
}

TEST(Condition, AModelOfSeveralMapsTakesEach)
{
    core::Renderer renderer = rendererOf(TinyKind::Several, "several");
    EXPECT_EQ(renderer.info().sources(), "labels, depth or edges");
    EXPECT_EQ(renderer.info().controls.size(), 3u); // the artist's
    core::RenderRequest request = requestOf(renderer, 40, 32);
    core::FieldMap field{40, 32, std::vector<float>(40 * 32, -1)};
    for (int y = 0; y < field.height; ++y)
        field.row(y)[20] = 1; // a line
    request.condition = field;
    request.mapKind = "depth";
    const core::RenderResult depth = renderer.render(request);
    EXPECT_EQ(depth.conditionCodes, renderer.encodeCondition(field, "depth"));
    request.mapKind = "edges";
    const core::RenderResult edges = renderer.render(request);
    EXPECT_EQ(edges.conditionCodes, renderer.encodeCondition(field, "edges"));
    EXPECT_NE(edges.codes, depth.codes);
    for (float &value : field.values)
        value = value > 0 ? 0.2F : -0.3F; // the same line, drawn faintly
    EXPECT_EQ(edges.conditionCodes, renderer.encodeCondition(field, "edges"));

    core::FieldMap large{80, 64, std::vector<float>(80 * 64, -1)}; // twice the size
    request.condition = large;
    const core::CodeGrid without = renderer.render(request).conditionCodes;
    for (int y = 0; y < large.height; ++y)
        large.row(y)[41] = 1;
    request.condition = large;
    EXPECT_NE(renderer.render(request).conditionCodes, without); // a thin line is not lost

    request.condition = depth.conditionCodes;
    request.mapKind = "depth";
    EXPECT_EQ(renderer.render(request).codes, depth.codes);
    request.condition = stripedMap(40, 32);
    EXPECT_EQ(renderer.render(request).conditionCodes, renderer.encodeCondition(stripedMap(40, 32)));
}

// Facts 6.6: the published edge models learned from lines as 0 and 1; maps hold -1 to 1.
TEST(Condition, EdgesWithoutAReachAreReadFromZeroToOne)
{
    models::ModelConfig config;
    config.condition.kind = models::ConditionKind::Edges;
    const core::FieldMap field{2, 1, {-1, 1}};
    const auto read = [&](models::ConditionKind kind, core::GridSize pixels) {
        return core::fieldToRead(config, kind, field, pixels).values;
    };
    EXPECT_EQ(read(models::ConditionKind::Edges, {1, 2}), (std::vector<float>{0, 1}));
    EXPECT_EQ(read(models::ConditionKind::Edges, {1, 4}), (std::vector<float>{0, 0.25F, 0.75F, 1})); // scaled
    config.condition.kind = models::ConditionKind::Depth;
    EXPECT_EQ(read(models::ConditionKind::Depth, {1, 2}), field.values);
}

TEST(Condition, AModelOfSeveralMapsRefusesOthers)
{
    core::Renderer renderer = rendererOf(TinyKind::Several, "several-refusing");
    core::RenderRequest request = requestOf(renderer, 40, 32);
    request.condition = core::FieldMap{40, 32, std::vector<float>(40 * 32, -1)};
    const auto refusal = [&] {
        try {
            renderer.check(request);
        } catch (const Error &error) {
            return std::string(error.what());
        }
        return std::string("accepted");
    };
    EXPECT_EQ(refusal(), "This model paints from labels, depth or edges, but was given a depth or edge map.");
    request.mapKind = "normals";
    EXPECT_EQ(refusal(), "This model paints from labels, depth or edges, but was given a map of normals.");
    request.mapKind = "depth";
    EXPECT_EQ(refusal(), "accepted");
    request.controls = {{"position", "above"}};
    EXPECT_EQ(refusal(), "The control 'position' follows from the canvas and cannot be chosen.");
    request.controls = {{"wind", "calm"}};
    EXPECT_EQ(refusal(), "The control 'wind' is not known; this model has light, biome, weather.");
}

// What is right of and below a region counts.
TEST(Condition, ARegionSeesAllThatStays)
{
    core::Renderer renderer = rendererOf(TinyKind::Several, "several-region");
    core::RenderRequest request = requestOf(renderer, 32, 32);
    request.condition = stripedMap(32, 32);
    request.initialCodes = renderer.render(request).codes;
    request.initial = renderer.decode(*request.initialCodes);
    request.region = core::LabelMap(32, 32);
    request.region->row(0)[0] = 1; // the first code
    request.greedy = true;
    const core::RenderResult one = renderer.render(request);
    for (int other = 1; other < 16; ++other) // of the code in the corner opposite
        request.initialCodes->at({3, 3}) = (request.initialCodes->at({3, 3}) + 1) % kTinyCodes;
    const core::RenderResult two = renderer.render(request);
    EXPECT_NE(one.logProbability.at({0, 0}), two.logProbability.at({0, 0}));
}

TEST(Condition, CoordinatesAreTheWholeCanvas)
{
    core::Renderer renderer = rendererOf(TinyKind::Coordinates, "coordinates");
    EXPECT_EQ(renderer.info().paintsFrom, "coordinates");
    const core::RenderResult result = renderer.render(requestOf(renderer, 56, 40));
    EXPECT_EQ(result.conditionCodes, core::coordinateGrid({5, 7}, kTinyFactor, 64));
    EXPECT_EQ(result.drawn, 35);
}

TEST(Condition, AClassRendersOneWindow)
{
    core::Renderer renderer = rendererOf(TinyKind::Class, "class");
    core::RenderRequest request = requestOf(renderer, 32, 32);
    request.condition = int64_t(kTinyClasses - 1);
    EXPECT_EQ(renderer.render(request).drawn, 16);
    request.condition = int64_t(kTinyClasses);
    EXPECT_THROW(renderer.check(request), Error);
    request.condition = int64_t(0);
    request.width = 64;
    EXPECT_THROW(renderer.check(request), Error);
}

TEST(Condition, NothingRendersOneWindow)
{
    core::Renderer renderer = rendererOf(TinyKind::Unconditional, "nothing");
    core::RenderRequest request = requestOf(renderer, 32, 32);
    EXPECT_EQ(renderer.render(request).drawn, 16);
    request.condition = core::LabelMap(32, 32);
    EXPECT_THROW(renderer.check(request), Error);
}

} // namespace

} // namespace tessera::tests
