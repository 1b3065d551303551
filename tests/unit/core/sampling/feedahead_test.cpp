#include "core/sampling/feedahead.h"

#include <algorithm>
#include <map>
#include <set>
#include <stop_token>

#include <gtest/gtest.h>

#include "core/sampling/planwalk.h"
#include "core/sampling/sampler.h"
#include "models/error.h"
#include "tests/unit/core/sampling/forwardingengine.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

constexpr int kWindow = 4;

WindowPlan planOf(GridSize canvas, WindowPolicy policy = {})
{
    return planWindows(canvas, kWindow, policy, true);
}

// Every window is opened once: in its step or ahead of it. The greatest number ahead of one step.
size_t expectAllOpenedOnce(const WindowPlan &plan, int steps, size_t caches, size_t perWindow)
{
    FeedAhead ahead(plan, steps, caches, perWindow);
    std::set<int> open;
    size_t most = 0;
    for (size_t i = 0; i < plan.steps.size(); ++i) {
        size_t own = 0;
        for (const PlannedCode &code : plan.steps[i].codes) {
            if (code.opensWindow) {
                own += open.insert(code.window).second;
            }
        }
        const std::vector<const PlannedCode *> found = ahead.beside(plan.steps[i]);
        EXPECT_TRUE(own > 0 || found.empty()) << "step " << i;
        most = std::max(most, found.size());
        for (const PlannedCode *code : found) {
            EXPECT_TRUE(code->opensWindow);
            EXPECT_TRUE(open.insert(code->window).second) << "window " << code->window << " twice";
            const bool near = std::any_of(
                plan.steps.begin() + int(i) + 1, plan.steps.begin() + std::min(plan.steps.size(), i + size_t(steps)),
                [&](const PlanStep &step) {
                    return !step.codes.empty() && &step.codes.front() <= code && code <= &step.codes.back();
                });
            EXPECT_TRUE(near) << "step " << i;
        }
    }
    EXPECT_EQ(int(open.size()), plan.windows);
    return most;
}

TEST(FeedAhead, OpensEveryWindowOnceInReach)
{
    for (const GridSize canvas : {GridSize{4, 4}, GridSize{4, 11}, GridSize{9, 4}, GridSize{9, 14}}) {
        for (const WindowPolicy policy : {WindowPolicy{}, WindowPolicy{WindowPolicy::Kind::Block, 2}}) {
            for (const int steps : {1, 2, 3, 8, 1000}) {
                expectAllOpenedOnce(planOf(canvas, policy), steps, 100, 1);
            }
        }
    }
}

TEST(FeedAhead, KeepsToItsCaches)
{
    const WindowPlan plan = planOf({9, 14});
    for (const size_t caches : {0, 1, 2, 3, 5, 7, 8, 12}) {
        for (const size_t perWindow : {1, 2}) {
            EXPECT_LE(expectAllOpenedOnce(plan, 8, caches, perWindow) * perWindow, caches);
        }
    }
    EXPECT_EQ(expectAllOpenedOnce(plan, 8, 1, 2), 0u);
    EXPECT_GT(expectAllOpenedOnce(plan, 8, 8, 1), 3u);
}

TEST(FeedAhead, GivesUpForGood)
{
    const WindowPlan plan = planOf({9, 14});
    FeedAhead ahead(plan, 4, 100, 1);
    EXPECT_FALSE(ahead.beside(plan.steps.front()).empty());
    ahead.giveUp();
    for (const PlanStep &step : plan.steps) {
        EXPECT_TRUE(ahead.beside(step).empty());
    }
}

// As on a GPU, over the reference; what it was given.
class AheadEngine : public ForwardingEngine
{
public:
    AheadEngine(std::unique_ptr<TransformerEngine> engine, int steps, uint64_t caches)
        : ForwardingEngine(std::move(engine))
        , m_limits{steps, caches * cacheBytes()}
    {}

    bool gainsFromBatches() const override { return true; }
    AheadLimits feedsAhead() const override { return m_limits; }

    size_t mostInputs = 0;
    int openingPasses = 0;   // passes in which a window began
    int64_t mostJoining = 0; // tokens for one window that was there before
    int failAt = -1;         // the pass with windows ahead that finds no memory
    int freed = 0;
    void freeCaches() override { ++freed; }

protected:
    bool run(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
             const StopFn &stopped) override
    {
        if (failAt >= 0 && inputs.size() > 4 && failAt-- == 0) {
            throw Error(ErrorCode::OutOfMemory, "no memory");
        }
        mostInputs = std::max(mostInputs, inputs.size());
        bool opening = false;
        for (const EngineInput &input : inputs) {
            if (input.cache->length() == 0) {
                opening = true;
            } else {
                mostJoining = std::max(mostJoining, int64_t(input.tokens.size()));
            }
        }
        openingPasses += opening;
        return ForwardingEngine::run(inputs, first, count, logits, stopped);
    }

private:
    const AheadLimits m_limits;
};

SampleResult sample(const TinyModel &model, TransformerEngine &engine, const SampleRequest &request,
                    std::stop_token stop = {}, const DrawnFn &drawn = {})
{
    const WindowPlan plan = planFor(model.config, request.canvas, request.params.window, true, request.locked);
    return sampleCodes(model.config, engine, request, plan, stop, drawn);
}

