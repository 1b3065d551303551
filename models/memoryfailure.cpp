#include "models/memoryfailure.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>

#include <c10/util/Exception.h>

namespace tessera::models
{

bool isWantOfMemory(const std::exception &failure)
{
    if (dynamic_cast<const std::bad_alloc *>(&failure) || dynamic_cast<const c10::OutOfMemoryError *>(&failure))
        return true;
    const auto *torch = dynamic_cast<const c10::Error *>(&failure);
    const std::string text = torch ? torch->what_without_backtrace() : failure.what();
    // The allocator for main memory reports a plain c10::Error, and so are reported the libraries' own allocations.
    return std::ranges::any_of(std::array{"DefaultCPUAllocator", "out of memory", "_ALLOC_FAILED"},
                               [&](const char *sign) { return text.find(sign) != std::string::npos; });
}

} // namespace tessera::models
