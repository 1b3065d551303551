#include <algorithm>
#include <cmath>

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include "core/sampling/engine.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

constexpr int64_t kFirst = 18, kCount = 24;

std::vector<int64_t> someTokens(int64_t count, int64_t salt = 0)
{
    std::vector<int64_t> tokens;
    for (int64_t i = 0; i < count; ++i) {
        tokens.push_back((i * 7 + i * i * 3 + salt) % 42);
    }
    return tokens;
}

std::vector<float> append(TransformerEngine &engine, WindowCache &cache, std::span<const int64_t> tokens,
                          int64_t first = kFirst, int64_t count = kCount)
{
    std::vector<float> logits(size_t(count), 0.0f);
    const EngineInput input{&cache, tokens};
    engine.append({&input, 1}, first, count, logits.data());
    return logits;
}

float greatestDifference(const std::vector<float> &slice, const std::vector<float> &all, int64_t first)
{
    float greatest = 0;
    for (size_t i = 0; i < slice.size(); ++i) {
        greatest = std::max(greatest, std::abs(slice[i] - all[size_t(first) + i]));
    }
    return greatest;
}

void expectChunksMatchThePlainPass(int64_t unmasked, const std::vector<int64_t> &chunks)
{
    const TinyModel model(unmasked);
    const auto engine = makeTorchEngine(model.transformer);
    const auto cache = engine->makeCache();
    const std::vector<int64_t> tokens = someTokens(34);
    int64_t fed = 0;
    for (const int64_t chunk : chunks) {
        const auto logits = append(*engine, *cache, std::span(tokens).subspan(size_t(fed), size_t(chunk)));
        fed += chunk;
        EXPECT_EQ(cache->length(), fed);
        const auto plain = plainLogits(model.transformer, {tokens.begin(), tokens.begin() + fed});
        EXPECT_LT(greatestDifference(logits, plain, kFirst), 1e-4f)
            << fed << " tokens, " << unmasked << " unmasked";
    }
    EXPECT_EQ(engine->tokenForwards(), fed);
}

TEST(TorchEngine, MatchesThePlainPassTokenByToken)
{
    expectChunksMatchThePlainPass(0, std::vector<int64_t>(34, 1));
    std::vector<int64_t> chunks(29, 1);
    chunks[0] = 6;
    expectChunksMatchThePlainPass(6, chunks);
}

TEST(TorchEngine, MatchesThePlainPassInChunks)
{
    for (const int64_t unmasked : {0, 6}) {
        expectChunksMatchThePlainPass(unmasked, {18, 1, 3, 1, 1, 5, 2, 3});
        expectChunksMatchThePlainPass(unmasked, {6, 28});
        expectChunksMatchThePlainPass(unmasked, {34});
    }
}

TEST(TorchEngine, GivesTheIdsAskedFor)
{
    const TinyModel model;
    const auto engine = makeTorchEngine(model.transformer);
    const std::vector<int64_t> tokens = someTokens(9);
    const std::vector<float> plain = plainLogits(model.transformer, tokens);
    for (const auto &[first, count] : {std::pair<int64_t, int64_t>{0, 42}, {0, 3}, {41, 1}, {18, 24}}) {
        const auto cache = engine->makeCache();
        EXPECT_LT(greatestDifference(append(*engine, *cache, tokens, first, count), plain, first), 1e-4f);
    }
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
    const auto engine = makeTorchEngine(model.transformer);
    auto cache = engine->makeCache();
    const std::vector<float> expected = append(*engine, *cache, someTokens(7));
    append(*engine, *cache, someTokens(20, 3));
    cache = nullptr;
    cache = engine->makeCache();
    EXPECT_EQ(cache->length(), 0);
    EXPECT_EQ(append(*engine, *cache, someTokens(7)), expected);
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

} // namespace

} // namespace tessera::core
