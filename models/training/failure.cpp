#include "models/training/failure.h"

#include <algorithm>
#include <array>
#include <new>
#include <string>

#include <c10/util/Exception.h>

namespace tessera::models
{

namespace
{

// LibTorch's allocator for main memory reports a plain c10::Error, and so it does what cuBLAS and cuDNN want for
// themselves.
bool speaksOfMemory(const std::string &text)
{
    return std::ranges::any_of(std::array{"DefaultCPUAllocator", "out of memory", "_ALLOC_FAILED"},
                               [&](const char *sign) { return text.find(sign) != std::string::npos; });
}

} // namespace

Error explained(const std::exception &failure)
{
    if (const auto *known = dynamic_cast<const Error *>(&failure))
        return *known;
    const auto *torch = dynamic_cast<const c10::Error *>(&failure);
    const std::string text = torch ? torch->what_without_backtrace() : failure.what();
    if (dynamic_cast<const std::bad_alloc *>(&failure) || dynamic_cast<const c10::OutOfMemoryError *>(&failure)
        || speaksOfMemory(text))
        return {ErrorCode::OutOfMemory, "This needs more memory than is free: smaller or fewer views a step, fewer "
                                        "pictures, or closing other programs helps."};
    return {ErrorCode::Device, text.substr(0, text.find('\n'))};
}

} // namespace tessera::models
