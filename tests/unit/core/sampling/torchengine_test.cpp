#include <cmath>

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "tests/unit/core/sampling/enginechecks.h"
#include "tests/unit/core/sampling/watchedmemory.h"

namespace tessera::core
{

namespace
{

TEST(EngineChecks, ANumberThatIsNoneIsFarFromAll)
{
    const std::vector<float> numbers{1, 2, 3}, none{NAN, 2, 3};
    EXPECT_EQ(greatestDifference(numbers, std::vector<float>{1, 2.5, 3}), 0.5f);
    EXPECT_EQ(greatestDifference(numbers, none), INFINITY);
    EXPECT_EQ(greatestDifference(none, none), INFINITY);
    EXPECT_EQ(greatestDifference(numbers, std::vector<float>{1, 2}), INFINITY);
    EXPECT_FALSE(differenceOf({NAN, 1}, {0, 1, 2, 3}, 1) < 100);
    EXPECT_FALSE(differenceOf({1, 1}, {0, 1, NAN, 3}, 1) < 100);
}

void expectChunksMatch(int64_t unmasked, const std::vector<int64_t> &chunks)
{
    const TinyModel model(unmasked);
    expectChunksMatchThePlainPass(*makeTorchEngine(model.transformer), model, chunks);
}

TEST(TorchEngine, MatchesThePlainPassTokenByToken)
{
    expectChunksMatch(0, std::vector<int64_t>(34, 1));
    std::vector<int64_t> chunks(29, 1);
    chunks[0] = 6;
    expectChunksMatch(6, chunks);
}

TEST(TorchEngine, MatchesThePlainPassInChunks)
{
    for (const int64_t unmasked : {0, 6}) {
        expectChunksMatch(unmasked, {18, 1, 3, 1, 1, 5, 2, 3});
        expectChunksMatch(unmasked, {6, 28});
        expectChunksMatch(unmasked, {34});
    }
}

TEST(TorchEngine, GivesTheIdsAskedFor)
{
    const TinyModel model;
    expectTheIdsAskedFor(*makeTorchEngine(model.transformer), model);
}

TEST(TorchEngine, RowsDoNotInfluenceEachOther)
{
    const TinyModel model;
    const auto engine = makeTorchEngine(model.transformer);
    const std::vector<int64_t> a = someTokens(9), b = someTokens(13, 5);
    const auto alone = engine->makeCache(), first = engine->makeCache(), second = engine->makeCache();
    const std::vector<float> expected = append(*engine, *alone, b);
    const EngineInput inputs[] = {{first.get(), a}, {second.get(), b}};
    std::vector<float> logits(2 * kCount);
    engine->append(inputs, kFirst, kCount, logits.data());
    EXPECT_EQ(std::vector<float>(logits.begin() + kCount, logits.end()), expected);
    EXPECT_EQ(engine->tokenForwards(), 9 + 13 + 13);
}

TEST(TorchEngine, AReusedCacheRemembersNothing)
{
    const TinyModel model;
    expectAReusedCacheRemembersNothing(*makeTorchEngine(model.transformer));
}

TEST(TorchEngine, GivesLogitsOfSeveralTokens)
{
    for (const int64_t unmasked : {0, 18}) {
        const TinyModel model(unmasked);
        expectLogitsOfSeveralTokens(*makeTorchEngine(model.transformer), model);
    }
}

TEST(TorchEngine, ACutCacheForgets)
{
    const TinyModel model;
    expectACutCacheForgets(*makeTorchEngine(model.transformer));
}

TEST(TorchEngine, ACopiedCacheGoesOn)
{
    const TinyModel model;
    expectACopiedCacheGoesOn(*makeTorchEngine(model.transformer));
}

TEST(TorchEngine, StopsBetweenLayers)
{
    const TinyModel model;
    expectStopsBetweenLayers(*makeTorchEngine(model.transformer));
}

TEST(TorchEngine, ACacheMayOutliveTheEngine)
{
    const TinyModel model;
    auto engine = makeTorchEngine(model.transformer);
    const auto cache = engine->makeCache();
    append(*engine, *cache, someTokens(7));
    engine = nullptr;
    EXPECT_EQ(cache->length(), 7);
}

TEST(TorchEngine, SaysWhatACacheTakes)
{
    const TinyModel model;
    // layers, keys and values, tokens, embedding, bytes
    EXPECT_EQ(makeTorchEngine(model.transformer)->cacheBytes(), uint64_t(2 * 2 * 34 * 16 * 4));
}

TEST(TorchEngine, RefusesToGrowBeyondTheBlock)
{
    const TinyModel model;
    const auto engine = makeTorchEngine(model.transformer);
    const auto cache = engine->makeCache();
    append(*engine, *cache, someTokens(34));
    EXPECT_THROW(append(*engine, *cache, someTokens(1)), c10::Error);
}

TEST(TorchEngine, RefusesHalfOfTheUnmaskedTokens)
{
    const TinyModel model(6);
    const auto engine = makeTorchEngine(model.transformer);
    const auto cache = engine->makeCache();
    EXPECT_THROW(append(*engine, *cache, someTokens(5)), c10::Error);
}

TEST(TorchEngine, WantOfMemoryIsASentenceAndLeavesTheCache)
{
    const TinyModel model;
    const auto engine = makeTorchEngine(model.transformer);
    const auto cache = engine->makeCache();
    const std::vector<int64_t> tokens = someTokens(7);
    append(*engine, *cache, std::span(tokens).first(6));
    try {
        const tests::WatchedMemory none(0);
        append(*engine, *cache, std::span(tokens).last(1));
        FAIL() << "there was memory";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
    }
    EXPECT_EQ(cache->length(), 6);
}

} // namespace

} // namespace tessera::core