// The same codes in fewer passes that open windows.
void expectSameInFewer(const TinyModel &model, const SampleRequest &request)
{
    AheadEngine plain(makeTorchEngine(model.transformer), 1, 100);
    const SampleResult expected = sample(model, plain, request);
    int before = plain.openingPasses;
    for (const int steps : {2, 4, 8}) {
        AheadEngine ahead(makeTorchEngine(model.transformer), steps, 100);
        const SampleResult found = sample(model, ahead, request);
        EXPECT_TRUE(found.finished);
        EXPECT_EQ(found.codes, expected.codes) << steps << " steps";
        for (size_t i = 0; i < found.entropy.values.size(); ++i) {
            EXPECT_NEAR(found.entropy.values[i], expected.entropy.values[i], 1e-4);
            EXPECT_NEAR(found.logProbability.values[i], expected.logProbability.values[i], 1e-4);
        }
        EXPECT_EQ(found.tokenForwards, expected.tokenForwards); // none twice
        EXPECT_EQ(found.passes, expected.passes);
        EXPECT_LT(ahead.openingPasses, before);
        before = ahead.openingPasses + 1;
    }
}

TEST(FeedingAhead, DrawsTheSameCodes)
{
    for (const int64_t unmasked : {0, 18}) {
        const TinyModel model(unmasked);
        for (const GridSize canvas : {GridSize{4, 11}, GridSize{9, 14}, GridSize{6, 13}}) {
            for (const double guidance : {1.0, 2.5}) {
                SampleRequest request = model.request(canvas);
                request.params.guidance = guidance;
                expectSameInFewer(model, request);
            }
        }
    }
}

TEST(FeedingAhead, DrawsTheSameCodesInBlocks)
{
    const TinyModel model;
    SampleRequest request = model.request({9, 14});
    for (const int step : {1, 2, 3}) {
        request.params.window = {WindowPolicy::Kind::Block, step};
        AheadEngine plain(makeTorchEngine(model.transformer), 1, 100),
            ahead(makeTorchEngine(model.transformer), 4, 100);
        EXPECT_EQ(sample(model, ahead, request).codes, sample(model, plain, request).codes) << "step " << step;
    }
}

TEST(FeedingAhead, DrawsTheSameCodesBetweenLockedOnes)
{
    const TinyModel model;
    SampleRequest request = model.request({9, 14});
    request.initial = CodeGrid(request.canvas);
    request.locked = Grid<uint8_t>(request.canvas);
    for (size_t i = 0; i < request.locked.values.size(); ++i) {
        request.initial.values[i] = int64_t(i * 5) % 24;
        request.locked.values[i] = i % 11 < 3 || i % 14 == 7;
    }
    expectSameInFewer(model, request);
    request.params.guidance = 3;
    expectSameInFewer(model, request);
}

TEST(FeedingAhead, StepsAppendOnlyWhatTheirRowDrew)
{
    const TinyModel model;
    SampleRequest request = model.request({20, 20});
    AheadEngine plain(makeTorchEngine(model.transformer), 1, 100), ahead(makeTorchEngine(model.transformer), 4, 100);
    sample(model, ahead, request);
    sample(model, plain, request);
    EXPECT_LE(ahead.mostJoining, plain.mostJoining);
    EXPECT_LE(ahead.openingPasses, plain.openingPasses / 2);
}

TEST(FeedingAhead, KeepsToTheMemory)
{
    const TinyModel model;
    for (const double guidance : {1.0, 2.0}) {
        SampleRequest request = model.request({9, 14});
        request.params.guidance = guidance;
        AheadEngine plain(makeTorchEngine(model.transformer), 1, 100);
        const SampleResult expected = sample(model, plain, request);
        for (const size_t caches : {0, 1, 4, 9}) {
            AheadEngine ahead(makeTorchEngine(model.transformer), 8, caches);
            EXPECT_EQ(sample(model, ahead, request).codes, expected.codes);
            EXPECT_LE(ahead.mostInputs, plain.mostInputs + caches);
        }
    }
}

TEST(FeedingAhead, WantOfMemoryEndsItAndNothingElse)
{
    const TinyModel model;
    const SampleRequest request = model.request({9, 14});
    AheadEngine plain(makeTorchEngine(model.transformer), 1, 100);
    const SampleResult expected = sample(model, plain, request);
    for (const int when : {0, 3}) {
        AheadEngine ahead(makeTorchEngine(model.transformer), 4, 100);
        ahead.failAt = when;
        const SampleResult found = sample(model, ahead, request);
        EXPECT_EQ(found.codes, expected.codes);
        EXPECT_EQ(found.tokenForwards, expected.tokenForwards);
        EXPECT_EQ(ahead.freed, 1);
        EXPECT_GT(ahead.openingPasses, plain.openingPasses / 2);
    }
}

TEST(FeedingAhead, StoppingKeepsAPrefix)
{
    const TinyModel model;
    const SampleRequest request = model.request({9, 14});
    AheadEngine engine(makeTorchEngine(model.transformer), 4, 100);
    const SampleResult full = sample(model, engine, request);
    for (const int when : {1, 17, 40}) {
        std::stop_source source;
        std::vector<Cell> drawn;
        const SampleResult part = sample(model, engine, request, source.get_token(), [&](const DrawnCode &code) {
            drawn.push_back(code.cell);
            if (code.done == when) {
                source.request_stop();
            }
        });
        EXPECT_FALSE(part.finished);
        for (const Cell cell : drawn) {
            EXPECT_EQ(part.codes.at(cell), full.codes.at(cell));
        }
        EXPECT_EQ(size_t(std::ranges::count(part.codes.values, kNoCode)), part.codes.values.size() - drawn.size());
    }
    EXPECT_EQ(sample(model, engine, request).codes, full.codes); // the stop left no trace
}

TEST(FeedingAhead, OneTokenMayBeTheWholeCondition)
{
    TinyModel model;
    model.config.condition.kind = models::ConditionKind::Class;
    SampleRequest request = model.request({9, 11});
    request.condition = CodeGrid({1, 1}, 3);
    expectSameInFewer(model, request);
}

} // namespace

} // namespace tessera::core
