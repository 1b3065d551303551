// What the test program takes of main memory with `new`: allocations.cpp has the operators.
#pragma once

#include <cstdint>

namespace tessera::tests
{

// By all threads since the program began.
int64_t allocations();

// While it lives, the calling thread is granted so many allocations; those after them throw std::bad_alloc.
class ScarceMemory
{
public:
    explicit ScarceMemory(int64_t granted);
    ~ScarceMemory();
    ScarceMemory(const ScarceMemory &) = delete;
    ScarceMemory &operator=(const ScarceMemory &) = delete;
};

} // namespace tessera::tests
