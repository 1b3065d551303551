#include "core/sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/core/Tensor.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

using testing::HasSubstr;

constexpr GridSize kCanvases[] = {{4, 4}, {4, 9}, {9, 4}, {7, 10}};

SampleResult sample(const TinyModel &model, const SampleRequest &request)
{
    return sampleCodes(model.config, *makeTorchEngine(model.transformer), request);
}

SampleResult sampleWavefront(const TinyModel &model, const SampleRequest &request)
{
    const WindowPlan plan =
        planWindows(request.canvas, int(model.config.window), request.params.window, true, request.locked);
    return sampleCodes(model.config, *makeTorchEngine(model.transformer), request, plan);
}

// Everything locked but a rectangle, around which codes differ from what the model would draw.
void lockAllBut(SampleRequest &request, Cell from, Cell to)
{
    request.locked = Grid<uint8_t>(request.canvas, 1);
    request.initial = CodeGrid(request.canvas);
    for (size_t i = 0; i < request.initial.values.size(); ++i) {
        request.initial.values[i] = int64_t(i * 5) % 24;
    }
    for (int row = from.row; row < to.row; ++row) {
        for (int column = from.column; column < to.column; ++column) {
            request.locked.at({row, column}) = 0;
        }
    }
}

// Even odds for every code; NaN in the numbered call.
class EvenEngine : public TransformerEngine
{
public:
    explicit EvenEngine(int brokenCall = -1) : m_brokenCall(brokenCall) {}

    std::unique_ptr<WindowCache> makeCache() override { return std::make_unique<WindowCache>(); }
    std::unique_ptr<WindowCache> copyCache(const WindowCache &, int64_t) override { return makeCache(); }
    uint64_t cacheBytes() const override { return 0; }

protected:
    bool run(std::span<const EngineInput> inputs, int64_t, int64_t count, float *logits, const StopFn &) override
    {
        const float value = m_calls++ == m_brokenCall ? std::numeric_limits<float>::quiet_NaN() : 0.0f;
        std::fill_n(logits, int64_t(inputs.size()) * count, value);
        for (const EngineInput &input : inputs) {
            input.cache->grow(int64_t(input.tokens.size()));
        }
        return true;
    }

private:
    int m_brokenCall;
    int m_calls = 0;
};

TEST(Sampler, MatchesTheWholeWindowPassGreedily)
{
    const TinyModel model;
    for (const GridSize canvas : kCanvases) {
        SampleRequest request = model.request(canvas);
        request.params.greedy = true;
        EXPECT_EQ(sample(model, request).codes, plainSample(model, request));
    }
}

TEST(Sampler, MatchesTheWholeWindowPassWithNoise)
{
    const TinyModel model;
    for (const GridSize canvas : kCanvases) {
        SampleRequest request = model.request(canvas);
        EXPECT_EQ(sample(model, request).codes, plainSample(model, request));
        request.params.temperature = 0.8;
        request.params.topK = 6;
        request.params.topP = 0.9;
        EXPECT_EQ(sample(model, request).codes, plainSample(model, request));
    }
}

TEST(Sampler, MatchesTheWholeWindowPassWithGuidance)
{
    const TinyModel model(18);
    for (const GridSize canvas : kCanvases) {
        SampleRequest request = model.request(canvas);
        request.params.guidance = 2.5;
        EXPECT_EQ(sample(model, request).codes, plainSample(model, request));
    }
}

TEST(Sampler, MatchesTheWholeWindowPassInBlocks)
{
    const TinyModel model;
    for (const int step : {1, 2, 3, 4}) {
        SampleRequest request = model.request({7, 10});
        request.params.window = {WindowPolicy::Kind::Block, step};
        EXPECT_EQ(sample(model, request).codes, plainSample(model, request)) << "step " << step;
    }
}

