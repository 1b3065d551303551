#include "core/render/render.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/render/recordjson.h"
#include "core/render/regionedit.h"
#include "models/error.h"
#include "tests/unit/core/render/tinyrenderer.h"
#include "tests/unit/core/sampling/nomorethreads.h"

namespace tessera::tests
{

namespace
{

using core::RenderRequest;
using core::RenderResult;

RenderResult render(const RenderRequest &request)
{
    return tinyRenderer().render(request);
}

const uint8_t *pixelOf(const core::Image &image, int x, int y)
{
    return &image.rgb[3 * (size_t(y) * size_t(image.width) + size_t(x))];
}

TEST(Renderer, DescribesItsModel)
{
    const core::ModelInfo &info = tinyRenderer().info();
    EXPECT_EQ(info.name, "Tiny");
    EXPECT_EQ(info.paintsFrom, "labels");
    EXPECT_EQ(info.labelSet, "landscape");
    EXPECT_EQ(info.factor, kTinyFactor);
    EXPECT_EQ(info.window, kTinyWindow);
    EXPECT_EQ(info.codes, kTinyCodes);
    EXPECT_EQ(info.controls.size(), 3u);
    EXPECT_TRUE(info.guidance);
    EXPECT_EQ(info.identity.size(), 16u);
    EXPECT_EQ(tinyRenderer().device(), "cpu");
    EXPECT_EQ(tinyRenderer().precision(), "fp32");
}

TEST(Renderer, EqualRequestsGiveEqualPictures)
{
    const RenderRequest request = tinyRequest();
    const RenderResult one = render(request), other = render(request);
    EXPECT_TRUE(one.finished);
    EXPECT_EQ(one.picture, other.picture);
    EXPECT_EQ(one.codes, other.codes);
    EXPECT_EQ(one.picture.width, 48);
    EXPECT_EQ(one.picture.height, 40);
    EXPECT_EQ(one.drawn, 30);
}

TEST(Renderer, SeedVariationAndControlsChangeThePicture)
{
    const core::CodeGrid codes = render(tinyRequest()).codes;
    RenderRequest request = tinyRequest();
    request.seed = 8;
    EXPECT_NE(render(request).codes, codes);
    request = tinyRequest();
    request.variation = 1;
    EXPECT_NE(render(request).codes, codes);
    request = tinyRequest();
    request.controls["light"] = "sunset";
    EXPECT_NE(render(request).codes, codes);
    request = tinyRequest();
    request.guidance = 4;
    EXPECT_NE(render(request).codes, codes);
}

TEST(Renderer, AnyIsTheDefaultOfAControl)
{
    RenderRequest request = tinyRequest();
    request.controls = {{"light", "any"}, {"weather", "any"}};
    EXPECT_EQ(render(request).picture, render(tinyRequest()).picture);
}

TEST(Renderer, RoundsTheCanvasDownToWholeCodes)
{
    RenderRequest request = tinyRequest(53, 41);
    const RenderResult result = render(request);
    EXPECT_EQ(result.codes.size, (core::GridSize{5, 6}));
    EXPECT_EQ(result.picture.width, 48);
    EXPECT_EQ(result.picture.height, 40);
}

TEST(Renderer, NatsAreTheMeanOverDrawnCodes)
{
    const RenderResult result = render(tinyRequest());
    double sum = 0;
    for (const float value : result.logProbability.values)
        sum -= double(value);
    EXPECT_NEAR(result.natsPerCode, sum / 30, 1e-6);
    EXPECT_GT(result.natsPerCode, 0);
}

TEST(Renderer, TellsOfTheFirstWindowBeforeTheFirstCode)
{
    std::vector<core::RenderProgress> told;
    core::RenderEvents events;
    events.progress = [&](const core::RenderProgress &progress) { told.push_back(progress); };
    tinyRenderer().render(tinyRequest(), {}, events);
    ASSERT_GE(told.size(), 3u);
    EXPECT_EQ(told[0].codesDone, 0);
    EXPECT_EQ(told[0].codesTotal, 30);
    EXPECT_EQ(told[0].windowRect, told[1].windowRect);
    EXPECT_EQ(told[1].codesDone, 1);
    EXPECT_EQ(told.back().codesDone, 30);
}

TEST(Renderer, StoppedRenderKeepsAPrefix)
{
    const RenderResult whole = render(tinyRequest());
    std::stop_source source;
    core::RenderEvents events;
    events.progress = [&](const core::RenderProgress &progress) {
        if (progress.codesDone > 0)
            source.request_stop();
    };
    const RenderResult part = tinyRenderer().render(tinyRequest(), source.get_token(), events);
    EXPECT_FALSE(part.finished);
    ASSERT_EQ(part.drawn, 1); // the first code always reports
    EXPECT_EQ(part.codes.values[0], whole.codes.values[0]);
    EXPECT_EQ(std::ranges::count(part.codes.values, core::kNoCode), 29);
    EXPECT_EQ(part.picture.width, 48);
    events.decodeStopped = [] { return false; };
    EXPECT_TRUE(tinyRenderer().render(tinyRequest(), source.get_token(), events).picture.empty());
}

TEST(Renderer, AStoppedRenderShowsWhatAPreviewWould)
{
    std::stop_source source;
    core::RenderEvents events;
    core::Image preview;
    events.previewEvery = 1;
    events.preview = [&](const core::RenderPreview &shown) {
        preview = shown.picture;
        source.request_stop();
    };
    EXPECT_EQ(tinyRenderer().render(tinyRequest(), source.get_token(), events).picture, preview);

    source = std::stop_source();
    events = {}; // without any preview before
    events.progress = [&](const core::RenderProgress &progress) {
        if (progress.codesDone > 0)
            source.request_stop();
    };
    const RenderResult part = tinyRenderer().render(tinyRequest(), source.get_token(), events);
    ASSERT_EQ(part.drawn, 1);
    EXPECT_EQ(part.picture, preview);
}

TEST(Renderer, PreviewsComeInStepsAndEndBeforeTheResult)
{
    core::RenderEvents events;
    std::vector<int> done;
    core::Image last;
    events.preview = [&](const core::RenderPreview &preview) {
        done.push_back(preview.codesDone);
        EXPECT_EQ(preview.picture.width, 48);
        EXPECT_FALSE(preview.changed.empty());
        last = preview.picture;
    };
    events.previewEvery = 10;
    int reports = 0;
    events.progress = [&](const core::RenderProgress &progress) {
        ++reports;
        EXPECT_EQ(progress.codesTotal, 30);
        EXPECT_EQ(progress.windowRect.width, 32);
        EXPECT_LE(progress.windowRect.right(), 48);
    };
    const RenderResult result = tinyRenderer().render(tinyRequest(), {}, events);
    EXPECT_EQ(done, (std::vector{10, 20}));
    EXPECT_NE(last, result.picture);
    EXPECT_GE(reports, 2);
    EXPECT_EQ(result.picture, render(tinyRequest()).picture);
}

TEST(Renderer, PreviewRectangleHoldsEveryChange)
{
    core::RenderEvents events;
    core::Image before;
    events.previewEvery = 6;
    events.preview = [&](const core::RenderPreview &preview) {
        for (int y = 0; !before.empty() && y < 40; ++y) {
            const uint8_t *old = pixelOf(before, 0, y);
            const bool same = std::equal(old, old + 3 * 48, pixelOf(preview.picture, 0, y));
            EXPECT_TRUE(same || preview.changed.contains(preview.changed.x, y)) << y;
        }
        before = preview.picture;
    };
    tinyRenderer().render(tinyRequest(), {}, events);
    EXPECT_FALSE(before.empty());
}

class RegionRender : public testing::Test
{
protected:
    RegionRender() : original(render(tinyRequest(64, 64)))
    {
        request = tinyRequest(64, 64);
        request.seed = 99;
        request.initial = original.picture;
        request.region = core::LabelMap(64, 64);
        core::LabelMap &region = *request.region;
        for (int y = 20; y < 30; ++y)
            std::fill_n(region.row(y) + 18, 10, uint8_t(255)); // codes 2..3 by 2..3
    }

