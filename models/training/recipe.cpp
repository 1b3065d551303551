#include "models/training/recipe.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <utility>

#include "models/error.h"

namespace tessera::models
{

using nlohmann::json;

namespace
{

// As JSON in ASCII, cut to a readable length; what is nested in words.
std::string shown(const json &node)
{
    constexpr size_t kMost = 60;
    if (node.is_object())
        return "a mapping";
    if (node.is_array())
        return "a list";
    const std::string text = node.dump(-1, ' ', true, json::error_handler_t::replace);
    return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

template<typename T>
std::optional<T> wholeNumber(const json &node)
{
    if (node.is_number_unsigned() && std::in_range<T>(node.get<uint64_t>()))
        return T(node.get<uint64_t>());
    if (node.is_number_integer() && !node.is_number_unsigned() && std::in_range<T>(node.get<int64_t>()))
        return T(node.get<int64_t>());
    if (!node.is_number_float())
        return std::nullopt;
    constexpr double kExact = 0x1p53; // beyond it not every whole number is a double
    const double number = node.get<double>();
    if (std::floor(number) != number || !(std::abs(number) <= kExact) || !std::in_range<T>(int64_t(number)))
        return std::nullopt;
    return T(number); // such as 2e5 steps
}

template<typename T>
bool assign(const std::optional<T> &found, T &value)
{
    if (found)
        value = *found;
    return found.has_value();
}

} // namespace

Recipe::Recipe(json node, std::string path) : m_node(std::move(node)), m_path(std::move(path))
{
    if (!m_node.is_object())
        throw Error(ErrorCode::InvalidArgument,
                    "'" + m_path + "' is " + shown(m_node) + ", expected a mapping of keys to values.");
}

double Recipe::below(const std::string &key, double least, double limit, double otherwise)
{
    const double found = valueOr<double>(key, otherwise);
    if (!(found >= least && found < limit))
        refuse(key, "at least " + numberText(least) + " and below " + numberText(limit), numberText(found));
    return found;
}

Recipe Recipe::child(const std::string &key)
{
    m_asked.insert(key);
    return Recipe(has(key) ? m_node.at(key) : json::object(), m_path + "." + key);
}

std::vector<Recipe> Recipe::children(const std::string &key)
{
    m_asked.insert(key);
    std::vector<Recipe> all;
    if (!has(key))
        return all;
    if (!m_node.at(key).is_array())
        refuse(key, "a list");
    for (const json &entry : m_node.at(key))
        all.emplace_back(entry, m_path + "." + key + "[" + std::to_string(all.size()) + "]");
    return all;
}

void Recipe::finish() const
{
    for (const auto &[key, value] : m_node.items())
        if (!m_asked.contains(key))
            throw Error(ErrorCode::InvalidArgument, "'" + m_path + "." + key + "' is not a key this recipe can have.");
}

void Recipe::expectUnstated(const std::string &key, const std::string &when) const
{
    if (has(key))
        throw Error(ErrorCode::InvalidArgument,
                    "'" + m_path + "." + key + "' is stated, but nothing looks at it " + when + ": leave it out.");
}

void Recipe::refuse(const std::string &key, const std::string &expected, const std::string &otherwise) const
{
    throw Error(ErrorCode::InvalidArgument, "'" + m_path + "." + key + "' is "
                                                + (has(key) ? shown(m_node.at(key)) : otherwise) + ", expected "
                                                + expected + ".");
}

void Recipe::refuseMissing(const std::string &key) const
{
    throw Error(ErrorCode::InvalidArgument, "'" + m_path + "." + key + "' is missing.");
}

bool Recipe::read(const json &node, bool &value)
{
    if (node.is_boolean())
        value = node.get<bool>();
    return node.is_boolean();
}

bool Recipe::read(const json &node, int &value)
{
    return assign(wholeNumber<int>(node), value);
}

bool Recipe::read(const json &node, int64_t &value)
{
    return assign(wholeNumber<int64_t>(node), value);
}

bool Recipe::read(const json &node, uint64_t &value)
{
    return assign(wholeNumber<uint64_t>(node), value);
}

bool Recipe::read(const json &node, double &value)
{
    if (!node.is_number() || !std::isfinite(node.get<double>()))
        return false;
    value = node.get<double>();
    return true;
}

bool Recipe::read(const json &node, std::string &value)
{
    if (!node.is_string())
        return false;
    try {
        node.dump(); // refuses what is not UTF-8: no model's file could hold it
    } catch (const json::exception &) {
        return false;
    }
    value = node.get<std::string>();
    return true;
}

bool Recipe::read(const json &node, json &value)
{
    value = node;
    return true;
}

std::string Recipe::numberText(double number)
{
    char text[32];
    std::snprintf(text, sizeof text, "%g", number);
    return text;
}

} // namespace tessera::models
