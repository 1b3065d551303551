#include "core/sampling/cpu/alignedbuffer.h"

#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace tessera::core::cpu
{

namespace
{

constexpr size_t kLargePage = size_t(2) << 20;

bool isLarge(size_t bytes)
{
    return bytes >= 2 * kLargePage;
}

std::align_val_t alignmentOf(size_t bytes)
{
    return std::align_val_t(isLarge(bytes) ? kLargePage : 64);
}

} // namespace

void *allocate(size_t bytes)
{
    void *memory = ::operator new(bytes, alignmentOf(bytes));
#ifdef __linux__
    if (isLarge(bytes))
        madvise(memory, bytes / kLargePage * kLargePage, MADV_HUGEPAGE); // a wish; whether it is granted is no matter
#endif
    return memory;
}

void deallocate(void *memory, size_t bytes)
{
    ::operator delete(memory, alignmentOf(bytes));
}

} // namespace tessera::core::cpu