    RenderResult original;
    RenderRequest request;
};

TEST_F(RegionRender, OutsideTheBandEveryPixelStays)
{
    const RenderResult edited = render(request);
    EXPECT_EQ(edited.drawn, 4);
    EXPECT_NE(edited.picture, original.picture);
    for (int y = 0; y < 64; ++y) {
        for (int x = 0; x < 64; ++x) {
            const bool near = x >= 16 - core::kBlendBandPixels && x < 32 + core::kBlendBandPixels
                              && y >= 16 - core::kBlendBandPixels && y < 32 + core::kBlendBandPixels;
            const uint8_t *pixel = pixelOf(edited.picture, x, y);
            ASSERT_TRUE(near || std::equal(pixel, pixel + 3, pixelOf(original.picture, x, y))) << x << ", " << y;
        }
    }
}

TEST_F(RegionRender, LockedCodesAreThoseOfTheInitialPicture)
{
    const core::CodeGrid encoded = tinyRenderer().encode(original.picture);
    const RenderResult edited = render(request);
    int changed = 0;
    for (int row = 0; row < 8; ++row)
        for (int column = 0; column < 8; ++column) {
            const bool free = (row == 2 || row == 3) && (column == 2 || column == 3);
            const bool differs = edited.codes.at({row, column}) != encoded.at({row, column});
            EXPECT_TRUE(free || !differs) << row << ", " << column;
            changed += differs;
        }
    EXPECT_GT(changed, 0);
    request.initialCodes = original.codes;
    EXPECT_EQ(render(request).codes.at({7, 7}), original.codes.at({7, 7}));
}

TEST_F(RegionRender, ItsRecordMakesItAgain)
{
    const RenderResult edited = render(request);
    const std::string text = tinyRenderer().record(request, edited);
    const core::RenderRecord back = core::recordFromText(text, edited.picture, "a.png");
    EXPECT_EQ(back.request, request);
    EXPECT_EQ(render(back.request).picture, edited.picture);
}

TEST(Renderer, RecordsNameTheModelSoThatItIsFoundFromAnyFolder)
{
    const std::filesystem::path model = writeTinyModel(tempFolder() / "recorded.safetensors");
    core::Renderer renderer(std::filesystem::relative(model), {"cpu", "fp32", 1});
    RenderRequest request = tinyRequest(32, 32);
    request.modelIdentity.clear();
    RenderResult result = renderer.render(request);
    result.reliefs = {core::Relief::Tiles};
    const core::RenderRecord record = core::recordFromText(renderer.record(request, result), result.picture, "a.png");
    EXPECT_EQ(record.modelFile, model.string());
    EXPECT_EQ(record.modelName, "Tiny");
    EXPECT_EQ(record.request.modelIdentity, renderer.info().identity);
    EXPECT_EQ(record.device, "cpu");
    EXPECT_EQ(record.precision, "fp32");
    EXPECT_EQ(record.codes, result.codes);
    EXPECT_EQ(record.reliefs, result.reliefs);
}

TEST(Renderer, DecodesWhatItDrew)
{
    const RenderResult result = render(tinyRequest());
    EXPECT_EQ(tinyRenderer().decode(result.codes), result.picture);
    EXPECT_THROW(tinyRenderer().decode(core::CodeGrid({2, 2}, kTinyCodes)), Error);
    EXPECT_THROW(tinyRenderer().decode({}), Error);
}

TEST(Renderer, ScoresItsOwnCodesAsItDrewThem)
{
    const RenderResult result = render(tinyRequest());
    const core::RenderScore score = tinyRenderer().score(tinyRequest(), result.codes);
    EXPECT_TRUE(score.finished);
    ASSERT_EQ(score.policies.size(), 1U);
    EXPECT_NEAR(score.policies.front().natsPerCode, result.natsPerCode, 1e-4);
    EXPECT_THROW(tinyRenderer().score(tinyRequest(64, 64), result.codes), Error);
}

TEST(Renderer, EncodingDropsWhatIsBeyondWholeCodes)
{
    const core::Image picture = render(tinyRequest()).picture;
    core::Image larger{53, 44, std::vector<uint8_t>(3 * 53 * 44, 200)};
    for (int y = 0; y < 40; ++y)
        std::copy_n(pixelOf(picture, 0, y), 3 * 48, &larger.rgb[3 * 53 * size_t(y)]);
    EXPECT_EQ(tinyRenderer().encode(larger), tinyRenderer().encode(picture));
    EXPECT_THROW(tinyRenderer().encode(core::Image{4, 4, std::vector<uint8_t>(48)}), Error);
}

TEST(Renderer, RefusesAModelThatIsNotThere)
{
    try {
        core::Renderer(tempFolder() / "none.safetensors", {});
        FAIL() << "expected an Error";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::ModelNotFound);
        EXPECT_THAT(error.what(), testing::HasSubstr("none.safetensors"));
    }
}

TEST(Renderer, InspectingReadsTheSameAsOpening)
{
    const core::ModelInfo info = core::inspectModel(tinyRenderer().info().path);
    EXPECT_EQ(info.identity, "");
    EXPECT_EQ(info.parameters, tinyRenderer().info().parameters);
    EXPECT_EQ(info.controls.size(), 3u);
}

TEST(Renderer, VariationsTogetherAreThoseAlone)
{
    core::Renderer renderer(writeTinyModel(tempFolder() / "together.safetensors"), {"cpu", "fp32", 1});
    core::RenderRequest request = tinyRequest();
    int most = 0, last = 0;
    core::RenderEvents events;
    events.progress = [&](const core::RenderProgress &progress) {
        most = progress.codesTotal;
        last = progress.codesDone;
    };
    const std::vector<core::RenderResult> together = renderer.renderVariations(request, 3, {}, events);
    ASSERT_EQ(together.size(), 3u);
    EXPECT_EQ(most, 3 * 30);
    EXPECT_EQ(last, 3 * 30);
    EXPECT_NE(together[0].picture, together[1].picture);
    int64_t passes = 0;
    for (uint32_t i = 0; i < 3; ++i) {
        request.variation = i;
        const core::RenderResult alone = tinyRenderer().render(request);
        EXPECT_EQ(together[i].picture, alone.picture);
        EXPECT_EQ(together[i].codes, alone.codes);
        EXPECT_EQ(together[i].logProbability, alone.logProbability);
        EXPECT_EQ(together[i].drawn, alone.drawn);
        EXPECT_TRUE(together[i].finished);
        passes += together[i].passes;
    }
    EXPECT_LT(passes, 3 * 30);
}

#ifdef __GLIBC__
TEST(Renderer, VariationsComeOneByOneWhereThereAreNoThreads)
{
    core::Renderer renderer(writeTinyModel(tempFolder() / "alone.safetensors"), {"cpu", "fp32", 1});
    RenderRequest request = tinyRequest();
    std::vector<RenderResult> found;
    {
        const NoMoreThreads none;
        found = renderer.renderVariations(request, 3);
    }
    ASSERT_EQ(found.size(), 3u);
    for (uint32_t i = 0; i < 3; ++i) {
        request.variation = i;
        EXPECT_TRUE(found[i].finished);
        EXPECT_EQ(found[i].picture, render(request).picture);
    }
}
#endif

} // namespace

} // namespace tessera::tests
