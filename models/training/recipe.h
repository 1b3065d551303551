// Reading of recipes: typed access that names the key, what was found and what was expected, and that tells which keys
// nobody asked for.
#pragma once

#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "models/error.h"

namespace tessera::models
{

class Recipe
{
public:
    // `path` is how the node is called in messages.
    explicit Recipe(nlohmann::json node, std::string path = "recipe") : m_node(std::move(node)), m_path(std::move(path))
    {
        if (!m_node.is_object())
            throw Error(ErrorCode::InvalidArgument, "'" + m_path + "' is " + std::string(m_node.type_name())
                                                        + ", expected a mapping of keys to values.");
    }

    bool has(const std::string &key) const { return m_node.contains(key); }

    template<typename T>
    T value(const std::string &key)
    {
        m_asked.insert(key);
        if (!has(key))
            throw Error(ErrorCode::InvalidArgument, "'" + m_path + "." + key + "' is missing.");
        try {
            return m_node.at(key).get<T>();
        } catch (const nlohmann::json::exception &) {
            throw Error(ErrorCode::InvalidArgument,
                        "'" + m_path + "." + key + "' is " + m_node.at(key).dump() + ", which is of the wrong type.");
        }
    }

    template<typename T>
    T valueOr(const std::string &key, T otherwise)
    {
        m_asked.insert(key);
        return has(key) ? value<T>(key) : otherwise;
    }

    // A number of at least `least`.
    template<typename T>
    T atLeast(const std::string &key, T least, T otherwise)
    {
        const T found = valueOr<T>(key, otherwise);
        if (!(found >= least))
            throw Error(ErrorCode::InvalidArgument, "'" + m_path + "." + key + "' is " + nlohmann::json(found).dump()
                                                        + ", expected at least " + nlohmann::json(least).dump() + ".");
        return found;
    }

    Recipe child(const std::string &key)
    {
        m_asked.insert(key);
        return Recipe(has(key) ? m_node.at(key) : nlohmann::json::object(), m_path + "." + key);
    }

    // Throws Error (InvalidArgument) when a key was not asked for: a misspelt key must not be silently ignored.
    void finish() const
    {
        for (const auto &[key, value] : m_node.items())
            if (!m_asked.contains(key))
                throw Error(ErrorCode::InvalidArgument,
                            "'" + m_path + "." + key + "' is not a key this recipe can have.");
    }

private:
    nlohmann::json m_node;
    std::string m_path;
    std::set<std::string> m_asked;
};

} // namespace tessera::models
