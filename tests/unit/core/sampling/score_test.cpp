#include "core/sampling/score.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/sampling/cpu/cpuengine.h"
#include "core/sampling/planwalk.h"
#include "models/error.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

ScoreRequest scoreRequest(const SampleRequest &request, const CodeGrid &codes)
{
    return {codes, request.controlTokens, request.condition, request.params.guidance, {request.params.window}};
}

CodeGrid manyCodes(GridSize canvas)
{
    CodeGrid codes(canvas);
    for (size_t i = 0; i < codes.values.size(); ++i) {
        codes.values[i] = int64_t(i * 7) % 24;
    }
    return codes;
}

ScoreResult score(const TinyModel &model, const ScoreRequest &request, std::stop_token stop = {})
{
    return scoreCodes(model.config, *makeTorchEngine(model.transformer), request, stop);
}

TEST(Score, AgreesWithWhatSamplingReported)
{
    TinyModel raster, spiral;
    spiral.config.permuter = models::PermuterKind::SpiralOut;
    for (const auto &[model, canvas] : {std::pair(&raster, GridSize{5, 7}), {&spiral, GridSize{4, 4}}}) {
        SampleRequest request = model->request(canvas);
        request.params.guidance = 1.7;
        const auto engine = makeCpuEngine(model->transformer);
        const SampleResult drawn = sampleCodes(model->config, *engine, request);
        const ScoreResult judged = scoreCodes(model->config, *engine, scoreRequest(request, drawn.codes));
        EXPECT_EQ(judged.policies.front().logProbability, drawn.logProbability); // to the bit
        EXPECT_EQ(judged.policies.front().entropy, drawn.entropy);
        const WindowPlan plan = planFor(model->config, canvas, {});
        EXPECT_EQ(judged.tokenForwards, 2 * plan.tokenForwards(model->config.prefixLength())); // two streams
        EXPECT_TRUE(judged.finished);
    }
}

TEST(Score, MatchesTheWholeWindowPassByEachPolicy)
{
    const TinyModel model;
    SampleRequest request = model.request({6, 5});
    const CodeGrid codes = manyCodes(request.canvas);
    ScoreRequest both = scoreRequest(request, codes);
    both.windows = {{WindowPolicy::Kind::Block, 2}, {}};
    const ScoreResult judged = score(model, both);
    ASSERT_EQ(judged.policies.size(), 2U);
    EXPECT_NE(judged.policies[0].natsPerCode, judged.policies[1].natsPerCode);
    for (size_t policy = 0; policy < 2; ++policy) {
        const PolicyScore &found = judged.policies[policy];
        EXPECT_EQ(found.window, both.windows[policy]);
        request.params.window = found.window;
        double nats = 0;
        for (int row = 0; row < 6; ++row) {
            for (int column = 0; column < 5; ++column) {
                const Cell cell{row, column};
                const CodeOdds odds = oddsOf(plainCellLogits(model, request, codes, cell), codes.at(cell));
                EXPECT_NEAR(found.logProbability.at(cell), odds.logProbability, 1e-4);
                EXPECT_NEAR(found.entropy.at(cell), odds.entropy, 1e-4);
                nats -= odds.logProbability / 30.0;
            }
        }
        EXPECT_NEAR(found.natsPerCode, nats, 1e-4);
    }
}

TEST(Score, JudgesAllPoliciesInOnePass)
{
    const TinyModel model;
    const SampleRequest request = model.request({9, 11});
    ScoreRequest wanted = scoreRequest(request, manyCodes(request.canvas));
    const auto passes = [&](std::vector<WindowPolicy> windows) {
        const auto engine = makeTorchEngine(model.transformer);
        wanted.windows = std::move(windows);
        EXPECT_TRUE(scoreCodes(model.config, *engine, wanted).finished);
        return engine->passes();
    };
    const WindowPolicy exact, two{WindowPolicy::Kind::Block, 2}, four{WindowPolicy::Kind::Block, 4};
    EXPECT_EQ(passes({exact}), 6 * 8); // each window once
    EXPECT_LT(passes({two}), 6 * 8);
    EXPECT_EQ(passes({exact, two, four}), 6 * 8);
}

TEST(Score, NamesThePlaceOfWhatIsNoNumber)
{
    TinyModel model;
    model.transformer.head.fill_(std::numeric_limits<float>::quiet_NaN());
    try {
        score(model, scoreRequest(model.request({4, 4}), CodeGrid({4, 4}, 1)));
        FAIL() << "no error";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::NonFinite);
        EXPECT_NE(std::string(error.what()).find("row 0, column 0"), std::string::npos) << error.what();
    }
}

TEST(Score, Stops)
{
    const TinyModel model;
    const SampleRequest request = model.request({4, 4});
    std::stop_source stop;
    stop.request_stop();
    const ScoreResult judged = score(model, scoreRequest(request, CodeGrid({4, 4}, 1)), stop.get_token());
    EXPECT_FALSE(judged.finished);
    EXPECT_EQ(judged.tokenForwards, 0);
}

} // namespace

} // namespace tessera::core
