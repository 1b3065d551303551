#include "core/sampling/tensorcache.h"

#include <memory>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "tests/unit/core/sampling/allocations.h"

namespace tessera::core
{

namespace
{

const std::vector<int64_t> kShape{2, 2, 3, 8, 4};

std::shared_ptr<TensorCacheStore> storeOf(size_t kept)
{
    return std::make_shared<TensorCacheStore>(kShape, at::TensorOptions(at::kFloat), kept);
}

TEST(TensorCache, MemoryOfDroppedWindowsServesTheNext)
{
    const auto store = storeOf(1);
    EXPECT_EQ(store->bytes(), 2u * 2 * 3 * 8 * 4 * 4);
    at::Tensor first, second;
    {
        TensorCache a(store), b(store);
        first = a.tensor();
        second = b.tensor();
    }
    EXPECT_EQ(first.use_count() + second.use_count(), 3u); // the store keeps one of them
    TensorCache next(store);
    const void *memory = next.tensor().const_data_ptr();
    EXPECT_TRUE(memory == first.const_data_ptr() || memory == second.const_data_ptr());
}

// A window ends where memory ran out, too.
TEST(TensorCache, EndingAWindowTakesNoMemory)
{
    const auto store = storeOf(2);
    auto cache = std::make_unique<TensorCache>(store);
    cache->tensor();
    const int64_t before = tests::allocations();
    cache.reset();
    EXPECT_EQ(tests::allocations(), before);
}

TEST(TensorCache, FreedMemoryIsGone)
{
    const auto store = storeOf(4);
    at::Tensor held;
    {
        TensorCache cache(store);
        held = cache.tensor();
    }
    EXPECT_EQ(held.use_count(), 2u); // the store's and ours
    store->free();
    EXPECT_EQ(held.use_count(), 1u);
}

TEST(TensorCache, CopyHasTheTokensAndAMemoryOfItsOwn)
{
    const auto store = storeOf(2);
    TensorCache from(store), to(store);
    from.tensor().normal_();
    from.grow(6);
    to.copyFrom(from, 5);
    EXPECT_EQ(to.length(), 5);
    EXPECT_TRUE(at::equal(to.tensor().narrow(3, 0, 5), from.tensor().narrow(3, 0, 5)));
    EXPECT_NE(to.tensor().const_data_ptr(), from.tensor().const_data_ptr());
}

TEST(TensorCache, WantOfMemoryIsASentence)
{
    const auto store = std::make_shared<TensorCacheStore>(std::vector<int64_t>{int64_t(1) << 24, 2, 64, 1024, 64},
                                                          at::TensorOptions(at::kFloat), 1);
    try {
        store->take();
        FAIL() << "there was memory";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
        EXPECT_NE(std::string(error.what()).find("536870912 MiB"), std::string::npos) << error.what();
    }
}

} // namespace

} // namespace tessera::core
