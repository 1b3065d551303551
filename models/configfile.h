// Configurations of models as files: the original's project files (YAML), or the same as JSON.
#pragma once

#include <filesystem>

#include <nlohmann/json.hpp>

#include "models/config.h"

namespace tessera::models
{

// Reads a .yaml, .yml or .json file that describes a model: an object with the key "model". Nothing in it is executed.
// Throws Error (FileRead, FileFormat) naming the file: a web page or a checkpoint saved under such a name is said to be
// one, and so is the file of a run's other settings that lies beside a project file.
nlohmann::json readConfigDocument(const std::filesystem::path &path);

// The same as a configuration. Throws also Error (ModelMismatch), as ModelConfig::fromJson does, naming the file.
ModelConfig readConfigFile(const std::filesystem::path &path);

} // namespace tessera::models
