#include "core/render/relief.h"

#include <string>

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "core/render/checks.h"
#include "core/render/renderjob.h"
#include "core/sampling/knowncodes.h"
#include "models/bundle.h"
#include "models/error.h"
#include "tests/unit/core/render/tinyrenderer.h"

namespace tessera::core
{

namespace
{

const ReliefChoices kEverything{true, true, true};

// Fails for want of memory so often, and remembers what it was asked.
class ScarceRender : public Relievable
{
public:
    ScarceRender(int failingDraws, int failingDecodes) : m_failingDraws(failingDraws), m_failingDecodes(failingDecodes)
    {}

    void draw() override
    {
        log += 'd';
        fail(m_failingDraws);
    }
    void decode() override
    {
        log += 'p';
        fail(m_failingDecodes);
    }
    void relieve(Relief relief) override { log += "FHTC"[int(relief)]; }

    std::string log; // d: draw, p: decode to a picture, capitals: reliefs
    ErrorCode code = ErrorCode::OutOfMemory;

private:
    void fail(int &left)
    {
        if (left-- > 0)
            throw Error(code, "no room");
    }

    int m_failingDraws, m_failingDecodes;
};

std::string paint(ScarceRender &render, const ReliefChoices &choices)
{
    std::string told;
    paintWithRelief(render, choices, [&](Relief relief) { told += "FHTC"[int(relief)]; });
    return told;
}

TEST(Relief, NothingIsGivenUpWhereMemorySuffices)
{
    ScarceRender render(0, 0);
    EXPECT_EQ(paint(render, kEverything), "");
    EXPECT_EQ(render.log, "dp");
}

TEST(Relief, EachFailureToDrawGivesUpOneThing)
{
    ScarceRender once(1, 0), twice(2, 0), thrice(3, 0);
    EXPECT_EQ(paint(once, kEverything), "F");
    EXPECT_EQ(once.log, "dFdp");
    EXPECT_EQ(paint(twice, kEverything), "FH");
    EXPECT_EQ(twice.log, "dFdHdp");
    EXPECT_EQ(paint(thrice, kEverything), "FHC");
    EXPECT_EQ(thrice.log, "dFdHdCdp");
}

TEST(Relief, AFailureToDecodeNeverDrawsAgain)
{
    ScarceRender render(0, 3);
    EXPECT_EQ(paint(render, kEverything), "FTC");
    EXPECT_EQ(render.log, "dpFpTpCp");
}

TEST(Relief, WhatDrawingGaveUpIsNotGivenUpAgain)
{
    ScarceRender render(1, 1);
    EXPECT_EQ(paint(render, kEverything), "FT");
    EXPECT_EQ(render.log, "dFdpTp");
}

TEST(Relief, OnlyWhatIsThereIsGivenUp)
{
    ScarceRender render(1, 1);
    EXPECT_EQ(paint(render, {false, true, false}), "FT");
    ScarceRender drawing(2, 0);
    EXPECT_THROW(paint(drawing, {false, true, false}), Error);
    EXPECT_EQ(drawing.log, "dFd");
}

TEST(Relief, EndsWithTheErrorWhereNothingHelps)
{
    ScarceRender render(100, 0);
    try {
        paint(render, kEverything);
        FAIL() << "no error";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
        EXPECT_STREQ(error.what(), "no room");
    }
    EXPECT_EQ(render.log, "dFdHdCd");
}

TEST(Relief, OtherErrorsPassAtOnce)
{
    ScarceRender render(1, 0);
    render.code = ErrorCode::NonFinite;
    EXPECT_THROW(paint(render, kEverything), Error);
    EXPECT_EQ(render.log, "d");
}

// A job whose engine and decoder are real.
TEST(Relief, ADrawnJobIsDecodedAgainInTiles)
{
    const c10::InferenceMode inference;
    const models::ModelBundle bundle =
        models::ModelBundle::open(tests::writeTinyModel(tests::tempFolder() / "relief.safetensors"));
    const auto engine = makeTorchEngine(*bundle.transformer());
    const RenderRequest request = tests::tinyRequest(320, 64);
    const RenderEvents events;
    KnownCodes known(canvasOf(bundle.config(), request));
    RenderJob job(bundle, request, {}, events, {nullptr, &known});
    job.prepare();
    job.draw(*engine);
    const int64_t forwards = engine->tokenForwards();
    job.decode(true);
    const RenderResult tiled = job.take();
    const Image whole = tests::tinyRenderer().decode(tiled.codes);
    EXPECT_EQ(engine->tokenForwards(), forwards);
    ASSERT_EQ(tiled.picture.rgb.size(), whole.rgb.size());
    for (size_t i = 0; i < whole.rgb.size(); ++i)
        ASSERT_NEAR(int(tiled.picture.rgb[i]), int(whole.rgb[i]), 2) << i;
    EXPECT_TRUE(tiled.finished);
}

} // namespace

} // namespace tessera::core
