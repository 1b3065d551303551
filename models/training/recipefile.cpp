#include "models/training/recipefile.h"

#include "models/error.h"
#include "models/yaml.h"

namespace tessera::models
{

using nlohmann::json;

json readRecipe(const std::filesystem::path &path)
{
    const std::string text = readTextFile(path, "recipe");
    const std::string suffix = path.extension().string();
    if (suffix != ".json" && suffix != ".yaml" && suffix != ".yml") {
        throw Error(ErrorCode::FileFormat,
                    "The recipe '" + path.string() + "' ends in '" + suffix + "'; expected .json, .yaml or .yml");
    }
    const json recipe = suffix == ".json" ? parseJsonText(text, path) : parseYamlText(text, path);
    if (!recipe.is_object()) {
        throw Error(ErrorCode::FileFormat,
                    "The recipe '" + path.string() + "' holds " + recipe.type_name() + "; expected keys and values");
    }
    return recipe;
}

} // namespace tessera::models
