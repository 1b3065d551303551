#include "models/yaml.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

#include "models/error.h"

#ifndef TESSERA_HEADLESS
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>
#endif

namespace tessera::models
{

namespace
{

using nlohmann::json;

[[noreturn]] void failAt(const std::filesystem::path &path, int64_t line, const std::string &what)
{
    throw Error(ErrorCode::FileFormat,
                "'" + path.string() + "', line " + std::to_string(std::max<int64_t>(line, 1)) + ": " + oneLine(what));
}

constexpr int kMaxDepth = 64;
constexpr uintmax_t kMaxBytes = 16 << 20; // of a file, and of a document's words however often aliases repeat them

// Values are copied and destroyed level by level, each on the stack: a text of brackets alone would use all of it up.
void guardDepth(const std::string &text, const std::filesystem::path &path)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\')
            ++i; // what follows ends no string
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == ']' || c == '}'))
            --depth;
        else if (!quoted && (c == '[' || c == '{') && ++depth > kMaxDepth)
            failAt(path, 1 + std::count(text.begin(), text.begin() + std::ptrdiff_t(i), '\n'),
                   "this is nested too deeply to read, expected at most " + std::to_string(kMaxDepth) + " levels");
    }
}

#ifndef TESSERA_HEADLESS

constexpr int kMaxNodes = 100'000; // aliases can blow a small file up

template<typename T>
std::optional<T> wholeNumber(const std::string &text)
{
    const char *begin = text.data() + (text.size() > 1 && text[0] == '+' ? 1 : 0);
    const char *end = text.data() + text.size();
    T value{};
    const auto result = std::from_chars(begin, end, value);
    return result.ec == std::errc() && result.ptr == end ? std::optional<T>(value) : std::nullopt;
}

bool isOneOf(const std::string &text, std::initializer_list<const char *> words)
{
    return std::any_of(words.begin(), words.end(), [&](const char *word) { return text == word; });
}

// YAML 1.2, section 10.3.2.
json plainScalar(const std::string &text)
{
    if (isOneOf(text, {"", "~", "null", "Null", "NULL"})) {
        return nullptr;
    }
    if (isOneOf(text, {"true", "True", "TRUE"})) {
        return true;
    }
    if (isOneOf(text, {"false", "False", "FALSE"})) {
        return false;
    }
    if (const auto integer = wholeNumber<int64_t>(text)) {
        return *integer;
    }
    // from_chars also reads words such as "infinity", which are strings in YAML.
    if (text.find_first_not_of("0123456789+-.eE") == std::string::npos) {
        if (const auto number = wholeNumber<double>(text)) {
            return *number;
        }
    }
    return text;
}

// Looks at a text's events alone, before anything is built of them, and throws Error at the second document or at too
// many nodes. yaml-cpp finds documents without end in some damaged texts, so that a reader of all of them would never
// return.
class TextGuard : public YAML::EventHandler
{
public:
    explicit TextGuard(const std::filesystem::path &path) : m_path(path) {}

    void OnDocumentStart(const YAML::Mark &mark) override
    {
        if (++m_documents > 1) {
            failAt(m_path, mark.line + 1, "a second document begins here; expected one");
        }
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark &mark, YAML::anchor_t) override { count(mark); }
    void OnAlias(const YAML::Mark &mark, YAML::anchor_t) override { count(mark); }
    void OnScalar(const YAML::Mark &mark, const std::string &, YAML::anchor_t, const std::string &) override
    {
        count(mark);
    }
    void OnSequenceStart(const YAML::Mark &mark, const std::string &, YAML::anchor_t,
                         YAML::EmitterStyle::value) override
    {
        count(mark);
    }
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark &mark, const std::string &, YAML::anchor_t, YAML::EmitterStyle::value) override
    {
        count(mark);
    }
    void OnMapEnd() override {}

private:
    void count(const YAML::Mark &mark)
    {
        if (++m_nodes > 2 * kMaxNodes) { // keys are nodes as well
            failAt(m_path, mark.line + 1, "this is too large to read");
        }
    }

    const std::filesystem::path &m_path;
    int m_documents = 0;
    int m_nodes = 0;
};

void guardText(const std::string &text, const std::filesystem::path &path)
{
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TextGuard guard(path);
    while (parser.HandleNextDocument(guard)) {
    }
}

