#include "tests/unit/core/sampling/enginechecks.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

namespace tessera::core
{

namespace
{

constexpr float kTolerance = 6e-6f;

} // namespace

std::vector<int64_t> someTokens(int64_t count, int64_t salt)
{
    std::vector<int64_t> tokens;
    for (int64_t i = 0; i < count; ++i)
        tokens.push_back((i * 7 + i * i * 3 + salt) % 42);
    return tokens;
}

std::vector<float> append(TransformerEngine &engine, WindowCache &cache, std::span<const int64_t> tokens, int64_t first,
                          int64_t count)
{
    std::vector<float> logits(size_t(count), 0.0f);
    const EngineInput input{&cache, tokens};
    engine.append({&input, 1}, first, count, logits.data());
    return logits;
}

float greatestDifference(std::span<const float> one, std::span<const float> other)
{
    float greatest = one.size() == other.size() ? 0 : INFINITY;
    for (size_t i = 0; i < std::min(one.size(), other.size()); ++i) {
        const float difference = std::abs(one[i] - other[i]);
        greatest = std::isnan(difference) ? INFINITY : std::max(greatest, difference);
    }
    return greatest;
}

float differenceOf(const std::vector<float> &slice, const std::vector<float> &all, int64_t first)
{
    const auto [least, greatest] = std::ranges::minmax(all);
    return greatestDifference(slice, std::span(all).subspan(size_t(first), slice.size())) / (greatest - least);
}

void expectChunksMatchThePlainPass(TransformerEngine &engine, const TinyModel &model,
                                   const std::vector<int64_t> &chunks)
{
    const auto cache = engine.makeCache();
    const std::vector<int64_t> tokens = someTokens(34);
    int64_t fed = 0;
    for (const int64_t chunk : chunks) {
        const auto logits = append(engine, *cache, std::span(tokens).subspan(size_t(fed), size_t(chunk)));
        fed += chunk;
        EXPECT_EQ(cache->length(), fed);
        const auto plain = plainLogits(model.transformer, {tokens.begin(), tokens.begin() + fed});
        EXPECT_LT(differenceOf(logits, plain), kTolerance)
            << fed << " tokens, embedding " << model.transformer.config.embedding << ", "
            << model.transformer.config.unmasked << " unmasked";
    }
    EXPECT_EQ(engine.tokenForwards(), fed);
}

void expectTheIdsAskedFor(TransformerEngine &engine, const TinyModel &model)
{
    const std::vector<int64_t> tokens = someTokens(9);
    const std::vector<float> plain = plainLogits(model.transformer, tokens);
    for (const auto &[first, count] : {std::pair<int64_t, int64_t>{0, 42}, {0, 3}, {41, 1}, {18, 24}}) {
        const auto cache = engine.makeCache();
        EXPECT_LT(differenceOf(append(engine, *cache, tokens, first, count), plain, first), kTolerance);
    }
}

void expectAReusedCacheRemembersNothing(TransformerEngine &engine)
{
    auto cache = engine.makeCache();
    const std::vector<float> expected = append(engine, *cache, someTokens(7));
    append(engine, *cache, someTokens(20, 3));
    cache = nullptr;
    cache = engine.makeCache();
    EXPECT_EQ(cache->length(), 0);
    EXPECT_EQ(append(engine, *cache, someTokens(7)), expected);
}

void expectLogitsOfSeveralTokens(TransformerEngine &engine, const TinyModel &model)
{
    const std::vector<int64_t> tokens = someTokens(30), other = someTokens(20, 3);
    const auto cache = engine.makeCache(), otherCache = engine.makeCache();
    append(engine, *cache, std::span(tokens).first(19));
    const EngineInput inputs[] = {{otherCache.get(), other, 3}, {cache.get(), std::span(tokens).subspan(19), 7}};
    std::vector<float> logits(size_t(10 * kCount));
    ASSERT_TRUE(engine.append(inputs, kFirst, kCount, logits.data()));
    for (int64_t row = 0; row < 10; ++row) {
        const std::vector<int64_t> &all = row < 3 ? other : tokens;
        const int64_t seen = row < 3 ? 18 + row : 24 + row - 3;
        const std::vector<float> plain = plainLogits(model.transformer, {all.begin(), all.begin() + seen});
        const auto first = logits.begin() + row * kCount;
        EXPECT_LT(differenceOf({first, first + kCount}, plain), kTolerance) << "row " << row;
    }
    EXPECT_EQ(engine.passes(), 2);
    EXPECT_EQ(engine.tokenForwards(), 50);
}

void expectACutCacheForgets(TransformerEngine &engine)
{
    const std::vector<int64_t> tokens = someTokens(20), others = someTokens(9, 3);
    const auto cache = engine.makeCache(), fresh = engine.makeCache();
    append(engine, *cache, std::span(tokens).first(12));
    append(engine, *cache, std::span(tokens).subspan(12));
    cache->truncate(12);
    EXPECT_EQ(cache->length(), 12);
    append(engine, *fresh, std::span(tokens).first(12));
    EXPECT_EQ(append(engine, *cache, others), append(engine, *fresh, others));
    EXPECT_EQ(cache->length(), 21);
    EXPECT_THROW(cache->truncate(22), c10::Error);
}

void expectACopiedCacheGoesOn(TransformerEngine &engine)
{
    const std::vector<int64_t> tokens = someTokens(20), others = someTokens(9, 3);
    const auto cache = engine.makeCache(), fresh = engine.makeCache();
    append(engine, *cache, std::span(tokens).first(12));
    append(engine, *cache, std::span(tokens).subspan(12));
    const auto copy = engine.copyCache(*cache, 12);
    EXPECT_EQ(copy->length(), 12);
    append(engine, *fresh, std::span(tokens).first(12));
    EXPECT_EQ(append(engine, *copy, others), append(engine, *fresh, others));
    EXPECT_EQ(cache->length(), 20);
    EXPECT_THROW(engine.copyCache(*cache, 21), c10::Error);
}

void expectStopsBetweenLayers(TransformerEngine &engine)
{
    const std::vector<int64_t> prefix = someTokens(12), tokens = someTokens(9, 3);
    const auto cache = engine.makeCache(), fresh = engine.makeCache();
    std::vector<float> logits(size_t{kCount});
    append(engine, *cache, prefix);
    append(engine, *fresh, prefix);
    const EngineInput input{cache.get(), tokens};
    for (const int layer : {0, 1}) {
        int asked = 0;
        EXPECT_FALSE(engine.append({&input, 1}, kFirst, kCount, logits.data(), [&] { return asked++ == layer; }));
        EXPECT_EQ(asked, layer + 1); // nothing ran after that
    }
    EXPECT_EQ(engine.tokenForwards(), 24);
    EXPECT_EQ(engine.passes(), 2);
    EXPECT_EQ(cache->length(), 12);
    int asked = 0;
    EXPECT_TRUE(engine.append({&input, 1}, kFirst, kCount, logits.data(), [&] { return ++asked == 3; }));
    EXPECT_EQ(asked, 2);
    EXPECT_EQ(logits, append(engine, *fresh, tokens)); // what was given up left no trace
}

} // namespace tessera::core
