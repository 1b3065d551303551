// Whether what a long run writes in the end can be written: found out before it, not after.
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include <unistd.h>

#include "models/error.h"

namespace tessera::train
{

inline void expectWritableFolder(const std::filesystem::path &folder)
{
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored))
        throw Error(ErrorCode::FileWrite, "There is no folder '" + folder.string() + "' to write to.");
    if (::access(folder.c_str(), W_OK | X_OK) != 0)
        throw Error(ErrorCode::FileWrite, "The folder '" + folder.string() + "' cannot be written.");
}

// Throws Error (FileWrite) for a file in a folder that is not there or cannot be written, and for what is no file.
inline void expectWritableFile(const std::filesystem::path &file)
{
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored))
        throw Error(ErrorCode::FileWrite, "'" + file.string() + "' is a folder, expected a file to write.");
    if (std::filesystem::exists(file, ignored) && !std::filesystem::is_regular_file(file, ignored))
        throw Error(ErrorCode::FileWrite, "'" + file.string() + "' is no regular file.");
    expectWritableFolder(file.has_parent_path() ? file.parent_path() : ".");
}

// The same for a folder that may have to be made. Makes it.
inline void makeWritableFolder(const std::filesystem::path &folder)
{
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure)
        throw Error(ErrorCode::FileWrite,
                    "The folder '" + folder.string() + "' cannot be made: " + failure.message() + ".");
    expectWritableFolder(folder);
}

} // namespace tessera::train
