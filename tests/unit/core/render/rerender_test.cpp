// A renderer that remembers gives what a fresh one gives, bit for bit.
#include <algorithm>

#include <gtest/gtest.h>

#include "core/render/picturememory.h"
#include "core/render/render.h"
#include "tests/unit/core/render/tinyrenderer.h"

namespace tessera::tests
{

namespace
{

using core::RenderRequest;
using core::RenderResult;
using core::WindowPolicy;

const std::filesystem::path &tinyModel()
{
    static const std::filesystem::path path = writeTinyModel(tempFolder() / "again.safetensors");
    return path;
}

struct Case {
    const char *name;
    const char *precision;
    int side; // pixels
    WindowPolicy window;
};

// Paints a square of cells, from a cell on, within the canvas.
void stroke(RenderRequest &request, int row, int column, int cells, uint8_t label)
{
    auto &map = std::get<core::LabelMap>(request.condition);
    const int bottom = std::min(map.height, (row + cells) * kTinyFactor);
    const int right = std::min(map.width, (column + cells) * kTinyFactor);
    for (int y = row * kTinyFactor; y < bottom; ++y)
        for (int x = column * kTinyFactor; x < right; ++x)
            map.row(y)[x] = label;
}

void expectSame(const RenderResult &result, const RenderResult &expected)
{
    EXPECT_EQ(result.picture, expected.picture);
    EXPECT_EQ(result.codes, expected.codes);
    EXPECT_EQ(result.logProbability, expected.logProbability);
    EXPECT_EQ(result.entropy, expected.entropy);
    EXPECT_EQ(result.natsPerCode, expected.natsPerCode);
    EXPECT_EQ(result.drawn, expected.drawn);
    EXPECT_TRUE(result.finished);
}

class PaintingOn : public testing::TestWithParam<Case>
{
protected:
    std::unique_ptr<core::Renderer> fresh() const
    {
        return std::make_unique<core::Renderer>(tinyModel(), core::RendererOptions{"cpu", GetParam().precision, 1});
    }

    RenderRequest request() const
    {
        RenderRequest request = tinyRequest(GetParam().side, GetParam().side);
        request.window = GetParam().window;
        return request;
    }

    const std::unique_ptr<core::Renderer> renderer = fresh();
};

TEST_P(PaintingOn, StrokesGiveWhatAFreshStartGives)
{
    RenderRequest edited = request();
    renderer->render(edited);
    int label = 3;
    for (const int cells : {4, 4, 8, 16, 4, 8}) { // 16, 64 or 256 cells of the map
        stroke(edited, label % 5, label % 7, cells, uint8_t(label));
        expectSame(renderer->render(edited), fresh()->render(edited));
        label += 4;
    }
}

TEST_P(PaintingOn, OtherSettingsInBetweenChangeNothing)
{
    RenderRequest edited = request();
    edited.guidance = 3;
    const RenderResult first = renderer->render(edited);
    RenderRequest other = edited;
    other.seed = 8;
    other.temperature = 0.8;
    renderer->render(other);
    other.seed = edited.seed;
    other.controls["light"] = "sunset";
    expectSame(renderer->render(other), fresh()->render(other));
    std::stop_source stopped;
    stopped.request_stop();
    renderer->render(edited, stopped.get_token());
    expectSame(renderer->render(edited), first);
}

TEST_P(PaintingOn, TheSameAgainTakesNoPass)
{
    const RenderResult first = renderer->render(request());
    EXPECT_GT(first.passes, 0);
    const RenderResult again = renderer->render(request());
    expectSame(again, first);
    EXPECT_EQ(again.passes, 0);
}

std::string caseName(const testing::TestParamInfo<Case> &one)
{
    return one.param.name;
}

INSTANTIATE_TEST_SUITE_P(Renderer, PaintingOn,
                         testing::Values(Case{"oneWindow", "fp32", 32, {}}, Case{"oneWindowInInt8", "int8", 32, {}},
                                         Case{"exact", "fp32", 128, {}}, Case{"exactInInt8", "int8", 128, {}},
                                         Case{"blocks", "bf16", 128, {WindowPolicy::Kind::Block, 2}}),
                         caseName);

TEST(PaintingOnALargeCanvas, WhatAStrokeDoesNotReachTakesNoPass)
{
    core::Renderer renderer(tinyModel(), {"cpu", "fp32", 1});
    RenderRequest edited = tinyRequest(128, 128);
    const int64_t passes = renderer.render(edited).passes;
    stroke(edited, 14, 0, 2, 9);
    EXPECT_LT(renderer.render(edited).passes, passes * 9 / 10);
}

TEST(PictureMemory, KeepsPicturesByCanvasSeedAndVariation)
{
    core::PictureMemory memory;
    memory.of({4, 5}, 1, 0).at({1, 1}).code = 7;
    for (const auto &[canvas, seed, variation] :
         {std::tuple{core::GridSize{5, 4}, uint64_t{1}, 0u}, {{4, 5}, 2, 0}, {{4, 5}, 1, 1}}) {
        EXPECT_EQ(memory.of(canvas, seed, variation).size, canvas);
        EXPECT_EQ(memory.of(canvas, seed, variation).at({1, 1}).code, core::kNoCode);
    }
    EXPECT_EQ(memory.of({4, 5}, 1, 0).at({1, 1}).code, 7);
}

TEST(PictureMemory, KeepsTheLatestAloneWhereItIsTold)
{
    core::PictureMemory memory;
    memory.keepLatest();
    memory.of({4, 4}, 0, 0).at({1, 1}).code = 7;
    core::KnownCodes &latest = memory.of({4, 4}, 1, 0);
    latest.at({1, 1}).code = 8;
    memory.keepLatest();
    EXPECT_EQ(&memory.of({4, 4}, 1, 0), &latest); // a render may be at it
    EXPECT_EQ(latest.at({1, 1}).code, 8);
    EXPECT_EQ(memory.of({4, 4}, 0, 0).at({1, 1}).code, core::kNoCode);
}

TEST(PictureMemory, ForgetsThePictureUsedLeastLately)
{
    core::PictureMemory memory;
    memory.of({4, 4}, 0, 0).at({1, 1}).code = 7;
    memory.of({4, 4}, 1, 0).at({1, 1}).code = 8;
    memory.of({4, 4}, 0, 0);
    for (uint64_t seed = 2; seed <= core::PictureMemory::kMost; ++seed)
        memory.of({4, 4}, seed, 0);
    EXPECT_EQ(memory.of({4, 4}, 0, 0).at({1, 1}).code, 7);
    EXPECT_EQ(memory.of({4, 4}, 1, 0).at({1, 1}).code, core::kNoCode);
}

} // namespace

} // namespace tessera::tests
