#include "core/sampling/enginechoice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "tests/unit/core/sampling/enginechecks.h"

namespace tessera::core
{

namespace
{

TEST(EngineChoice, TheCpuOffersItsOwnPrecisions)
{
    EXPECT_THAT(enginePrecisions("cpu"), testing::ElementsAre("fp32", "bf16", "int8"));
    EXPECT_EQ(enginePrecisions("cuda:0").front(), "fp32");
}

TEST(EngineChoice, TheFastestPrecisionDependsOnTheDeviceAndTheModel)
{
    EXPECT_EQ(fastestPrecision(TinyModel().transformer.config, "cpu"), "int8");
    EXPECT_EQ(fastestPrecision(TinyModel().transformer.config, "cuda:0"), "fp32"); // heads of 8
}

TEST(EngineChoice, TheCpusEngineKeepsTheWeightsItself)
{
    auto model = std::make_unique<TinyModel>();
    const std::vector<int64_t> tokens = someTokens(9);
    const std::vector<float> plain = plainLogits(model->transformer, tokens);
    const ChosenEngine chosen = chooseEngine(model->transformer, "cpu", "fp32", 1);
    EXPECT_TRUE(chosen.ownsWeights);
    EXPECT_TRUE(chosen.engine->keepsBitsInChunks()); // not LibTorch's
    model = nullptr;
    const auto cache = chosen.engine->makeCache();
    EXPECT_LT(differenceOf(append(*chosen.engine, *cache, tokens), plain), 1e-5f);
}

TEST(EngineChoice, AGpuRefusesHalfPrecisionForOtherHeads)
{
    const TinyModel model; // heads of 8
    try {
        chooseEngine(model.transformer, "cuda:0", "bf16", 1);
        FAIL() << "no error";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
        EXPECT_THAT(error.what(), testing::HasSubstr("this one's have 8"));
    }
}

} // namespace

} // namespace tessera::core
