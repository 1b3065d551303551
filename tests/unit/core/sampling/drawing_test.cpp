// Codes that the engine draws by itself are those drawn from its logits one by one.
#include <algorithm>
#include <limits>
#include <stop_token>
#include <vector>

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/sampling/distribution.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/sampler.h"
#include "models/error.h"
#include "tests/unit/core/sampling/forwardingengine.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

// Draws with the host's arithmetic, and hands over a few codes at a time.
class DrawingEngine : public ForwardingEngine
{
public:
    static constexpr int64_t kAtOnce = 3;

    using ForwardingEngine::ForwardingEngine;
    bool drawsCodes(int64_t) const override { return true; }
    const std::vector<int64_t> &stretches() const { return m_stretches; }
    void breakCode(int64_t code) { m_broken = code; } // of each drawing: its logits are not numbers

protected:
    bool runDraw(const DrawTask &task, const StopFn &stopped) override
    {
        m_stretches.push_back(task.codes);
        std::vector<EngineInput> inputs(task.streams.begin(), task.streams.end());
        std::vector<float> noise(size_t(kAtOnce * task.count)), guided;
        std::vector<int64_t> codes;
        int64_t token = 0;
        for (int64_t i = 0; i < task.codes; ++i) {
            if (i % kAtOnce == 0 && !task.params->greedy)
                task.noise(i, std::min(kAtOnce, task.codes - i), noise.data());
            std::vector<float> logits(inputs.size() * size_t(task.count));
            if (!run(inputs, task.first, task.count, logits.data(), stopped))
                return false;
            const std::vector<float> row = guidedRow(task, logits);
            codes.push_back(choose(task, row, std::span(noise).subspan(size_t(i % kAtOnce * task.count), row.size())));
            guided.insert(guided.end(), row.begin(), row.end());
            if (i == m_broken)
                guided.back() = std::numeric_limits<float>::quiet_NaN();
            token = task.first + codes.back();
            for (EngineInput &input : inputs)
                input.tokens = {&token, 1};
            if (int64_t(codes.size()) < kAtOnce && i + 1 < task.codes)
                continue;
            if (!task.drawn(codes, guided.data()))
                return false;
            codes.clear();
            guided.clear();
        }
        return true;
    }

private:
    static std::vector<float> guidedRow(const DrawTask &task, std::span<const float> logits)
    {
        std::vector<float> row(logits.begin(), logits.begin() + task.count);
        for (size_t i = 0; task.streams.size() == 2 && i < row.size(); ++i) {
            const float unconditional = logits[row.size() + i];
            row[i] = unconditional + float(task.params->guidance) * (row[i] - unconditional);
        }
        return row;
    }

    static int64_t choose(const DrawTask &task, std::span<const float> logits, std::span<const float> noise)
    {
        if (task.params->greedy)
            return chooseCode(logits);
        std::vector<float> scores(logits.size());
        filteredLogProbabilities(logits, *task.params, scores);
        return chooseCode(scores, noise);
    }

    std::vector<int64_t> m_stretches;
    int64_t m_broken = -1;
};

struct Told {
    SampleResult result;
    std::vector<DrawnCode> drawn;
};

// Stops when so many codes are drawn; 0: never.
Told sample(const TinyModel &model, TransformerEngine &engine, const SampleRequest &request, int stopAfter = 0,
            bool wavefront = false)
{
    const WindowPlan plan = planFor(model.config, request.canvas, request.params.window, wavefront, request.locked);
    std::stop_source source;
    Told told;
    told.result = sampleCodes(model.config, engine, request, plan, source.get_token(), [&](const DrawnCode &drawn) {
        told.drawn.push_back(drawn);
        if (drawn.done == stopAfter)
            source.request_stop();
    });
    return told;
}

void expectSame(const Told &found, const Told &expected)
{
    EXPECT_EQ(found.result.finished, expected.result.finished);
    EXPECT_EQ(found.result.codes, expected.result.codes);
    EXPECT_EQ(found.result.logProbability, expected.result.logProbability);
    EXPECT_EQ(found.result.entropy, expected.result.entropy);
    ASSERT_EQ(found.drawn.size(), expected.drawn.size());
    for (size_t i = 0; i < found.drawn.size(); ++i) {
        EXPECT_EQ(found.drawn[i].cell, expected.drawn[i].cell);
        EXPECT_EQ(found.drawn[i].code, expected.drawn[i].code);
        EXPECT_EQ(found.drawn[i].origin, expected.drawn[i].origin);
        EXPECT_EQ(found.drawn[i].done, expected.drawn[i].done);
        EXPECT_EQ(found.drawn[i].total, expected.drawn[i].total);
    }
}

