// Reading of recipes: typed access that names the key, what was found and what was expected, and that tells which keys
// nobody asked for.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <nlohmann/json.hpp>

namespace tessera::models
{

class Recipe
{
public:
    // `path` is how the node is called in messages. This and all below throw Error (InvalidArgument): one sentence that
    // names the key, what was found and what was expected.
    explicit Recipe(nlohmann::json node, std::string path = "recipe");

    bool has(const std::string &key) const { return m_node.contains(key); }
    const std::string &path() const { return m_path; }

    // T: bool, int, int64_t, uint64_t, double, std::string, a vector of int64_t or of std::string, nlohmann::json. A
    // number with a fraction is no whole number, and one that T cannot hold is not cut to what it can.
    template<typename T>
    T value(const std::string &key)
    {
        m_asked.insert(key);
        if (!has(key))
            refuseMissing(key);
        T found{};
        if (!read(m_node.at(key), found))
            refuse(key, kindOf<T>());
        return found;
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
            refuse(key, "at least " + numberText(least), numberText(found));
        return found;
    }

    // A number from `least` to `most`, both allowed.
    template<typename T>
    T between(const std::string &key, T least, T most, T otherwise)
    {
        m_asked.insert(key);
        T found = otherwise;
        const bool fits = !has(key) || read(m_node.at(key), found);
        if (!fits || !(found >= least && found <= most))
            refuse(key, kindOf<T>() + " from " + numberText(least) + " to " + numberText(most), numberText(found));
        return found;
    }

    // A number from `least` on that stays below `limit`.
    double below(const std::string &key, double least, double limit, double otherwise);
    double share(const std::string &key, double otherwise) { return between<double>(key, 0, 1, otherwise); }

    Recipe child(const std::string &key);
    // The mappings of a list; none where the key is missing.
    std::vector<Recipe> children(const std::string &key);

    // Keys that somebody else reads.
    void allow(std::initializer_list<const char *> keys) { m_asked.insert(keys.begin(), keys.end()); }
    // Throws when a key was not asked for: a misspelt key must not be silently ignored.
    void finish() const;

    // Throws where the key is there although nothing looks at it; `when` says when that is so.
    void expectUnstated(const std::string &key, const std::string &when) const;

    // Throws "'PATH.KEY' is FOUND, expected EXPECTED."; `otherwise` is what is found where the key is missing.
    [[noreturn]] void refuse(const std::string &key, const std::string &expected,
                             const std::string &otherwise = "missing") const;

private:
    // False where the value is of another type or out of the type's range.
    static bool read(const nlohmann::json &node, bool &value);
    static bool read(const nlohmann::json &node, int &value);
    static bool read(const nlohmann::json &node, int64_t &value);
    static bool read(const nlohmann::json &node, uint64_t &value);
    static bool read(const nlohmann::json &node, double &value);
    static bool read(const nlohmann::json &node, std::string &value);
    static bool read(const nlohmann::json &node, nlohmann::json &value);
    template<typename T>
    static bool read(const nlohmann::json &node, std::vector<T> &values)
    {
        for (const nlohmann::json &entry : node)
            if (!node.is_array() || !read(entry, values.emplace_back()))
                return false;
        return node.is_array();
    }

    template<typename T>
    static std::string kindOf()
    {
        if constexpr (std::is_same_v<T, bool>)
            return "true or false";
        else if constexpr (std::is_same_v<T, uint64_t>)
            return "a whole number of at least 0";
        else if constexpr (std::is_integral_v<T>)
            return "a whole number";
        else if constexpr (std::is_floating_point_v<T>)
            return "a number";
        else if constexpr (std::is_same_v<T, std::string>)
            return "a text in UTF-8";
        else if constexpr (std::is_same_v<T, std::vector<int64_t>>)
            return "a list of whole numbers";
        else
            return "a list of texts";
    }
    static std::string numberText(double number);
    static std::string numberText(int number) { return std::to_string(number); }
    static std::string numberText(int64_t number) { return std::to_string(number); }
    [[noreturn]] void refuseMissing(const std::string &key) const;

    nlohmann::json m_node;
    std::string m_path;
    std::set<std::string> m_asked;
};

} // namespace tessera::models
