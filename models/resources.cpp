#include "models/resources.h"

#include <cstdlib>

#include "models/error.h"

namespace tessera::models
{

std::filesystem::path resourceFolder()
{
    std::error_code ignored;
    if (const char *named = std::getenv("TESSERA_RESOURCES"); named && *named) {
        if (std::filesystem::is_directory(named, ignored))
            return named;
        throw Error(ErrorCode::FileRead, std::string("TESSERA_RESOURCES names ") + named
                                             + ", which is no folder; expected the program's resources.");
    }
    for (const char *candidate : {TESSERA_INSTALL_RESOURCES, TESSERA_SOURCE_RESOURCES})
        if (std::filesystem::is_directory(candidate, ignored))
            return candidate;
    throw Error(ErrorCode::FileRead, std::string("The program's resources folder was not found: expected ")
                                         + TESSERA_INSTALL_RESOURCES + " or the folder named by TESSERA_RESOURCES.");
}

} // namespace tessera::models
