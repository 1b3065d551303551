#include "models/training/lineage.h"

#include <map>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/error.h"
#include "models/modelfile.h"
#include "models/yaml.h"

namespace tessera::models
{

namespace
{

using nlohmann::json;

// JSON within text would be escaped once more by every run of a chain. Texts of other make stay what they are.
json unwrapped(const std::map<std::string, std::string> &notes, const std::string &path)
{
    json told = notes;
    for (const char *key : {"recipe", "lineage"}) {
        const auto note = notes.find(key);
        try {
            if (note != notes.end())
                told[key] = parseJsonText(note->second, path);
        } catch (const Error &) {
        }
    }
    return told;
}

} // namespace

std::string lineageOf(const json &recipe)
{
    std::map<std::string, std::vector<std::string>> keys; // by file: one that serves as many things is told once
    for (const char *key : {"start", "first_stage", "condition_stage", "depth_stage", "edges_stage"})
        if (const auto named = recipe.find(key); named != recipe.end() && named->is_string() && *named != "")
            keys[named->get<std::string>()].emplace_back(key);
    json lineage = json::array();
    for (const auto &[path, names] : keys) {
        const std::map<std::string, std::string> notes = ModelFile::open(path).notes;
        if (!notes.contains("recipe"))
            continue;
        lineage.push_back(unwrapped(notes, path));
        lineage.back()["for"] = names;
    }
    return lineage.empty() ? "" : lineage.dump();
}

} // namespace tessera::models
