#include "tests/unit/core/sampling/allocations.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

namespace
{

constexpr int64_t kPlenty = std::numeric_limits<int64_t>::max();

std::atomic<int64_t> made = 0;
thread_local int64_t granted = kPlenty;

void *counted(size_t bytes, size_t alignment)
{
    ++made;
    void *memory = nullptr;
    if (granted == 0 || ::posix_memalign(&memory, std::max(alignment, sizeof(void *)), bytes) != 0)
        throw std::bad_alloc();
    if (granted != kPlenty)
        --granted;
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

namespace tessera::tests
{

int64_t allocations()
{
    return made;
}

ScarceMemory::ScarceMemory(int64_t allowed)
{
    granted = allowed;
}

ScarceMemory::~ScarceMemory()
{
    granted = kPlenty;
}

} // namespace tessera::tests
