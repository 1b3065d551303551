// Where the files that come with the program lie.
#pragma once

#include <filesystem>

namespace tessera::models
{

// $TESSERA_RESOURCES, else the installed folder, else the source tree's. Throws Error (FileRead) when none exists.
std::filesystem::path resourceFolder();

} // namespace tessera::models
