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
