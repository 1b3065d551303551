// What a pickle says, as data. Classes and functions are names and nothing else: a call is a node that remembers whom
// and with what, and is never carried out (docs/decisions/0007-pickles-as-data.md).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tessera::models
{

enum class PickleKind : uint8_t {
    None,
    Bool,
    Int,
    BigInt, // beyond 64 bits
    Float,
    Text,
    Bytes,
    Tuple,
    List,
    Dict,
    Set,
    Global,    // a class or function, by name
    Call,      // an object made by calling a Global
    Persistent // something outside the pickle: a tensor's storage
};

using NodeId = uint32_t;

// Nodes in one arena, so that neither depth nor cycles matter: nothing here walks or frees recursively. Constant once
// the pickle is parsed.
class PickleGraph
{
public:
    PickleGraph() = default;
    PickleGraph(PickleGraph &&) = default;
    PickleGraph &operator=(PickleGraph &&) = default;

    PickleKind kind(NodeId node) const { return m_nodes[node].kind; }
    bool isNone(NodeId node) const { return kind(node) == PickleKind::None; }
    // Values; nothing where the node is of another kind.
    std::optional<bool> boolean(NodeId node) const;
    std::optional<int64_t> integer(NodeId node) const;
    std::optional<double> real(NodeId node) const;
    std::optional<std::string_view> text(NodeId node) const;
    // Of Bytes, and the two's complement of a BigInt, least significant byte first.
    std::optional<std::string_view> bytes(NodeId node) const;
    // Offset and length in the pickle of Text, Bytes and BigInt. Works while the graph has no source yet.
    std::pair<uint64_t, uint32_t> place(NodeId node) const { return {m_nodes[node].value, m_nodes[node].length}; }
    // "module.name"; empty where the node is no Global.
    const std::string &globalName(NodeId node) const;

    // Members of a Tuple, List or Set, and what was appended to a Call; empty for all others.
    std::span<const NodeId> members(NodeId node) const;
    // Key, value, key, value ... of a Dict, or of a Call whose object was filled like one.
    std::span<const NodeId> pairs(NodeId node) const;
    // REQUIRES for these three: kind(call) == PickleKind::Call.
    NodeId callee(NodeId call) const { return m_calls[m_nodes[call].value].callee; }
    NodeId arguments(NodeId call) const { return m_calls[m_nodes[call].value].arguments; }
    std::optional<NodeId> state(NodeId call) const;
    // What a Persistent stands for: a Tuple.
    NodeId persistentId(NodeId node) const { return NodeId(m_nodes[node].value); }

    // Every name that the pickle mentions, each once, and every Persistent.
    const std::deque<std::string> &globals() const { return m_globals; }
    const std::vector<NodeId> &persistents() const { return m_persistents; }
    // Memory held, roughly, and never less than it is.
    uint64_t footprint() const { return m_footprint; }

    // For the machine that builds it.
    NodeId addConstant(PickleKind kind, int64_t value = 0);
    NodeId addReal(double value);
    NodeId addSlice(PickleKind kind, uint64_t offset, uint64_t length); // Text, Bytes, BigInt: bytes of the pickle
    NodeId addTuple(std::span<const NodeId> members);
    NodeId addContainer(PickleKind kind); // List, Dict, Set, empty
    NodeId addGlobal(const std::string &name);
    NodeId addCall(NodeId callee, NodeId arguments);
    NodeId addPersistent(NodeId id);
    // False where `node` is no List, Set or Call, or a Call that holds pairs.
    bool append(NodeId node, std::span<const NodeId> members);
    // False where `node` is no Dict or Call, or a Call that holds members.
    bool setItems(NodeId node, std::span<const NodeId> pairs);
    // False where `node` can have no state. A Dict's is dropped: an OrderedDict keeps its own attributes there.
    bool setState(NodeId node, NodeId state);
    void setSource(std::vector<uint8_t> bytes) { m_source = std::move(bytes); }

private:
    struct Node {
        PickleKind kind = PickleKind::None;
        uint32_t length = 0;
        uint64_t value = 0;
    };
    struct CallData {
        NodeId callee = 0;
        NodeId arguments = 0;
        NodeId state = kNoState;
        uint32_t list = 0; // like a container's
        bool holdsPairs = false;
    };
    static constexpr NodeId kNoState = ~NodeId(0);

    NodeId add(PickleKind kind, uint64_t value, uint32_t length = 0);
    std::string_view slice(const Node &node) const;
    std::span<const NodeId> list(uint64_t index) const;
    uint64_t extended(uint64_t index, std::span<const NodeId> more);

    std::vector<uint8_t> m_source;
    std::deque<Node> m_nodes;
    std::vector<NodeId> m_tupleMembers;
    std::deque<std::vector<NodeId>> m_lists; // index 0 stands for the empty list
    std::deque<CallData> m_calls;
    std::deque<std::string> m_globals;
    std::unordered_map<std::string_view, uint32_t> m_globalIndex;
    std::vector<NodeId> m_persistents;
    uint64_t m_footprint = 0;
};

} // namespace tessera::models
