// The parts that a model's configuration is read from and written to. For models/config*.cpp alone.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/config.h"

namespace tessera::models
{

// Throws Error (ModelMismatch): "The model's configuration is not usable: WHAT."
[[noreturn]] void failConfig(const std::string &what);

// What a key holds, for messages: as JSON, cut to a readable length; in words where it is nested.
std::string shownValue(const nlohmann::json &value);

const nlohmann::json &configChild(const nlohmann::json &node, const std::string &key);
// Null, which has no items, where there is none.
const nlohmann::json &configChildOrNull(const nlohmann::json &node, const std::string &key);
inline bool configHas(const nlohmann::json &node, const std::string &key)
{
    return node.is_object() && node.contains(key) && !node.at(key).is_null();
}

template<typename T>
T configValue(const nlohmann::json &node, const std::string &key)
{
    const nlohmann::json &found = configChild(node, key);
    // A fraction would be taken for a whole number, silently.
    const auto whole = [](const nlohmann::json &number) { return number.is_number_integer(); };
    bool fits = !std::is_same_v<T, int64_t> || whole(found);
    if constexpr (std::is_same_v<T, std::vector<int64_t>>)
        fits = std::all_of(found.begin(), found.end(), whole);
    try {
        if (fits)
            return found.get<T>();
    } catch (const nlohmann::json::exception &) {
    }
    failConfig("the key '" + key + "' holds " + shownValue(found) + ", which is of the wrong type");
}

template<typename T>
T configValueOr(const nlohmann::json &node, const std::string &key, T otherwise)
{
    return configHas(node, key) ? configValue<T>(node, key) : otherwise;
}

// Both ends are allowed.
void expectBetween(const std::string &key, int64_t found, int64_t least, int64_t most);

// The last part of a class's name: "VQModel" of "taming.models.vqgan.VQModel". "" where there is no target.
std::string targetClass(const nlohmann::json &node);

// `node` is a stage: {"target", "params"}.
bool isAutoencoder(const nlohmann::json &node);
AutoencoderConfig autoencoderFrom(const nlohmann::json &node);
nlohmann::json autoencoderJson(const AutoencoderConfig &config);

// `params` are those of the whole model. Of a ready-made condition the length stays open.
ConditionConfig conditionFrom(const nlohmann::json &params, const AutoencoderConfig &firstStage);
// Puts the keys of the condition into `params`.
void addConditionJson(const ModelConfig &config, nlohmann::json &params);

// A pair [first, count].
TokenRange tokenRangeFrom(const nlohmann::json &node, const std::string &key);
nlohmann::json tokenRangeJson(const TokenRange &range);

// The conditions in the part that the original's layout has no place for: other maps, what a stage alone reads, whether
// codes that stay are seen. `own` is that part.
void readOwnConditions(const nlohmann::json &own, ModelConfig &config);
void addOwnConditions(const ModelConfig &config, nlohmann::json &own);

ControlConfig controlFrom(const nlohmann::json &node);
nlohmann::json controlJson(const ControlConfig &control);

PermuterKind permuterFrom(const nlohmann::json &params, int64_t window);
nlohmann::json permuterJson(PermuterKind kind, int64_t window);

} // namespace tessera::models
