#include "models/training/failure.h"

#include <string>

#include <c10/util/Exception.h>

#include "models/memoryfailure.h"

namespace tessera::models
{

Error explained(const std::exception &failure)
{
    if (const auto *known = dynamic_cast<const Error *>(&failure))
        return *known;
    if (isWantOfMemory(failure))
        return {ErrorCode::OutOfMemory, "This needs more memory than is free: smaller or fewer views a step, fewer "
                                        "pictures, or closing other programs helps."};
    const auto *torch = dynamic_cast<const c10::Error *>(&failure);
    const std::string text = torch ? torch->what_without_backtrace() : failure.what();
    return {ErrorCode::Device, text.substr(0, text.find('\n'))};
}

} // namespace tessera::models