TEST(Sampler, WavefrontDrawsTheSameCodes)
{
    const TinyModel model;
    for (const double guidance : {1.0, 2.5}) {
        SampleRequest request = model.request({7, 14});
        request.params.guidance = guidance;
        const SampleResult raster = sample(model, request);
        const SampleResult wavefront = sampleWavefront(model, request);
        EXPECT_EQ(wavefront.codes, raster.codes);
        EXPECT_EQ(wavefront.logProbability, raster.logProbability); // bit for bit
        EXPECT_EQ(wavefront.entropy, raster.entropy);
        EXPECT_EQ(wavefront.tokenForwards, raster.tokenForwards);
    }
}

TEST(Sampler, LockedCodesStayAndAreSeen)
{
    const TinyModel model;
    SampleRequest request = model.request({8, 9});
    lockAllBut(request, {2, 3}, {6, 6});
    const SampleResult result = sample(model, request);
    EXPECT_EQ(result.codes, plainSample(model, request));
    EXPECT_EQ(sampleWavefront(model, request).codes, result.codes);
    EXPECT_EQ(result.codes.at({1, 1}), request.initial.at({1, 1}));
    EXPECT_EQ(result.logProbability.at({1, 1}), 0);
    EXPECT_LT(result.logProbability.at({3, 3}), 0);
    const WindowPlan plan = planWindows({8, 9}, 4, {}, false, request.locked);
    EXPECT_EQ(result.tokenForwards, plan.tokenForwards(18));
}

TEST(Sampler, DrawsNothingWhereAllIsLocked)
{
    const TinyModel model;
    SampleRequest request = model.request({4, 5});
    lockAllBut(request, {0, 0}, {0, 0});
    const SampleResult result = sample(model, request);
    EXPECT_TRUE(result.finished);
    EXPECT_EQ(result.codes, request.initial);
    EXPECT_EQ(result.tokenForwards, 0);
}

TEST(Sampler, CountsTheTokensOfItsPlan)
{
    const TinyModel model;
    SampleRequest request = model.request({4, 4});
    EXPECT_EQ(sample(model, request).tokenForwards, 18 + 15);
    request = model.request({7, 10});
    const int64_t planned = planWindows({7, 10}, 4, {}).tokenForwards(18);
    EXPECT_EQ(sample(model, request).tokenForwards, planned);
    request.params.guidance = 2;
    EXPECT_EQ(sample(model, request).tokenForwards, 2 * planned);
}

TEST(Sampler, EqualRequestsGiveEqualResults)
{
    const TinyModel model;
    SampleRequest request = model.request({5, 6});
    const SampleResult first = sample(model, request);
    const SampleResult second = sample(model, request);
    EXPECT_EQ(first.codes, second.codes);
    EXPECT_EQ(first.logProbability, second.logProbability);
}

TEST(Sampler, EveryChoiceMatters)
{
    const TinyModel model;
    const SampleRequest request = model.request({5, 6});
    const CodeGrid codes = sample(model, request).codes;
    const auto expectOther = [&](const char *what, auto change) {
        SampleRequest changed = request;
        change(changed);
        EXPECT_NE(sample(model, changed).codes, codes) << what;
    };
    expectOther("seed", [](SampleRequest &other) { other.params.seed += 1; });
    expectOther("variation", [](SampleRequest &other) { other.params.variation = 1; });
    expectOther("greedy", [](SampleRequest &other) { other.params.greedy = true; });
    expectOther("guidance", [](SampleRequest &other) { other.params.guidance = 3; });
    expectOther("control", [](SampleRequest &other) { other.controlTokens[1] = 13; });
    expectOther("condition", [](SampleRequest &other) { other.condition.at({0, 0}) ^= 1; });
}

TEST(Sampler, TellsEachDrawnCode)
{
    const TinyModel model;
    SampleRequest request = model.request({5, 6});
    request.locked = Grid<uint8_t>(request.canvas);
    request.locked.at({2, 2}) = 1;
    request.initial = CodeGrid(request.canvas);
    std::vector<DrawnCode> events;
    const auto engine = makeTorchEngine(model.transformer);
    const SampleResult result =
        sampleCodes(model.config, *engine, request, {}, [&](const DrawnCode &drawn) { events.push_back(drawn); });
    ASSERT_EQ(events.size(), 29u);
    for (size_t i = 0; i < events.size(); ++i) {
        EXPECT_EQ(events[i].done, int(i) + 1);
        EXPECT_EQ(events[i].total, 29);
        EXPECT_EQ(events[i].code, result.codes.at(events[i].cell));
        EXPECT_EQ(events[i].origin, windowOrigin(events[i].cell, request.canvas, 4, {}));
        EXPECT_TRUE(i == 0 || events[i - 1].cell < events[i].cell);
        EXPECT_NE(events[i].cell, (Cell{2, 2}));
    }
}

