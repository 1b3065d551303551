#include "core/sampling/precisionprice.h"

#include <gtest/gtest.h>

#include "models/error.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

ScoreRequest picture(const TinyModel &model, GridSize size = {4, 4})
{
    const SampleRequest request = model.request(size);
    ScoreRequest score{CodeGrid(size), request.controlTokens, request.condition};
    for (size_t i = 0; i < score.codes.values.size(); ++i)
        score.codes.values[i] = int64_t(i * i * 5 + 3) % model.config.imageTokens.count;
    return score;
}

TEST(PrecisionPrice, IsNothingBetweenEqualEngines)
{
    const TinyModel model;
    const auto one = makeTorchEngine(model.transformer), other = makeTorchEngine(model.transformer);
    PrecisionPrice price;
    ASSERT_TRUE(addPrecisionPrice(model.config, *one, *other, picture(model), price));
    EXPECT_EQ(price.codes, 16);
    EXPECT_EQ(price.divergence, 0);
    EXPECT_EQ(price.percent(), 0);
    const ScoreResult judged = scoreCodes(model.config, *one, picture(model));
    EXPECT_NEAR(price.exactNats / 16, judged.policies.front().natsPerCode, 1e-5);
}

// Another model in place of a plainer engine: its likelihoods are its own, and its divergence is large.
TEST(PrecisionPrice, JudgesTheCodesByBothEngines)
{
    const TinyModel model, different(0, {3, 4, 32, 5, 1.5});
    const auto exact = makeTorchEngine(model.transformer), plainer = makeTorchEngine(different.transformer);
    PrecisionPrice price;
    for (int pictures = 0; pictures < 2; ++pictures)
        ASSERT_TRUE(addPrecisionPrice(model.config, *exact, *plainer, picture(model), price));
    EXPECT_EQ(price.codes, 32);
    EXPECT_NEAR(price.nats / 32, scoreCodes(model.config, *plainer, picture(model)).policies.front().natsPerCode, 1e-5);
    EXPECT_GT(price.divergencePerCode(), 0.1);
}

TEST(PrecisionPrice, StopsAndRefuses)
{
    const TinyModel model;
    const auto engine = makeTorchEngine(model.transformer);
    PrecisionPrice price;
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(addPrecisionPrice(model.config, *engine, *engine, picture(model), price, stop.get_token()));
    EXPECT_EQ(price.codes, 0);
    EXPECT_THROW(addPrecisionPrice(model.config, *engine, *engine, picture(model, {4, 5}), price), Error);
}

} // namespace

} // namespace tessera::core
