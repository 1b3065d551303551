// Drawing again: drafts, codes known from before, prefixes known from before. Whatever is spared, the bits are those of
// a request that knows nothing.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "core/sampling/cpu/cpuengine.h"
#include "core/sampling/knowncodes.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/prefixstore.h"
#include "core/sampling/sampler.h"
#include "tests/unit/core/sampling/forwardingengine.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

constexpr WindowPolicy kBlocks{WindowPolicy::Kind::Block, 2};

void expectSame(const SampleResult &result, const SampleResult &expected)
{
    EXPECT_TRUE(result.finished);
    EXPECT_EQ(result.codes, expected.codes);
    EXPECT_EQ(result.logProbability, expected.logProbability);
    EXPECT_EQ(result.entropy, expected.entropy);
}

CodeGrid randomCodes(GridSize canvas, uint64_t seed, bool holes)
{
    std::mt19937_64 random(seed);
    CodeGrid codes(canvas);
    for (int64_t &code : codes.values) {
        code = holes && random() % 4 == 0 ? kNoCode : int64_t(random() % 24);
    }
    return codes;
}

// A model, an engine and what is kept between requests.
class Painter
{
public:
    explicit Painter(const TinyModel &model, std::unique_ptr<TransformerEngine> engine)
        : m_model(model)
        , m_engine(std::move(engine))
        , m_prefixes(*m_engine, model.config.transformer->unmasked, uint64_t(1) << 30)
    {}

    SampleResult draw(const SampleRequest &request, SampleAids aids = {}, std::stop_token stop = {},
                      const DrawnFn &drawn = {})
    {
        const WindowPlan plan = planFor(m_model.config, request.canvas, request.params.window,
                                        m_engine->gainsFromBatches(), request.locked);
        return sampleCodes(m_model.config, *m_engine, request, plan, stop, drawn, aids);
    }

    // With all that was kept, as a renderer does it.
    SampleResult drawAgain(SampleRequest request)
    {
        request.draft = CodeGrid(request.canvas, kNoCode);
        if (known.size == request.canvas) {
            std::ranges::transform(known.values, request.draft.values.begin(), &KnownCode::code);
        }
        return draw(request, {&m_prefixes, &known});
    }

    PrefixStore &prefixes() { return m_prefixes; }

    KnownCodes known;

private:
    const TinyModel &m_model;
    const std::unique_ptr<TransformerEngine> m_engine;
    PrefixStore m_prefixes;
};

class DrawingAgain : public testing::TestWithParam<CpuPrecision>
{
protected:
    std::unique_ptr<TransformerEngine> engine() const { return makeCpuEngine(model.transformer, {GetParam(), 1, {}}); }
    Painter painter() const { return Painter(model, engine()); }
    Painter eagerPainter() const { return Painter(model, std::make_unique<CheapTokensEngine>(engine())); }
    // Draws step by step.
    Painter plainPainter() const { return Painter(model, std::make_unique<DearEngine>(engine())); }
    SampleResult cold(const SampleRequest &request) const { return plainPainter().draw(request); }

    // No draft and every kind of draft give the request's codes.
    void expectNoDraftMatters(SampleRequest request) const
    {
        const SampleResult expected = cold(request);
        SampleRequest other = request;
        other.condition.at({1, 2}) ^= 1;
        other.controlTokens[0] = 11;
        for (const CodeGrid &draft : {CodeGrid(), expected.codes, cold(other).codes, CodeGrid(request.canvas, 3),
                                      randomCodes(request.canvas, 1, false), randomCodes(request.canvas, 2, true)}) {
            request.draft = draft;
            for (const bool eager : {false, true}) {
                const SampleResult result = (eager ? eagerPainter() : painter()).draw(request);
                expectSame(result, expected);
                EXPECT_LE(result.passes, expected.passes);
            }
        }
    }

    const TinyModel model{18, {2, 3, 20, 12, 2.5}};
};

TEST_P(DrawingAgain, ARightDraftTakesAFewPasses)
{
    for (const double guidance : {1.0, 2.5}) {
        SampleRequest request = model.request({4, 4});
        request.params.guidance = guidance;
        const SampleResult expected = cold(request);
        EXPECT_EQ(expected.passes, 16);
        EXPECT_EQ(expected.accepted, 0);
        request.draft = expected.codes;
        const SampleResult result = eagerPainter().draw(request);
        expectSame(result, expected);
        EXPECT_LE(result.passes, 2);
        EXPECT_EQ(result.accepted, 16 - result.passes);
        EXPECT_EQ(result.tokenForwards, expected.tokenForwards); // nothing was computed in vain
    }
}