TEST(Sampler, StoppingKeepsAPrefix)
{
    const TinyModel model;
    const SampleRequest request = model.request({5, 6});
    const SampleResult full = sample(model, request);
    ASSERT_TRUE(full.finished);
    std::stop_source stop;
    const auto stopAtSeven = [&](const DrawnCode &drawn) {
        if (drawn.done == 7) {
            stop.request_stop();
        }
    };
    const auto engine = makeTorchEngine(model.transformer);
    const SampleResult part = sampleCodes(model.config, *engine, request, stop.get_token(), stopAtSeven);
    EXPECT_FALSE(part.finished);
    for (size_t i = 0; i < part.codes.values.size(); ++i) {
        EXPECT_EQ(part.codes.values[i], i < 7 ? full.codes.values[i] : kNoCode);
    }
}

TEST(Sampler, ReportsTheOddsBeforeTheFilters)
{
    const TinyModel model;
    SampleRequest request = model.request({4, 5});
    request.params.topK = 3;
    request.params.temperature = 0.7;
    request.params.guidance = 1.5;
    const SampleResult result = sample(model, request);
    for (const Cell cell : {Cell{0, 0}, Cell{1, 3}, Cell{3, 4}}) {
        const CodeOdds odds = oddsOf(plainCellLogits(model, request, result.codes, cell), result.codes.at(cell));
        EXPECT_NEAR(result.logProbability.at(cell), odds.logProbability, 1e-4);
        EXPECT_NEAR(result.entropy.at(cell), odds.entropy, 1e-4);
    }
}

TEST(Sampler, GreedyTiesTakeTheLowestCode)
{
    const TinyModel model;
    SampleRequest request = model.request({4, 4});
    request.params.greedy = true;
    EvenEngine engine;
    const SampleResult result = sampleCodes(model.config, engine, request);
    EXPECT_EQ(result.codes, CodeGrid({4, 4}, 0));
    EXPECT_NEAR(result.entropy.at({1, 1}), std::log(24), 1e-6);
}

TEST(Sampler, OneConditionTokenServesEveryWindow)
{
    TinyModel model;
    model.config.condition.kind = models::ConditionKind::Class;
    SampleRequest request = model.request({5, 6});
    request.condition = CodeGrid({1, 1}, 3);
    const SampleResult result = sample(model, request);
    EXPECT_EQ(result.tokenForwards, planWindows({5, 6}, 4, {}).tokenForwards(2 + 1));
    const std::vector<float> all = plainLogits(model.transformer, {12, 14, 3});
    const std::vector<float> picture(all.begin() + 18, all.end());
    EXPECT_NEAR(result.entropy.at({0, 0}), oddsOf(picture, 0).entropy, 1e-4);
}

TEST(Sampler, NamesThePlaceOfABrokenOutput)
{
    const TinyModel model;
    EvenEngine engine(9);
    try {
        sampleCodes(model.config, engine, model.request({4, 6}));
        FAIL() << "no error";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::NonFinite);
        EXPECT_THAT(error.what(), HasSubstr("The model's output"));
        EXPECT_THAT(error.what(), HasSubstr("row 1, column 3"));
    }
}

TEST(Sampler, BrokenWeightsAreAnError)
{
    TinyModel model;
    model.transformer.blocks[1].mlpDown.bias.data_ptr<float>()[3] = std::numeric_limits<float>::quiet_NaN();
    try {
        sample(model, model.request({4, 4}));
        FAIL() << "no error";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::NonFinite);
        EXPECT_THAT(error.what(), HasSubstr("row 0, column 0"));
    }
}

} // namespace

} // namespace tessera::core
