#include "core/sampling/score.h"

#include <gtest/gtest.h>

#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

ScoreRequest scoreRequest(const SampleRequest &request, const CodeGrid &codes)
{
    return {codes, request.controlTokens, request.condition, request.params.guidance, request.params.window};
}

ScoreResult score(const TinyModel &model, const ScoreRequest &request, std::stop_token stop = {})
{
    return scoreCodes(model.config, *makeTorchEngine(model.transformer), request, stop);
}

TEST(Score, AgreesWithWhatSamplingReported)
{
    const TinyModel model;
    SampleRequest request = model.request({5, 7});
    request.params.guidance = 1.7;
    const SampleResult drawn = sampleCodes(model.config, *makeTorchEngine(model.transformer), request);
    const ScoreResult judged = score(model, scoreRequest(request, drawn.codes));
    EXPECT_EQ(judged.logProbability, drawn.logProbability);
    EXPECT_EQ(judged.entropy, drawn.entropy);
    EXPECT_EQ(judged.tokenForwards, drawn.tokenForwards);
    EXPECT_TRUE(judged.finished);
}

TEST(Score, MatchesTheWholeWindowPass)
{
    const TinyModel model;
    SampleRequest request = model.request({6, 5});
    request.params.window = {WindowPolicy::Kind::Block, 2};
    CodeGrid codes(request.canvas);
    for (size_t i = 0; i < codes.values.size(); ++i) {
        codes.values[i] = int64_t(i * 7) % 24;
    }
    const ScoreResult judged = score(model, scoreRequest(request, codes));
    double nats = 0;
    for (int row = 0; row < 6; ++row) {
        for (int column = 0; column < 5; ++column) {
            const Cell cell{row, column};
            const CodeOdds odds = oddsOf(plainCellLogits(model, request, codes, cell), codes.at(cell));
            EXPECT_NEAR(judged.logProbability.at(cell), odds.logProbability, 1e-4);
            EXPECT_NEAR(judged.entropy.at(cell), odds.entropy, 1e-4);
            nats -= odds.logProbability / 30.0;
        }
    }
    EXPECT_NEAR(judged.natsPerCode, nats, 1e-4);
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
