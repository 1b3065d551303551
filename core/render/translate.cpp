#include "core/render/translate.h"

#include <new>

#include <c10/util/Exception.h>

#include "models/error.h"
#include "models/memoryfailure.h"

namespace tessera::core
{

namespace
{

std::string firstLine(const std::string &text)
{
    return text.substr(0, text.find('\n'));
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
    } catch (const c10::Error &error) {
        if (!models::isWantOfMemory(error))
            reason = firstLine(error.what_without_backtrace());
    }
    if (reason.empty())
        throwOutOfMemory(doing);
    throw Error(ErrorCode::Device, doing + " failed: " + reason);
}

} // namespace tessera::core
