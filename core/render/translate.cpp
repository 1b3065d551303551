#include "core/render/translate.h"

#include <algorithm>
#include <array>
#include <new>

#include <c10/util/Exception.h>

#include "models/error.h"

namespace tessera::core
{

namespace
{

std::string firstLine(const std::string &text)
{
    return text.substr(0, text.find('\n'));
}

// LibTorch's allocator for main memory reports a plain c10::Error, and so it does what cuBLAS and cuDNN want for
// themselves (CUBLAS_STATUS_ALLOC_FAILED, CUDNN_STATUS_ALLOC_FAILED).
bool isAllocationFailure(const std::string &text)
{
    return std::ranges::any_of(std::array{"DefaultCPUAllocator", "out of memory", "_ALLOC_FAILED"},
                               [&](const char *sign) { return text.find(sign) != std::string::npos; });
}

[[noreturn]] void throwOutOfMemory(const std::string &doing)
{
    throw Error(ErrorCode::OutOfMemory,
                doing + " needs more memory than is free; a smaller canvas or closing other programs helps.");
}

} // namespace

void translated(const std::string &doing, const std::function<void()> &work)
{
    std::string reason;
    try {
        work();
        return;
    } catch (const Error &) {
        throw;
    } catch (const std::bad_alloc &) {
    } catch (const c10::OutOfMemoryError &) {
    } catch (const c10::Error &error) {
        reason = firstLine(error.what_without_backtrace());
    }
    if (reason.empty() || isAllocationFailure(reason))
        throwOutOfMemory(doing);
    throw Error(ErrorCode::Device, doing + " failed: " + reason);
}

} // namespace tessera::core
