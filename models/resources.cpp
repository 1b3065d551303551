#include "models/resources.h"

#include <cstdlib>

#include "models/error.h"

namespace tessera::models
{

std::filesystem::path resourceFolder()
{
    const char *named = std::getenv("TESSERA_RESOURCES");
    for (const char *candidate : {named, TESSERA_INSTALL_RESOURCES, TESSERA_SOURCE_RESOURCES}) {
        std::error_code ignored;
        if (candidate && *candidate && std::filesystem::is_directory(candidate, ignored))
            return candidate;
    }
    throw Error(ErrorCode::FileRead, std::string("The program's resources folder was not found: expected ")
                                         + TESSERA_INSTALL_RESOURCES + " or the folder named by TESSERA_RESOURCES.");
}

} // namespace tessera::models
