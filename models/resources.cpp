#include "models/resources.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "models/error.h"

namespace tessera::models
{

namespace fs = std::filesystem;

namespace
{

// A program in the tree that it was built from is no installed one: those lie elsewhere.
bool liesInSources()
{
    std::error_code ignored;
    const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
    const fs::path sources = fs::weakly_canonical(fs::path(TESSERA_SOURCE_RESOURCES).parent_path(), ignored);
    return std::ranges::mismatch(sources, program).in1 == sources.end();
}

} // namespace

fs::path resourceFolder()
{
    std::error_code ignored;
    if (const char *named = std::getenv("TESSERA_RESOURCES"); named && *named) {
        if (fs::is_directory(named, ignored))
            return named;
        throw Error(ErrorCode::FileRead, std::string("TESSERA_RESOURCES names ") + named
                                             + ", which is no folder; expected the program's resources.");
    }
    fs::path first = TESSERA_INSTALL_RESOURCES, second = TESSERA_SOURCE_RESOURCES;
    if (liesInSources())
        std::swap(first, second);
    for (const fs::path &candidate : {first, second})
        if (fs::is_directory(candidate, ignored))
            return candidate;
    throw Error(ErrorCode::FileRead, std::string("The program's resources folder was not found: expected ")
                                         + TESSERA_INSTALL_RESOURCES + " or the folder named by TESSERA_RESOURCES.");
}

} // namespace tessera::models
