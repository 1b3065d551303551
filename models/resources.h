// Where the files that come with the program lie.
#pragma once

#include <filesystem>

namespace tessera::models
{

// $TESSERA_RESOURCES where that is set, else the installed folder, else the source tree's. Throws Error (FileRead) when
// it does not exist.
std::filesystem::path resourceFolder();

} // namespace tessera::models
