#include "core/render/relief.h"

#include <memory>
#include <new>
#include <string>
#include <utility>

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "core/render/checks.h"
#include "core/render/picturememory.h"
#include "core/render/renderjob.h"
#include "core/sampling/cpu/cpuengine.h"
#include "core/sampling/knowncodes.h"
#include "models/bundle.h"
#include "models/error.h"
#include "tests/unit/core/render/tinyrenderer.h"
#include "tests/unit/core/sampling/forwardingengine.h"

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
    void relieve(Relief relief) override
    {
        log += "FHTC"[int(relief)];
        if (failingReliefs.find(log.back()) != std::string::npos)
            throw Error(code, "no room for relief");
    }

    std::string log; // d: draw, p: decode to a picture, capitals: reliefs
    std::string failingReliefs;
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
    ScarceRender once(1, 0), twice(2, 0), fourTimes(4, 0);
    EXPECT_EQ(paint(once, kEverything), "F");
    EXPECT_EQ(once.log, "dFdp");
    EXPECT_EQ(paint(twice, kEverything), "FH");
    EXPECT_EQ(twice.log, "dFdHdp");
    EXPECT_EQ(paint(fourTimes, kEverything), "FHTC");
    EXPECT_EQ(fourTimes.log, "dFdHdTdCdp");
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
    EXPECT_THROW(paint(drawing, {false, false, false}), Error);
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
    EXPECT_EQ(render.log, "dFdHdTdCd");
}

// Opening it anew has let the model go: tiles would have nothing to draw with.
TEST(Relief, TheCpuFollowsAHalfPrecisionThatFails)
{
    ScarceRender render(2, 0), later(2, 1);
    render.failingReliefs = later.failingReliefs = "H";
    EXPECT_EQ(paint(render, kEverything), "FHC");
    EXPECT_EQ(render.log, "dFdHCdp");
    EXPECT_EQ(paint(later, kEverything), "FHCT"); // the model is there again
    EXPECT_EQ(later.log, "dFdHCdpTp");
}

TEST(Relief, NothingFollowsAModelThatIsGone)
{
    const auto end = [](const std::string &failing, const ReliefChoices &choices) {
        ScarceRender render(2, 0);
        render.failingReliefs = failing;
        try {
            paint(render, choices);
            ADD_FAILURE() << "no error";
        } catch (const Error &error) {
            EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
            EXPECT_STREQ(error.what(), "no room for relief");
        }
        return render.log;
    };
    EXPECT_EQ(end("HC", kEverything), "dFdHC");
    EXPECT_EQ(end("H", {true, true, false}), "dFdH");
}

TEST(Relief, AFailureThatLetsNothingGoIsFollowedByTheNext)
{
    ScarceRender render(1, 0);
    render.failingReliefs = "F";
    EXPECT_EQ(paint(render, kEverything), "FH");
    EXPECT_EQ(render.log, "dFHdp");
}

TEST(Relief, OtherErrorsPassAtOnce)
{
    ScarceRender render(1, 0);
    render.code = ErrorCode::NonFinite;
    EXPECT_THROW(paint(render, kEverything), Error);
    EXPECT_EQ(render.log, "d");
}

// Finds no memory in one of its passes, of which each gives one code, for guesses are too dear.
class ScarceEngine : public DearEngine
{
public:
    ScarceEngine(std::unique_ptr<TransformerEngine> engine, int passes) : DearEngine(std::move(engine)), m_left(passes)
    {}

protected:
    bool run(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
             const StopFn &stopped) override
    {
        if (m_left-- == 0)
            throw std::bad_alloc();
        return ForwardingEngine::run(inputs, first, count, logits, stopped);
    }

private:
    int m_left; // passes before it
};

TEST(Relief, CodesDrawnBeforeAFailureAreKept)
{
    const c10::InferenceMode inference;
    const models::ModelBundle bundle =
        models::ModelBundle::open(tests::writeTinyModel(tests::tempFolder() / "kept.safetensors"));
    const RenderRequest request = tests::tinyRequest();
    constexpr int kBefore = 10; // passes
    ScarceEngine engine(makeCpuEngine(*bundle.transformer()), kBefore);
    const RenderEvents events;
    const auto drawn = [&](KnownCodes &known) {
        RenderJob job(bundle, request, {}, events, {nullptr, &known});
        job.prepare(engine, false);
        job.draw(engine);
        return job.take();
    };
    KnownCodes known(canvasOf(bundle.config(), request)), nothing = known;
    EXPECT_THROW(drawn(known), std::bad_alloc);
    const RenderResult again = drawn(known), whole = drawn(nothing);
    EXPECT_EQ(again.codes, whole.codes);
    EXPECT_EQ(again.passes, whole.passes - kBefore);
}

TEST(Relief, ForAnotherEngineKnownCodesAreGuesses)
{
    PictureMemory memory;
    KnownCode &known = memory.of({2, 3}, 7, 0).at({1, 2});
    known.code = 5;
    known.from.add(11);
    memory.distrust();
    EXPECT_EQ(memory.of({2, 3}, 7, 0).at({1, 2}).code, 5);
    EXPECT_EQ(memory.of({2, 3}, 7, 0).at({1, 2}).from, Digest());
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
    job.prepare(*engine, false);
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

// All codes are there.
TEST(Relief, AStopBehindDrawingLeavesAPictureOfTilesWhereItIsWanted)
{
    const c10::InferenceMode inference;
    const models::ModelBundle bundle =
        models::ModelBundle::open(tests::writeTinyModel(tests::tempFolder() / "stopped.safetensors"));
    const auto engine = makeTorchEngine(*bundle.transformer());
    const RenderRequest request = tests::tinyRequest(320, 64);
    for (const bool wanted : {true, false}) {
        std::stop_source stop;
        RenderEvents events;
        events.decodeStopped = [wanted] { return wanted; };
        KnownCodes known(canvasOf(bundle.config(), request));
        RenderJob job(bundle, request, stop.get_token(), events, {nullptr, &known});
        job.prepare(*engine, false);
        job.draw(*engine);
        stop.request_stop();
        job.decode(true);
        const RenderResult stopped = job.take();
        EXPECT_FALSE(stopped.finished);
        EXPECT_EQ(stopped.picture.width, wanted ? 320 : 0);
    }
}

} // namespace

} // namespace tessera::core
