// Where the files that come with the program lie.
#pragma once

#include <filesystem>

namespace tessera::models
{

// $TESSERA_RESOURCES where that is set, else the installed folder, else the source tree's; a program that lies in the
// source tree takes that tree's first, for an installed one may be of another time. Throws Error (FileRead) when there
// is none.
std::filesystem::path resourceFolder();

} // namespace tessera::models
