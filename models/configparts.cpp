#include "models/configparts.h"

#include <algorithm>

#include "models/error.h"
#include "models/yaml.h"

namespace tessera::models
{

using nlohmann::json;

void failConfig(const std::string &what)
{
    throw Error(ErrorCode::ModelMismatch, "The model's configuration is not usable: " + oneLine(what) + ".");
}

std::string shownValue(const json &value)
{
    constexpr size_t kMost = 60;
    // Not printed: what comes from a damaged file may be nested deeper than the stack.
    if (value.is_object())
        return "an object with " + std::to_string(value.size()) + " keys";
    if (std::any_of(value.begin(), value.end(), [](const json &item) { return item.is_structured(); }))
        return "a list of lists or objects";
    std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
    if (text.size() > kMost)
        text.replace(kMost, std::string::npos, "...");
    return text;
}

const json &configChild(const json &node, const std::string &key)
{
    if (!node.is_object())
        failConfig("the key '" + key + "' is missing: there is " + shownValue(node) + " instead of keys and values");
    if (!node.contains(key))
        failConfig("the key '" + key + "' is missing");
    return node.at(key);
}

const json &configChildOrNull(const json &node, const std::string &key)
{
    static const json kNull;
    return configHas(node, key) ? node.at(key) : kNull;
}

void expectBetween(const std::string &key, int64_t found, int64_t least, int64_t most)
{
    if (found < least || found > most)
        failConfig("'" + key + "' is " + std::to_string(found) + ", expected " + std::to_string(least) + " to "
                   + std::to_string(most));
}

std::string targetClass(const json &node)
{
    if (!configHas(node, "target"))
        return {};
    const auto target = configValue<std::string>(node, "target");
    return target.substr(target.rfind('.') + 1); // npos + 1 is 0
}

TokenRange tokenRangeFrom(const json &node, const std::string &key)
{
    constexpr int64_t kMostTokens = 1 << 22; // far beyond every vocabulary there is
    const auto pair = configValue<std::vector<int64_t>>(node, key);
    if (pair.size() != 2)
        failConfig("'" + key + "' is not a pair [first, count]");
    for (const int64_t number : pair)
        expectBetween(key, number, 0, kMostTokens);
    return {pair[0], pair[1]};
}

json tokenRangeJson(const TokenRange &range)
{
    return json::array({range.first, range.count});
}

PermuterKind permuterFrom(const json &params, int64_t window)
{
    if (!configHas(params, "permuter_config"))
        return PermuterKind::Identity;
    const json &node = params.at("permuter_config");
    const std::string name = targetClass(node);
    const auto kind = permuterKindFrom(name);
    if (!kind)
        failConfig("the permuter '" + name + "' is not known");
    for (const char *side : {"H", "W"})
        if (configHas(node, "params") && configHas(node.at("params"), side)
            && configValue<int64_t>(node.at("params"), side) != window)
            failConfig(std::string("the permuter's '") + side + "' is " + shownValue(node.at("params").at(side))
                       + ", but the window is " + std::to_string(window) + " codes wide and high");
    return *kind;
}

json permuterJson(PermuterKind kind, int64_t window)
{
    const json params = kind == PermuterKind::Identity ? json::object() : json{{"H", window}, {"W", window}};
    return {{"target", "taming.modules.transformer.permuter." + permuterKindName(kind)}, {"params", params}};
}

} // namespace tessera::models