TEST_P(DrawingAgain, GuessesMadeOnTheWaySparePasses)
{
    SampleRequest request = model.request({4, 4});
    int64_t passes = 0;
    for (request.params.seed = 0; request.params.seed < 20; ++request.params.seed) {
        const SampleResult result = eagerPainter().draw(request);
        expectSame(result, cold(request));
        passes += result.passes;
    }
    EXPECT_LT(passes, 20 * 16 * 3 / 4);
}

TEST_P(DrawingAgain, NoDraftMattersToThePicture)
{
    for (const GridSize canvas : {GridSize{4, 4}, GridSize{4, 9}, GridSize{7, 10}}) {
        for (const WindowPolicy policy : {WindowPolicy{}, kBlocks}) {
            for (const double guidance : {1.0, 2.5}) {
                SampleRequest request = model.request(canvas);
                request.params.window = policy;
                request.params.guidance = guidance;
                expectNoDraftMatters(request);
            }
        }
    }
}

TEST_P(DrawingAgain, NoDraftMattersToFilteredOrGreedyCodes)
{
    SampleRequest request = model.request({6, 7});
    request.params.temperature = 0.8;
    request.params.topK = 6;
    request.params.topP = 0.9;
    expectNoDraftMatters(request);
    request.params.greedy = true;
    expectNoDraftMatters(request);
}

TEST_P(DrawingAgain, NoDraftMattersAroundLockedCodes)
{
    SampleRequest request = model.request({8, 9});
    request.params.window = kBlocks;
    request.initial = randomCodes(request.canvas, 5, false);
    request.locked = Grid<uint8_t>(request.canvas, 1);
    for (const Cell cell : {Cell{2, 3}, Cell{2, 4}, Cell{2, 5}, Cell{3, 4}, Cell{5, 4}, Cell{7, 8}}) {
        request.locked.at(cell) = 0;
    }
    expectNoDraftMatters(request);
}

TEST_P(DrawingAgain, NoDraftMattersInAnotherOrder)
{
    TinyModel spiral(18, {2, 3, 20, 12, 2.5});
    spiral.config.permuter = models::PermuterKind::SpiralOut;
    Painter first(spiral, std::make_unique<CheapTokensEngine>(engine()));
    SampleRequest request = spiral.request({4, 4});
    const SampleResult expected = first.draw(request);
    for (const CodeGrid &draft : {expected.codes, randomCodes({4, 4}, 1, true)}) {
        request.draft = draft;
        expectSame(first.draw(request), expected);
    }
}

TEST_P(DrawingAgain, AUselessDraftCostsLittle)
{
    SampleRequest request = model.request({16, 16});
    request.params.window = {WindowPolicy::Kind::Block, 4};
    const SampleResult expected = cold(request);
    request.draft = expected.codes;
    for (int64_t &code : request.draft.values) {
        code = (code + 1) % 24;
    }
    const double tokenCost = 1.0 / 25;
    const SampleResult result = eagerPainter().draw(request);
    expectSame(result, expected);
    EXPECT_LT(double(result.passes) + tokenCost * double(result.tokenForwards),
              1.1 * (double(expected.passes) + tokenCost * double(expected.tokenForwards)));
}

TEST_P(DrawingAgain, WhatIsKnownIsNotComputed)
{
    Painter again = painter();
    const SampleRequest request = model.request({7, 10});
    const SampleResult expected = again.drawAgain(request);
    expectSame(cold(request), expected);
    EXPECT_EQ(expected.known, 0);
    std::vector<Cell> order;
    const SampleResult result = again.draw(request, {nullptr, &again.known}, {}, [&](const DrawnCode &drawn) {
        order.push_back(drawn.cell);
        EXPECT_EQ(drawn.done, int(order.size()));
        EXPECT_EQ(drawn.code, expected.codes.at(drawn.cell));
    });
    expectSame(result, expected);
    EXPECT_EQ(result.passes, 0);
    EXPECT_EQ(result.tokenForwards, 0);
    EXPECT_EQ(result.known, 70);
    EXPECT_EQ(order.size(), 70u);
}