class YamlReader
{
public:
    explicit YamlReader(const std::filesystem::path &path) : m_path(path) {}

    json read(const YAML::Node &node, int depth = 0)
    {
        if (depth > kMaxDepth || ++m_nodes > kMaxNodes) {
            failAt(m_path, node.Mark().line + 1, "this is nested too deeply or too large to read");
        }
        countWords(node);
        if (node.IsSequence()) {
            json list = json::array();
            for (const YAML::Node &item : node) {
                list.push_back(read(item, depth + 1));
            }
            return list;
        }
        if (node.IsMap()) {
            return readMap(node, depth);
        }
        return node.IsScalar() ? scalar(node) : json();
    }

private:
    void countWords(const YAML::Node &node)
    {
        m_bytes += node.Scalar().size();
        if (m_bytes > kMaxBytes) {
            failAt(m_path, node.Mark().line + 1,
                   "with this there are more than " + std::to_string(kMaxBytes)
                       + " bytes of words, which is too large");
        }
    }

    // The tag of a plain scalar is "?", that of a quoted one "!". Tags with other names ask for objects of some
    // program.
    json scalar(const YAML::Node &node) const
    {
        const std::string &tag = node.Tag();
        if (tag == "!" || tag == "tag:yaml.org,2002:str") {
            return node.Scalar();
        }
        if (!tag.empty() && tag != "?" && !tag.starts_with("tag:yaml.org,2002:")) {
            failAt(m_path, node.Mark().line + 1, "the tag '" + tag + "' is not known");
        }
        return plainScalar(node.Scalar());
    }

    json readMap(const YAML::Node &node, int depth)
    {
        json map = json::object();
        for (const auto &entry : node) {
            if (!entry.first.IsScalar()) {
                failAt(m_path, entry.first.Mark().line + 1, "a key must be a word");
            }
            countWords(entry.first);
            const std::string &key = entry.first.Scalar();
            if (map.contains(key)) {
                failAt(m_path, entry.first.Mark().line + 1, "'" + key + "' stands here for the second time");
            }
            map[key] = read(entry.second, depth + 1);
        }
        return map;
    }

    const std::filesystem::path &m_path;
    int m_nodes = 0;
    uintmax_t m_bytes = 0;
};

#endif

} // namespace

std::string readTextFile(const std::filesystem::path &path, const std::string &what)
{
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
        throw Error(ErrorCode::FileRead, "There is no " + what + " '" + path.string() + "'");
    }
    const uintmax_t bytes = std::filesystem::file_size(path, error);
    if (!error && bytes > kMaxBytes) {
        throw Error(ErrorCode::FileRead, "The " + what + " '" + path.string() + "' has " + std::to_string(bytes)
                                             + " bytes; expected a text of at most " + std::to_string(kMaxBytes));
    }
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) {
        throw Error(ErrorCode::FileRead, "The " + what + " '" + path.string() + "' cannot be read");
    }
    return text.str();
}

std::string oneLine(std::string text)
{
    constexpr size_t kMost = 300;
    if (text.size() > kMost) {
        text = text.substr(0, kMost) + "...";
    }
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
    return text;
}

json parseJsonText(const std::string &text, const std::filesystem::path &path)
{
    guardDepth(text, path);
    try {
        return json::parse(text);
    } catch (const json::parse_error &error) {
        const auto end = text.begin() + std::ptrdiff_t(std::min(error.byte, text.size()));
        failAt(path, 1 + std::count(text.begin(), end, '\n'), "this is not valid JSON");
    } catch (const json::out_of_range &) { // which does not tell where
        throw Error(ErrorCode::FileFormat, "'" + path.string() + "': a number in it is too large to read");
    }
}

#ifndef TESSERA_HEADLESS

json parseYamlText(const std::string &text, const std::filesystem::path &path)
{
    try {
        guardText(text, path);
        return YamlReader(path).read(YAML::Load(text));
    } catch (const YAML::Exception &error) {
        failAt(path, error.mark.line + 1, "this is not valid YAML: " + error.msg);
    }
}

#else

json parseYamlText(const std::string &, const std::filesystem::path &path)
{
    throw Error(ErrorCode::FileFormat,
                "'" + path.string() + "' is YAML, which this headless build does not read; " + "write it as .json");
}

#endif

} // namespace tessera::models
