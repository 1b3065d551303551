#include "models/configfile.h"

#include <algorithm>
#include <cctype>

#include "models/error.h"
#include "models/yaml.h"

namespace tessera::models
{

using nlohmann::json;

namespace
{

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path &path, const std::string &what)
{
    throw Error(ErrorCode::FileFormat, "The configuration '" + path.string() + "' " + what + ".");
}

// The first characters that are no white space, in lower case.
std::string beginning(const std::string &text)
{
    constexpr size_t kLetters = 16;
    const size_t mark = text.starts_with("\xef\xbb\xbf") ? 3 : 0; // byte order mark
    const auto first =
        std::find_if(text.begin() + std::ptrdiff_t(mark), text.end(), [](unsigned char c) { return !std::isspace(c); });
    std::string start(first, first + std::ptrdiff_t(std::min(kLetters, size_t(text.end() - first))));
    std::ranges::transform(start, start.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return start;
}

// Servers answer with an error page, and some tools save it under the name that was asked for.
void refuseOtherFiles(const fs::path &path, const std::string &text)
{
    const std::string start = beginning(text);
    if (start.empty())
        refuse(path, "is empty");
    if (start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<head")
        || start.starts_with("<?xml"))
        refuse(path, "is a web page: the download failed; expected the model's YAML");
    if (text.starts_with("PK\x03\x04") || text.starts_with("\x80\x02"))
        refuse(path, "is a checkpoint; expected the YAML that belongs to it");
    if (text.find('\0') != std::string::npos)
        refuse(path, "is no text; expected the model's YAML");
}

json parsed(const fs::path &path, const std::string &text)
{
    const std::string suffix = path.extension().string();
    if (suffix == ".json")
        return parseJsonText(text, path);
    if (suffix == ".yaml" || suffix == ".yml")
        return parseYamlText(text, path);
    refuse(path, "ends in '" + suffix + "'; expected .yaml, .yml or .json");
}

} // namespace

json readConfigDocument(const fs::path &path)
{
    const std::string text = readTextFile(path, "configuration");
    refuseOtherFiles(path, text);
    json document = parsed(path, text);
    if (!document.is_object())
        refuse(path, std::string("holds a single ") + document.type_name() + "; expected keys and values");
    if (document.contains("model"))
        return document;
    if (document.contains("lightning"))
        refuse(path, "says how a model was trained, not what it is; expected the file ending in -project.yaml");
    refuse(path, "has no key 'model'; expected the project file of a model");
}

ModelConfig readConfigFile(const fs::path &path)
{
    const json document = readConfigDocument(path);
    try {
        return ModelConfig::fromJson(document);
    } catch (const Error &error) {
        throw Error(error.code(), "'" + path.string() + "': " + error.what());
    }
}

} // namespace tessera::models