// Whether the window of a cell looks different now, in its condition or in a code before the cell.
bool seesAChange(Cell cell, const SampleRequest &request, Cell edited, const CodeGrid &before, const CodeGrid &now)
{
    const Cell origin = windowOrigin(cell, request.canvas, 4, request.params.window);
    bool changed = edited.row >= origin.row && edited.row < origin.row + 4 && edited.column >= origin.column
                   && edited.column < origin.column + 4;
    for (int row = origin.row; row <= cell.row; ++row) {
        for (int column = origin.column; column < (row < cell.row ? origin.column + 4 : cell.column); ++column) {
            changed = changed || before.at({row, column}) != now.at({row, column});
        }
    }
    return changed;
}

TEST_P(DrawingAgain, OnlyWindowsThatSeeAnEditAreComputed)
{
    const Cell edited{5, 12};
    for (const WindowPolicy policy : {WindowPolicy{}, kBlocks}) {
        Painter again = painter();
        SampleRequest request = model.request({9, 16});
        request.params.window = policy;
        const SampleResult before = again.drawAgain(request);
        request.condition.at(edited) ^= 1;
        const SampleResult expected = cold(request), result = again.drawAgain(request);
        expectSame(result, expected);
        int unchanged = 0;
        for (int cell = 0; cell < request.canvas.cells(); ++cell) {
            const Cell place{cell / 16, cell % 16};
            unchanged += !seesAChange(place, request, edited, before.codes, expected.codes);
        }
        EXPECT_EQ(result.known, unchanged);
        EXPECT_GT(unchanged, 40);
    }
}

// As on a GPU: what stands beside an input in its batch moves its bits.
class BatchEngine : public ForwardingEngine
{
public:
    using ForwardingEngine::ForwardingEngine;
    bool gainsFromBatches() const override { return true; }
    bool keepsBitsInChunks() const override { return false; }
};

TEST(DrawnBefore, NothingIsLeftOutOfBatchesThatMoveBits)
{
    const TinyModel model;
    BatchEngine engine(makeTorchEngine(model.transformer));
    const SampleRequest request = model.request({6, 7});
    const WindowPlan plan = planFor(model.config, request.canvas, {}, true);
    KnownCodes known(request.canvas);
    const SampleResult first = sampleCodes(model.config, engine, request, plan, {}, {}, {nullptr, &known});
    const SampleResult again = sampleCodes(model.config, engine, request, plan, {}, {}, {nullptr, &known});
    EXPECT_EQ(again.known, 0);
    EXPECT_EQ(again.codes, first.codes);
}

TEST_P(DrawingAgain, ManyEditsInARowGiveWhatAFreshStartGives)
{
    std::mt19937 random(3);
    for (const GridSize canvas : {GridSize{4, 4}, GridSize{7, 12}}) {
        Painter again = painter();
        SampleRequest request = model.request(canvas);
        request.params.guidance = 2.5;
        for (int edit = 0; edit < 8; ++edit) {
            for (unsigned cells = 0; cells <= random() % 6; ++cells) {
                request.condition.values[random() % request.condition.values.size()] = int64_t(random() % 10);
            }
            request.params.window = random() % 2 ? kBlocks : WindowPolicy{};
            request.params.temperature = random() % 3 ? 1.0 : 0.9;
            request.controlTokens[0] = 10 + int64_t(random() % 4 == 0);
            expectSame(again.drawAgain(request), cold(request));
        }
    }
}

TEST_P(DrawingAgain, EveryChoiceMakesCodesUnknown)
{
    Painter again = painter();
    const SampleRequest request = model.request({4, 4});
    again.drawAgain(request);
    const KnownCodes known = again.known;
    const auto expectUnknown = [&](const char *what, auto change) {
        SampleRequest other = request;
        change(other);
        again.known = known;
        expectSame(again.drawAgain(other), cold(other));
        again.known = known;
        EXPECT_EQ(again.drawAgain(other).known, 0) << what;
    };
    expectUnknown("seed", [](SampleRequest &other) { other.params.seed += uint64_t(1) << 40; });
    expectUnknown("variation", [](SampleRequest &other) { other.params.variation = 1; });
    expectUnknown("temperature", [](SampleRequest &other) { other.params.temperature = 0.9; });
    expectUnknown("top-k", [](SampleRequest &other) { other.params.topK = 7; });
    expectUnknown("top-p", [](SampleRequest &other) { other.params.topP = 0.9; });
    expectUnknown("guidance", [](SampleRequest &other) { other.params.guidance = 2; });
    expectUnknown("greedy", [](SampleRequest &other) { other.params.greedy = true; });
    expectUnknown("control", [](SampleRequest &other) { other.controlTokens[1] = 13; });
    expectUnknown("condition", [](SampleRequest &other) { other.condition.at({3, 3}) ^= 1; });
}

