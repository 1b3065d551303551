#include "core/render/checks.h"

#include <functional>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/render/requesterror.h"
#include "models/error.h"
#include "tests/unit/core/render/tinyrenderer.h"

namespace tessera::tests
{

namespace
{

using testing::AllOf;
using testing::HasSubstr;

using Change = std::function<void(core::RenderRequest &)>;

// With what the tiny model refuses the request; nothing when it does not.
std::optional<core::RequestError> refusalOf(const Change &change)
{
    core::RenderRequest request = tinyRequest();
    change(request);
    try {
        tinyRenderer().check(request);
    } catch (const core::RequestError &error) {
        EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
        return error;
    }
    return {};
}

std::string refusal(const Change &change)
{
    const auto error = refusalOf(change);
    return error ? error->what() : std::string();
}

// REQUIRES: the request is refused.
core::RequestPart wrongPart(const Change &change)
{
    return refusalOf(change).value().part();
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

TEST(Checks, SaysWhichPartIsWrong)
{
    using core::RenderRequest;
    using core::RequestPart;
    const Change editing = [](RenderRequest &request) {
        request.initial = plainImage(48, 40);
        request.region = core::LabelMap(48, 40, 1);
    };
    EXPECT_EQ(wrongPart([](RenderRequest &request) { request.width = 31; }), RequestPart::Canvas);
    EXPECT_EQ(wrongPart([](RenderRequest &request) { request.height = 20000; }), RequestPart::Canvas);
    EXPECT_EQ(wrongPart([](RenderRequest &request) { request.condition = core::LabelMap(9, 9, 25); }),
              RequestPart::Condition);
    EXPECT_EQ(wrongPart([](RenderRequest &request) {
                  request.condition = core::CodeGrid({5, 5});
              }),
              RequestPart::Condition);
    EXPECT_EQ(wrongPart([](RenderRequest &request) {
                  request.condition = core::CodeGrid({5, 6}, 16);
              }),
              RequestPart::Condition);
    EXPECT_EQ(wrongPart([&](RenderRequest &request) { editing(request), request.initial->rgb.pop_back(); }),
              RequestPart::Initial);
    EXPECT_EQ(wrongPart([&](RenderRequest &request) { editing(request), request.initial = plainImage(64, 40); }),
              RequestPart::Initial);
    EXPECT_EQ(wrongPart([&](RenderRequest &request) {
                  editing(request), request.initialCodes = core::CodeGrid({5, 5});
              }),
              RequestPart::Initial);
    EXPECT_EQ(wrongPart([&](RenderRequest &request) { editing(request), request.region = core::LabelMap(24, 24, 1); }),
              RequestPart::Region);
    EXPECT_EQ(wrongPart([&](RenderRequest &request) { editing(request), request.region = core::LabelMap(48, 40); }),
              RequestPart::Region);
}

TEST(Checks, NoPartIsWrongWhereAValueIsOrTwoDoNotGoTogether)
{
    using core::RenderRequest;
    using core::RequestPart;
    EXPECT_EQ(wrongPart([](RenderRequest &request) { request.condition = std::monostate{}; }), RequestPart::None);
    EXPECT_EQ(wrongPart([](RenderRequest &request) { request.controls["mood"] = "day"; }), RequestPart::None);
    EXPECT_EQ(wrongPart([](RenderRequest &request) { request.temperature = 0; }), RequestPart::None);
    EXPECT_EQ(wrongPart([](RenderRequest &request) {
                  request.window = {core::WindowPolicy::Kind::Block, 5};
              }),
              RequestPart::None);
    EXPECT_EQ(wrongPart([](RenderRequest &request) { request.initial = plainImage(48, 40); }), RequestPart::None);
}

TEST(Checks, AModelSaysWhatItTakesInstead)
{
    core::ModelInfo model;
    model.paintsFrom = "labels";
    model.otherMaps = {"depth", "edges"};
    const auto said = [&](const std::string &kind) {
        try {
            model.expectTakes(kind);
        } catch (const Error &error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(said("labels") + said("edges"), "");
    EXPECT_EQ(said("class"), "This model paints from labels, depth or edges, not from class.");
    model.otherMaps.clear();
    EXPECT_EQ(said("depth"), "This model paints from labels, not from depth.");
    model.paintsFrom.clear();
    EXPECT_EQ(said("depth"), "This model is a first stage alone and paints from nothing.");
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
