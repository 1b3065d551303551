#include "models/checkpoint/statedictfinder.h"

#include <sstream>

#include "models/checkpoint/numpyvalue.h"

namespace tessera::models
{

namespace
{

constexpr size_t kMaxFacts = 100;
constexpr size_t kMaxFactText = 200;
constexpr size_t kMaxListedKeys = 8;

std::string realText(double value)
{
    std::ostringstream text;
    text << value;
    return text.str();
}

} // namespace

std::vector<NodeId> StateDictFinder::find(NodeId root) const
{
    const auto entries = pairs(root);
    if (!entries)
        damaged(m_source, "it holds " + describe(root) + ", expected a dictionary with a state_dict");
    for (size_t i = 0; i < entries->size(); i += 2) {
        if (m_graph.text((*entries)[i]) != "state_dict")
            continue;
        auto found = pairs((*entries)[i + 1]);
        if (!found)
            damaged(m_source, "its state_dict is " + describe((*entries)[i + 1]) + ", expected a dictionary");
        return std::move(*found);
    }
    if (!isStateDict(*entries))
        damaged(m_source, "it holds no state_dict; its keys are " + keysOf(*entries));
    return *entries;
}

std::optional<std::vector<NodeId>> StateDictFinder::pairs(NodeId node) const
{
    const auto set = m_graph.pairs(node);
    std::vector<NodeId> result(set.begin(), set.end());
    if (m_graph.kind(node) == PickleKind::Dict || !result.empty())
        return result;
    if (m_graph.kind(node) != PickleKind::Call || m_graph.globalName(m_graph.callee(node)) != "collections.OrderedDict")
        return std::nullopt;
    // Python 2 made an OrderedDict from a list of pairs.
    const auto arguments = m_graph.members(m_graph.arguments(node));
    for (const NodeId pair : arguments.empty() ? arguments : m_graph.members(arguments[0])) {
        const auto members = m_graph.members(pair);
        if (members.size() != 2)
            damaged(m_source, "an OrderedDict in its pickle is made from something else than pairs");
        result.insert(result.end(), members.begin(), members.end());
    }
    return result;
}

// Counters of the training may stand beside the tensors.
bool StateDictFinder::isStateDict(const std::vector<NodeId> &pairs) const
{
    bool holdsTensor = false;
    for (size_t i = 0; i < pairs.size(); i += 2) {
        const PickleKind kind = m_graph.kind(pairs[i + 1]);
        const bool isTensor = m_tensors.isTensor(pairs[i + 1]);
        const bool isPlain = kind == PickleKind::Bool || kind == PickleKind::Int || kind == PickleKind::Float
                             || kind == PickleKind::Text;
        if (!m_graph.text(pairs[i]) || (!isTensor && !isPlain))
            return false;
        holdsTensor = holdsTensor || isTensor;
    }
    return holdsTensor;
}

std::string StateDictFinder::keysOf(const std::vector<NodeId> &pairs) const
{
    std::string text;
    for (size_t i = 0; i < pairs.size(); i += 2) {
        if (i / 2 == kMaxListedKeys)
            return text + " and " + std::to_string(pairs.size() / 2 - kMaxListedKeys) + " more";
        const auto key = m_graph.text(pairs[i]);
        text += (text.empty() ? "" : ", ") + (key ? inQuotes(*key) : describe(pairs[i]));
    }
    return text.empty() ? "none" : text;
}

std::map<std::string, std::string> StateDictFinder::facts(NodeId root) const
{
    std::map<std::string, std::string> result;
    const auto entries = pairs(root).value_or(std::vector<NodeId>());
    for (size_t i = 0; i < entries.size() && result.size() < kMaxFacts; i += 2) {
        const auto key = m_graph.text(entries[i]);
        if (!key || *key == "state_dict" || m_tensors.isTensor(entries[i + 1]) || key->size() > kMaxFactText
            || !isUtf8(*key))
            continue;
        const auto text = m_graph.text(entries[i + 1]);
        const bool whole = text && text->size() <= kMaxFactText && isUtf8(*text);
        result[std::string(*key)] = whole ? std::string(*text) : describe(entries[i + 1]);
    }
    return result;
}

std::string StateDictFinder::describe(NodeId node) const
{
    const auto counted = [](const char *what, size_t count) { return what + std::to_string(count); };
    switch (m_graph.kind(node)) {
    case PickleKind::None:
        return "none";
    case PickleKind::Bool:
        return *m_graph.boolean(node) ? "true" : "false";
    case PickleKind::Int:
        return std::to_string(*m_graph.integer(node));
    case PickleKind::Float:
        return realText(*m_graph.real(node));
    case PickleKind::BigInt:
        return "a number beyond 64 bits";
    case PickleKind::Text:
        return "the text " + inQuotes(*m_graph.text(node));
    case PickleKind::Bytes:
        return counted("bytes, ", m_graph.bytes(node)->size());
    case PickleKind::Tuple:
        return counted("a tuple of ", m_graph.members(node).size());
    case PickleKind::List:
        return counted("a list of ", m_graph.members(node).size());
    case PickleKind::Set:
        return counted("a set of ", m_graph.members(node).size());
    case PickleKind::Dict:
        return counted("a dictionary of ", m_graph.pairs(node).size() / 2);
    case PickleKind::Global:
        return "the class " + inQuotes(m_graph.globalName(node));
    case PickleKind::Persistent:
        return "a storage";
    case PickleKind::Call:
        break;
    }
    if (const auto number = NumpyReader(m_graph).numberText(node))
        return *number;
    const std::string &callee = m_graph.globalName(m_graph.callee(node));
    return m_tensors.isTensor(node) ? "a tensor" : "an object of " + inQuotes(callee.empty() ? "?" : callee);
}

} // namespace tessera::models
