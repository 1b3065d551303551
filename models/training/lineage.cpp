#include "models/training/lineage.h"

#include <algorithm>
#include <filesystem>
#include <map>

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
json unwrapped(const std::map<std::string, std::string> &notes, const char *key, const std::filesystem::path &path)
{
    try {
        return parseJsonText(notes.at(key), path);
    } catch (const Error &) {
        return notes.at(key);
    }
}

void addOnce(json &lineage, const json &told)
{
    if (std::ranges::find(lineage, told) == lineage.end())
        lineage.push_back(told);
}

} // namespace

std::string lineageOf(const json &recipe)
{
    std::map<std::filesystem::path, json> keys; // by file: one that serves as many things is told once
    for (const char *key : {"start", "first_stage", "condition_stage", "depth_stage", "edges_stage"})
        if (const auto named = recipe.find(key); named != recipe.end() && named->is_string() && *named != "")
            keys[ModelFile::resolve(named->get<std::string>())].push_back(key);
    json lineage = json::array(), before = json::array();
    for (const auto &[path, names] : keys) {
        const std::map<std::string, std::string> notes = ModelFile::open(path).notes;
        if (!notes.contains("recipe"))
            continue;
        json told = notes;
        told["recipe"] = unwrapped(notes, "recipe", path);
        told["for"] = names;
        told.erase("lineage");
        addOnce(lineage, told);
        if (notes.contains("lineage"))
            for (const json &earlier : unwrapped(notes, "lineage", path))
                addOnce(before, earlier);
    }
    for (const json &earlier : before)
        addOnce(lineage, earlier);
    return lineage.empty() ? "" : lineage.dump();
}

} // namespace tessera::models
