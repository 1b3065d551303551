#include "tests/unit/core/sampling/enginechecks.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

float differenceOf(const std::vector<float> &slice, const std::vector<float> &all, int64_t first)
{
    const auto [least, greatest] = std::ranges::minmax(all);
    float difference = 0;
    for (size_t i = 0; i < slice.size(); ++i)
        difference = std::max(difference, std::abs(slice[i] - all[size_t(first) + i]));
    return difference / (greatest - least);
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

} // namespace tessera::core
