#include "core/sampling/prefixstore.h"

#include <gtest/gtest.h>

#include "core/sampling/cpu/cpuengine.h"
#include "tests/unit/core/sampling/enginechecks.h"

namespace tessera::core
{

namespace
{

constexpr int64_t kPrefix = 18;

class PrefixStoreTest : public testing::Test
{
protected:
    std::shared_ptr<WindowCache> filled(const std::vector<int64_t> &tokens)
    {
        std::shared_ptr<WindowCache> cache = engine->makeCache();
        append(*engine, *cache, tokens);
        return cache;
    }

    const TinyModel model;
    const std::unique_ptr<TransformerEngine> engine = makeCpuEngine(model.transformer);
    const std::vector<int64_t> prefix = someTokens(kPrefix), more = someTokens(5, 2);
    PrefixStore store{*engine, 0, uint64_t(1) << 30};
};

TEST_F(PrefixStoreTest, KnowsNothingAtFirst)
{
    EXPECT_EQ(store.open(prefix, kPrefix)->length(), 0);
    EXPECT_EQ(store.bytes(), 0u);
}

TEST_F(PrefixStoreTest, AClosedWindowsCacheIsTakenOver)
{
    std::shared_ptr<WindowCache> window = filled(prefix);
    const std::vector<float> expected = append(*engine, *window, more);
    const WindowCache *memory = window.get();
    store.keep(prefix, std::move(window));
    EXPECT_EQ(store.bytes(), engine->cacheBytes());
    const auto again = store.open(prefix, kPrefix);
    EXPECT_EQ(again.get(), memory);
    EXPECT_EQ(again->length(), kPrefix);
    EXPECT_EQ(append(*engine, *again, more), expected);
}

TEST_F(PrefixStoreTest, AnOpenWindowsCacheIsCopied)
{
    const std::shared_ptr<WindowCache> window = filled(prefix);
    const std::vector<float> expected = append(*engine, *window, more);
    store.keep(prefix, window);
    const auto second = store.open(prefix, kPrefix);
    EXPECT_NE(second, window);
    EXPECT_EQ(append(*engine, *second, more), expected);
    EXPECT_EQ(window->length(), kPrefix + 5);
}

TEST_F(PrefixStoreTest, GivesNoMoreThanAskedFor)
{
    store.keep(prefix, filled(prefix));
    EXPECT_EQ(store.open(prefix, kPrefix - 1)->length(), kPrefix - 1);
    EXPECT_EQ(store.open(prefix, kPrefix)->length(), kPrefix - 1); // one token is left to feed again
}

TEST_F(PrefixStoreTest, TheEqualBeginningOfAnotherPrefixIsCopied)
{
    std::vector<int64_t> edited = prefix;
    edited[11] = 41;
    const std::vector<float> expected = append(*engine, *filled(edited), more);
    store.keep(prefix, filled(prefix));
    const auto cache = store.open(edited, kPrefix);
    ASSERT_EQ(cache->length(), 11);
    append(*engine, *cache, std::span(edited).subspan(11));
    EXPECT_EQ(append(*engine, *cache, more), expected);
    EXPECT_EQ(store.open(prefix, kPrefix)->length(), kPrefix); // still there
}

TEST_F(PrefixStoreTest, TokensThatSeeEachOtherAreTakenWholeOrNotAtAll)
{
    for (const auto &[unmasked, expected] : {std::pair<int64_t, int64_t>{kPrefix, 0}, {12, 0}, {11, 11}}) {
        const TinyModel seeing(unmasked);
        const auto other = makeCpuEngine(seeing.transformer);
        PrefixStore those(*other, unmasked, uint64_t(1) << 30);
        std::shared_ptr<WindowCache> cache = other->makeCache();
        append(*other, *cache, prefix);
        those.keep(prefix, std::move(cache));
        std::vector<int64_t> edited = prefix;
        edited[11] = 41;
        EXPECT_EQ(those.open(edited, kPrefix)->length(), expected) << unmasked;
        EXPECT_EQ(those.open(prefix, kPrefix - 1)->length(), kPrefix - 1);
    }
}

TEST_F(PrefixStoreTest, WhatNoPictureUsesAnyMoreGoes)
{
    PrefixStore small(*engine, 0, 3 * engine->cacheBytes());
    std::vector<std::vector<int64_t>> prefixes;
    for (int64_t i = 0; i < 4; ++i) {
        prefixes.push_back(someTokens(kPrefix, 10 * i + 1));
    }
    for (size_t i = 0; i < 3; ++i) {
        small.keep(prefixes[i], filled(prefixes[i]));
    }
    for (int picture = 0; picture < 2; ++picture) {
        small.beginPicture();
        EXPECT_EQ(small.open(prefixes[0], kPrefix)->length(), kPrefix);
        EXPECT_EQ(small.open(prefixes[2], kPrefix)->length(), kPrefix);
    }
    small.keep(prefixes[3], filled(prefixes[3]));
    EXPECT_EQ(small.bytes(), 3 * engine->cacheBytes());
    for (const size_t kept : {0, 2, 3}) {
        EXPECT_EQ(small.open(prefixes[kept], kPrefix)->length(), kPrefix);
    }
    EXPECT_EQ(small.open(prefixes[1], kPrefix)->length(), 0);
    small.clear();
    EXPECT_EQ(small.bytes(), 0u);
    EXPECT_EQ(small.open(prefixes[2], kPrefix)->length(), 0);
}

// More windows than fit, each with the prefix that guidance shares.
TEST_F(PrefixStoreTest, OfManyWindowsTheFirstAreFoundInEachPicture)
{
    PrefixStore small(*engine, 0, 4 * engine->cacheBytes());
    const std::vector<int64_t> shared = someTokens(kPrefix, 91);
    const auto known = [&](const std::vector<int64_t> &wanted) {
        const bool found = small.open(wanted, kPrefix)->length() == kPrefix;
        small.keep(wanted, filled(wanted));
        return found;
    };
    for (int picture = 0; picture < 3; ++picture) {
        small.beginPicture();
        int found = 0, foundShared = 0;
        for (int64_t window = 0; window < 7; ++window) {
            found += known(someTokens(kPrefix, 10 * window + 1));
            foundShared += known(shared);
        }
        EXPECT_EQ(foundShared, picture == 0 ? 6 : 7);
        EXPECT_EQ(found, picture == 0 ? 0 : 2); // and a place that the others take in turns
    }
}

TEST_F(PrefixStoreTest, OneWindowWithGuidanceAlwaysFits)
{
    PrefixStore small(*engine, 0, 0);
    for (int64_t i = 0; i < 3; ++i) {
        small.keep(someTokens(kPrefix, 10 * i + 1), filled(someTokens(kPrefix, 10 * i + 1)));
    }
    EXPECT_EQ(small.bytes(), 2 * engine->cacheBytes());
}

TEST_F(PrefixStoreTest, ALimitHoldsUntilTheNext)
{
    PrefixStore some(*engine, 0, 5 * engine->cacheBytes());
    const auto keep = [&](int64_t windows) {
        for (int64_t i = 0; i < windows; ++i) {
            some.keep(someTokens(kPrefix, 10 * i + 1), filled(someTokens(kPrefix, 10 * i + 1)));
        }
        return some.bytes() / engine->cacheBytes();
    };
    some.limit(3 * engine->cacheBytes());
    EXPECT_EQ(keep(7), 3u);
    some.limit(uint64_t(1) << 40);
    EXPECT_EQ(keep(7), 5u); // no more than it was made for
    some.limit(0);
    EXPECT_EQ(some.bytes(), 2 * engine->cacheBytes());
    EXPECT_EQ(keep(7), 2u);
}

TEST_F(PrefixStoreTest, KeepsNothingForAnEngineWhoseBitsDependOnChunks)
{
    const auto reference = makeTorchEngine(model.transformer);
    PrefixStore those(*reference, 0, uint64_t(1) << 30);
    std::shared_ptr<WindowCache> cache = reference->makeCache();
    append(*reference, *cache, prefix);
    those.keep(prefix, std::move(cache));
    EXPECT_EQ(those.bytes(), 0u);
    EXPECT_EQ(those.open(prefix, kPrefix)->length(), 0);
}

} // namespace

} // namespace tessera::core