TEST_P(DrawingAgain, WhatAStoppedRunDrewIsKnown)
{
    Painter again = painter();
    const SampleRequest request = model.request({5, 6});
    std::stop_source stop;
    again.draw(request, {nullptr, &again.known}, stop.get_token(), [&](const DrawnCode &drawn) {
        if (drawn.done == 11) {
            stop.request_stop();
        }
    });
    const SampleResult result = again.drawAgain(request);
    expectSame(result, cold(request));
    EXPECT_GE(result.known, 11);
    EXPECT_LT(result.known, 20);
}

TEST_P(DrawingAgain, AnotherSeedTakesNoPrefix)
{
    for (const double guidance : {1.0, 2.5}) {
        const int64_t streams = guidance == 1.0 ? 1 : 2;
        Painter again = plainPainter();
        SampleRequest request = model.request({4, 4});
        request.params.guidance = guidance;
        EXPECT_EQ(again.draw(request, {&again.prefixes()}).tokenForwards, streams * (18 + 15));
        request.params.seed += 1;
        const SampleResult result = again.draw(request, {&again.prefixes()});
        EXPECT_EQ(result.tokenForwards, streams * (1 + 15)); // its last token once more, for the first code's logits
        expectSame(result, cold(request));
    }
}

TEST_P(DrawingAgain, AnEditTakesThePrefixesOfItsWindows)
{
    Painter again = plainPainter();
    SampleRequest request = model.request({4, 12});
    request.params.window = {WindowPolicy::Kind::Block, 4}; // three windows side by side
    EXPECT_EQ(again.draw(request, {&again.prefixes()}).tokenForwards, 3 * (18 + 15));
    request.condition.at({1, 9}) ^= 1;
    const SampleResult result = again.draw(request, {&again.prefixes()});
    EXPECT_EQ(result.tokenForwards, 2 * (1 + 15) + 18 + 15);
    expectSame(result, cold(request));
}

TEST_P(DrawingAgain, EqualPrefixesAreComputedOnce)
{
    Painter again = plainPainter();
    SampleRequest request = model.request({4, 12});
    request.condition = CodeGrid(request.canvas, 4);
    request.params.window = {WindowPolicy::Kind::Block, 4};
    request.params.guidance = 2.5;
    const SampleResult result = again.draw(request, {&again.prefixes()});
    EXPECT_EQ(result.tokenForwards, 2 * (3 * (1 + 15) + 17));
    expectSame(result, cold(request));
}

std::string precisionName(const testing::TestParamInfo<CpuPrecision> &precision)
{
    switch (precision.param) {
    case CpuPrecision::Float32:
        return "fp32";
    case CpuPrecision::BFloat16:
        return "bf16";
    case CpuPrecision::Int8:
        break;
    }
    return "int8";
}

INSTANTIATE_TEST_SUITE_P(Cpu, DrawingAgain,
                         testing::Values(CpuPrecision::Float32, CpuPrecision::BFloat16, CpuPrecision::Int8),
                         precisionName);

// The reference's bits depend on how tokens are divided, so it takes nothing that would divide them otherwise.
TEST(DrawingAgainWithTheReference, KnowsWindowsOfOneCodeAndNothingElse)
{
    const TinyModel model;
    Painter again(model, makeTorchEngine(model.transformer)), fresh(model, makeTorchEngine(model.transformer));
    SampleRequest request = model.request({8, 9});
    const SampleResult first = again.drawAgain(request);
    expectSame(again.drawAgain(request), first);
    const SampleResult repeated = again.drawAgain(request);
    EXPECT_EQ(repeated.known, 3 * 4); // rows 3 to 5, columns 3 to 6
    EXPECT_EQ(repeated.accepted, 0);
    request.condition.at({4, 4}) ^= 1;
    const SampleResult result = again.drawAgain(request);
    expectSame(result, fresh.draw(request));
    request.draft = CodeGrid(request.canvas, 3);
    expectSame(fresh.draw(request), result);
}

} // namespace

} // namespace tessera::core
