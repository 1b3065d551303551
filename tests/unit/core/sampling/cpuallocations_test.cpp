// When the CPU engine takes memory, and when it lets it go.
#include <memory>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "core/sampling/cpu/cpuengine.h"
#include "tests/unit/core/sampling/allocations.h"
#include "tests/unit/core/sampling/enginechecks.h"

namespace tessera::core
{

namespace
{

using tests::allocations;

constexpr CpuPrecision kPrecisions[] = {CpuPrecision::Float32, CpuPrecision::BFloat16, CpuPrecision::Int8};

TEST(CpuEngineAllocations, AStepTakesNone)
{
    const TinyModel model(0, {2, 4, 48, 1, 2.5});
    for (const CpuPrecision precision : kPrecisions) {
        const auto engine = makeCpuEngine(model.transformer, {precision, 2, {}});
        const auto one = engine->makeCache(), other = engine->makeCache();
        std::vector<int64_t> prefix(18), code(1, 20);
        std::iota(prefix.begin(), prefix.end(), 0);
        std::vector<float> logits(2 * kCount);
        const int64_t atStart = allocations();
        const EngineInput start[] = {{one.get(), prefix}, {other.get(), prefix}};
        engine->append(start, kFirst, kCount, logits.data());
        EXPECT_GT(allocations(), atStart); // the counter works
        const int64_t warm = allocations();
        const EngineInput step[] = {{one.get(), code}, {other.get(), code}};
        for (int i = 0; i < 15; ++i)
            engine->append(step, kFirst, kCount, logits.data());
        EXPECT_EQ(allocations(), warm);
    }
}

TEST(CpuEngineAllocations, WhatIsFreedIsTakenAnew)
{
    const TinyModel model;
    for (const CpuPrecision precision : kPrecisions) {
        const auto engine = makeCpuEngine(model.transformer, {precision, 2, {}});
        const auto cache = engine->makeCache(), other = engine->makeCache();
        append(*engine, *cache, someTokens(12));
        append(*engine, *other, someTokens(12));
        engine->freeCaches(); // with both windows open
        const std::vector<int64_t> tokens = someTokens(5, 3);
        std::vector<float> logits(size_t{kCount}), expected(logits);
        const EngineInput input{cache.get(), tokens}, otherInput{other.get(), tokens};
        const int64_t freed = allocations();
        engine->append({&input, 1}, kFirst, kCount, logits.data());
        EXPECT_GT(allocations(), freed);
        const int64_t warm = allocations();
        engine->append({&otherInput, 1}, kFirst, kCount, expected.data());
        EXPECT_EQ(allocations(), warm);
        EXPECT_EQ(logits, expected);
    }
}

// A window ends where memory ran out, too.
TEST(CpuEngineAllocations, EndingAWindowTakesNone)
{
    const TinyModel model;
    const auto engine = makeCpuEngine(model.transformer);
    auto cache = engine->makeCache();
    append(*engine, *cache, someTokens(12));
    const int64_t before = allocations();
    cache.reset();
    EXPECT_EQ(allocations(), before);
}

} // namespace

} // namespace tessera::core
