// Counts what the CPU engine allocates. The operators here serve the whole test program.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <numeric>

#include <gtest/gtest.h>

#include "core/sampling/cpu/cpuengine.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace
{

std::atomic<int64_t> allocations = 0;

void *counted(size_t bytes, size_t alignment)
{
    ++allocations;
    void *memory = nullptr;
    if (::posix_memalign(&memory, std::max(alignment, sizeof(void *)), bytes) != 0)
        throw std::bad_alloc();
    return memory;
}

// Not seen through: the compiler would take free() for the wrong partner of the operator new above.
[[gnu::noinline]] void released(void *memory) noexcept
{
    std::free(memory);
}

} // namespace

void *operator new(size_t bytes)
{
    return counted(bytes, alignof(std::max_align_t));
}

void *operator new(size_t bytes, std::align_val_t alignment)
{
    return counted(bytes, size_t(alignment));
}

void *operator new(size_t bytes, const std::nothrow_t &) noexcept
{
    try {
        return counted(bytes, alignof(std::max_align_t));
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void operator delete(void *memory) noexcept
{
    released(memory);
}

void operator delete(void *memory, size_t) noexcept
{
    released(memory);
}

void operator delete(void *memory, std::align_val_t) noexcept
{
    released(memory);
}

void operator delete(void *memory, size_t, std::align_val_t) noexcept
{
    released(memory);
}

namespace tessera::core
{

namespace
{

TEST(CpuEngineAllocations, AStepTakesNone)
{
    const TinyModel model(0, {2, 4, 48, 1, 2.5});
    for (const CpuPrecision precision : {CpuPrecision::Float32, CpuPrecision::BFloat16, CpuPrecision::Int8}) {
        const auto engine = makeCpuEngine(model.transformer, {precision, 2, {}});
        const auto one = engine->makeCache(), other = engine->makeCache();
        std::vector<int64_t> prefix(18), code(1, 20);
        std::iota(prefix.begin(), prefix.end(), 0);
        std::vector<float> logits(2 * 24);
        const int64_t atStart = allocations;
        const EngineInput start[] = {{one.get(), prefix}, {other.get(), prefix}};
        engine->append(start, 18, 24, logits.data());
        EXPECT_GT(allocations, atStart); // the counter works
        const int64_t warm = allocations;
        const EngineInput step[] = {{one.get(), code}, {other.get(), code}};
        for (int i = 0; i < 15; ++i)
            engine->append(step, 18, 24, logits.data());
        EXPECT_EQ(allocations, warm);
    }
}

} // namespace

} // namespace tessera::core
