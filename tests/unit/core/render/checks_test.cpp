#include "core/render/checks.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "tests/unit/core/render/tinyrenderer.h"

namespace tessera::tests
{

namespace
{

using testing::AllOf;
using testing::HasSubstr;

// The sentence with which the tiny model refuses the request; empty when it does not.
std::string refusal(const std::function<void(core::RenderRequest &)> &change)
{
    core::RenderRequest request = tinyRequest();
    change(request);
    try {
        tinyRenderer().check(request);
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
        return error.what();
    }
    return {};
}

core::Image plainImage(int width, int height)
{
    return {width, height, std::vector<uint8_t>(3 * size_t(width) * size_t(height), 90)};
}

TEST(Checks, AcceptsAWholeRequest)
{
    EXPECT_EQ(refusal([](core::RenderRequest &) {}), "");
}

TEST(Checks, NamesTheSmallestCanvas)
{
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.width = 31; }),
                AllOf(HasSubstr("31 x 40"), HasSubstr("32 x 32")));
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.height = -5; }), HasSubstr("32 x 32"));
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.height = 20000; }), HasSubstr("16384"));
}

TEST(Checks, ListsKnownControls)
{
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.controls["mood"] = "day"; }),
                AllOf(HasSubstr("'mood'"), HasSubstr("light, biome, weather")));
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.controls["light"] = "dusk"; }),
                AllOf(HasSubstr("'dusk'"), HasSubstr("any, day, sunset")));
}

TEST(Checks, NamesThePlaceOfALabelBeyondTheSet)
{
    EXPECT_THAT(refusal([](core::RenderRequest &request) {
                    core::LabelMap map = stripedMap(48, 40);
                    map.row(3)[5] = 25;
                    request.condition = map;
                }),
                AllOf(HasSubstr("label 25"), HasSubstr("(5, 3)"), HasSubstr("0 to 24"), HasSubstr("landscape")));
}

TEST(Checks, RefusesOtherConditions)
{
    EXPECT_THAT(refusal([](core::RenderRequest &request) {
                    request.condition = core::FieldMap{48, 40, std::vector<float>(48 * 40)};
                }),
                AllOf(HasSubstr("paints from labels"), HasSubstr("depth")));
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.condition = std::monostate{}; }),
                HasSubstr("was given nothing"));
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.condition = int64_t(3); }), HasSubstr("class"));
    EXPECT_THAT(refusal([](core::RenderRequest &request) {
                    request.condition = core::CodeGrid({5, 5});
                }),
                HasSubstr("6 by 5"));
    EXPECT_THAT(refusal([](core::RenderRequest &request) {
                    request.condition = core::CodeGrid({5, 6}, 16);
                }),
                HasSubstr("0 to 15"));
}

TEST(Checks, RefusesNumbersOutOfRange)
{
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.temperature = 0; }), HasSubstr("temperature"));
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.topK = -1; }), HasSubstr("-1"));
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.topP = 1.5; }), HasSubstr("1.5"));
    EXPECT_NE(refusal([](core::RenderRequest &request) { request.window = {core::WindowPolicy::Kind::Block, 5}; }), "");
    EXPECT_EQ(refusal([](core::RenderRequest &request) { request.guidance = 3; }), "");
}

TEST(Checks, RefusesHalfARegionEdit)
{
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.region = core::LabelMap(48, 40, 1); }),
                HasSubstr("initial picture"));
    EXPECT_THAT(refusal([](core::RenderRequest &request) { request.initial = plainImage(48, 40); }),
                HasSubstr("region"));
    EXPECT_THAT(refusal([](core::RenderRequest &request) {
                    request.initial = plainImage(48, 40);
                    request.region = core::LabelMap(48, 40, 0);
                }),
                HasSubstr("empty"));
    EXPECT_THAT(refusal([](core::RenderRequest &request) { // white only beyond the last whole code
                    request.initial = plainImage(50, 40);
                    request.region = core::LabelMap(50, 40, 0);
                    request.region->row(5)[49] = 1;
                }),
                HasSubstr("empty"));
    EXPECT_THAT(refusal([](core::RenderRequest &request) {
                    request.initial = plainImage(64, 40);
                    request.region = core::LabelMap(48, 40, 1);
                }),
                AllOf(HasSubstr("64 x 40"), HasSubstr("48 x 40")));
}

TEST(Checks, RefusesGuidanceTheModelWasNotTrainedFor)
{
    core::Renderer depth(writeTinyModel(tempFolder() / "depth.safetensors", TinyKind::Depth), {"cpu", "fp32", 1});
    core::RenderRequest request = depth.defaultRequest();
    request.width = request.height = 32;
    request.condition = core::FieldMap{32, 32, std::vector<float>(32 * 32)};
    EXPECT_NO_THROW(depth.check(request));
    request.guidance = 2;
    EXPECT_THROW(depth.check(request), Error);
    request.guidance = 1;
    request.condition = core::FieldMap{32, 32, std::vector<float>(32 * 32, 1.5f)};
    EXPECT_THROW(depth.check(request), Error);
}

TEST(Checks, RefusesToPaintWithAFirstStageAlone)
{
    core::Renderer stage(writeTinyModel(tempFolder() / "stage.safetensors", TinyKind::FirstStage), {"cpu", "fp32", 1});
    EXPECT_EQ(stage.info().paintsFrom, "");
    core::RenderRequest request = stage.defaultRequest();
    request.width = request.height = 32;
    EXPECT_THROW(stage.check(request), Error);
    EXPECT_EQ(stage.encode(plainImage(32, 24)).size, (core::GridSize{3, 4}));
}

} // namespace

} // namespace tessera::tests
