#pragma once

#include <filesystem>
#include <string>

namespace tessera::models
{

inline constexpr char kSetEnding[] = ".safetensors.index.json";

// Whether a path names the index of several .safetensors files (safetensorsset.h), by its ending.
inline bool namesSafetensorsSet(const std::filesystem::path &path)
{
    return path.filename().string().ends_with(kSetEnding);
}

} // namespace tessera::models