void expectTheOrdinaryCodes(const TinyModel &model, const SampleRequest &request, const std::vector<int64_t> &stretches,
                            bool wavefront = false)
{
    ForwardingEngine ordinary(makeTorchEngine(model.transformer));
    DrawingEngine drawing(makeTorchEngine(model.transformer));
    const Told expected = sample(model, ordinary, request, 0, wavefront),
               found = sample(model, drawing, request, 0, wavefront);
    expectSame(found, expected);
    EXPECT_TRUE(found.result.finished);
    EXPECT_EQ(found.result.tokenForwards, expected.result.tokenForwards);
    EXPECT_EQ(found.result.passes, expected.result.passes);
    EXPECT_EQ(drawing.stretches(), stretches);
}

// Of 5 by 9 codes row by row: of a row's codes three come from the window at the left edge, two from that at the right.
const std::vector<int64_t> kStretches{3, 2, 3, 2, 3, 2, 3, 2, 3, 2};

TEST(DrawingEngine, DrawsAWholeWindowInOneGo)
{
    const TinyModel model;
    SampleRequest request = model.request({4, 4});
    expectTheOrdinaryCodes(model, request, {16});
    request.params.greedy = true;
    expectTheOrdinaryCodes(model, request, {16});
}

TEST(DrawingEngine, FiltersAsTheHostDoes)
{
    const TinyModel model;
    SampleRequest request = model.request({4, 4});
    request.params.temperature = 0.8;
    request.params.topK = 6;
    expectTheOrdinaryCodes(model, request, {16});
    request.params.topP = 0.7;
    expectTheOrdinaryCodes(model, request, {16});
}

TEST(DrawingEngine, GuidesAsTheHostDoes)
{
    for (const int64_t unmasked : {0, 18}) {
        const TinyModel model(unmasked);
        SampleRequest request = model.request({4, 4});
        request.params.guidance = 3.5;
        request.params.topK = 10;
        expectTheOrdinaryCodes(model, request, {16});
    }
}

TEST(DrawingEngine, DrawsWhatFollowsInOneWindowOfALargerCanvas)
{
    const TinyModel model;
    SampleRequest request = model.request({5, 9});
    expectTheOrdinaryCodes(model, request, kStretches);
    request.params.guidance = 2.5;
    expectTheOrdinaryCodes(model, request, kStretches);
}

TEST(DrawingEngine, DrawsBetweenWavefronts)
{
    const TinyModel model;
    expectTheOrdinaryCodes(model, model.request({4, 4}), {16}, true);
    ForwardingEngine ordinary(makeTorchEngine(model.transformer));
    DrawingEngine drawing(makeTorchEngine(model.transformer));
    const SampleRequest request = model.request({5, 9});
    expectSame(sample(model, drawing, request, 0, true), sample(model, ordinary, request, 0, true));
    EXPECT_FALSE(drawing.stretches().empty());
}

TEST(DrawingEngine, SeesLockedCodes)
{
    const TinyModel model;
    SampleRequest request = model.request({4, 4});
    request.locked = Grid<uint8_t>(request.canvas);
    request.initial = CodeGrid(request.canvas, 7);
    for (const Cell cell : {Cell{0, 0}, Cell{1, 1}, Cell{1, 3}, Cell{3, 0}})
        request.locked.at(cell) = 1;
    expectTheOrdinaryCodes(model, request, {4, 4, 3}); // between (1, 1) and (1, 3) a single one
}

TEST(DrawingEngine, StopsWhereItIsToldTo)
{
    const TinyModel model;
    for (const int after : {1, 2, 3, 7, 15}) {
        ForwardingEngine ordinary(makeTorchEngine(model.transformer));
        DrawingEngine drawing(makeTorchEngine(model.transformer));
        const SampleRequest request = model.request({4, 4});
        const Told found = sample(model, drawing, request, after);
        expectSame(found, sample(model, ordinary, request, after));
        EXPECT_FALSE(found.result.finished);
    }
}

TEST(DrawingEngine, NamesThePlaceOfWhatIsNoNumber)
{
    const TinyModel model;
    DrawingEngine drawing(makeTorchEngine(model.transformer));
    drawing.breakCode(6);
    std::vector<DrawnCode> drawn;
    try {
        sampleCodes(model.config, drawing, model.request({4, 4}), {},
                    [&](const DrawnCode &code) { drawn.push_back(code); });
        FAIL() << "no error";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::NonFinite);
        EXPECT_THAT(error.what(), testing::HasSubstr("row 1, column 2"));
    }
    EXPECT_EQ(drawn.size(), 6u);
}

TEST(DrawingEngine, OthersRefuseToDraw)
{
    const TinyModel model;
    const auto engine = makeTorchEngine(model.transformer);
    EXPECT_FALSE(engine->drawsCodes(24));
    const auto cache = engine->makeCache();
    const std::vector<int64_t> tokens{1, 2};
    const EngineInput input{cache.get(), tokens};
    DrawTask task;
    task.streams = {&input, 1};
    task.codes = 1;
    EXPECT_THROW(engine->draw(task), c10::Error);
}

} // namespace

} // namespace tessera::core
