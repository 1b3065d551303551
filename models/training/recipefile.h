// Recipes of training runs as files.
#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

namespace tessera::models
{

// Reads a .json, .yaml or .yml file; plain YAML scalars become null, booleans, numbers or strings by the
// YAML 1.2 core rules. Nothing in the file is executed. YAML needs a build with yaml-cpp, which the headless
// one does not have. Throws Error (FileRead, FileFormat) naming the file and, for YAML and JSON alike, the
// line.
nlohmann::json readRecipe(const std::filesystem::path &path);

} // namespace tessera::models
