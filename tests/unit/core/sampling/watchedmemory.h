// LibTorch's main memory under a test's eyes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include <c10/core/Allocator.h>
#include <c10/util/Exception.h>

namespace tessera::tests
{

// While it lives, the largest block of a tensor is noted, and there is none of more than `most` bytes, which is said in
// the words of LibTorch's own allocator. One at a time, with no other thread at work.
class WatchedMemory
{
public:
    explicit WatchedMemory(size_t most = std::numeric_limits<size_t>::max())
    {
        watch().most = most;
        watch().largest = 0;
        c10::SetAllocator(c10::DeviceType::CPU, &watch());
    }
    ~WatchedMemory() { c10::SetAllocator(c10::DeviceType::CPU, watch().own); }
    WatchedMemory(const WatchedMemory &) = delete;
    WatchedMemory &operator=(const WatchedMemory &) = delete;

    size_t largest() const { return watch().largest; }

private:
    struct Watch : c10::Allocator {
        c10::DataPtr allocate(size_t bytes) override
        {
            TORCH_CHECK(bytes <= most, "DefaultCPUAllocator: can't allocate memory: you tried to allocate ", bytes,
                        " bytes.");
            largest = std::max(largest, bytes);
            return own->allocate(bytes);
        }
        c10::DeleterFnPtr raw_deleter() const override { return own->raw_deleter(); }
        void copy_data(void *to, const void *from, size_t bytes) const override { own->copy_data(to, from, bytes); }

        c10::Allocator *const own = c10::GetAllocator(c10::DeviceType::CPU);
        size_t most = 0, largest = 0;
    };

    static Watch &watch()
    {
        static Watch watch; // tensors know the allocator that they come from, and may outlive a test
        return watch;
    }
};

} // namespace tessera::tests
