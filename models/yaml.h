// YAML and JSON files as values: recipes of training runs, configurations of models.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace tessera::models
{

// The content of a file of at most 16 MiB. `what` is its kind for messages, such as "recipe". Throws Error (FileRead).
std::string readTextFile(const std::filesystem::path &path, const std::string &what);

// `path` is what errors call the text. Nothing in it is executed. Each throws Error (FileFormat) that names the line.
nlohmann::json parseJsonText(const std::string &text, const std::filesystem::path &path);
// One YAML document; plain scalars become null, booleans, numbers or strings by the YAML 1.2 core rules. Needs a build
// with yaml-cpp, which the headless one does not have.
nlohmann::json parseYamlText(const std::string &text, const std::filesystem::path &path);

// Words from a file as part of a message: control characters become spaces, and what is too long is cut.
std::string oneLine(std::string text);

} // namespace tessera::models
