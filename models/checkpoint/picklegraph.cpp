#include "models/checkpoint/picklegraph.h"

#include <bit>

namespace tessera::models
{

namespace
{

// A growing vector holds up to twice what is in it, and its old copy while it moves.
constexpr uint64_t kBytesPerMember = 3 * sizeof(NodeId);

const std::string kNoName;

} // namespace

std::optional<bool> PickleGraph::boolean(NodeId node) const
{
    if (kind(node) != PickleKind::Bool)
        return std::nullopt;
    return m_nodes[node].value != 0;
}

std::optional<int64_t> PickleGraph::integer(NodeId node) const
{
    if (kind(node) != PickleKind::Int)
        return std::nullopt;
    return int64_t(m_nodes[node].value);
}

std::optional<double> PickleGraph::real(NodeId node) const
{
    if (kind(node) != PickleKind::Float)
        return std::nullopt;
    return std::bit_cast<double>(m_nodes[node].value);
}

std::optional<std::string_view> PickleGraph::text(NodeId node) const
{
    if (kind(node) != PickleKind::Text)
        return std::nullopt;
    return slice(m_nodes[node]);
}

std::optional<std::string_view> PickleGraph::bytes(NodeId node) const
{
    if (kind(node) != PickleKind::Bytes && kind(node) != PickleKind::BigInt)
        return std::nullopt;
    return slice(m_nodes[node]);
}

const std::string &PickleGraph::globalName(NodeId node) const
{
    return kind(node) == PickleKind::Global ? m_globals[m_nodes[node].value] : kNoName;
}

std::span<const NodeId> PickleGraph::members(NodeId node) const
{
    const Node &found = m_nodes[node];
    switch (found.kind) {
    case PickleKind::Tuple:
        return {m_tupleMembers.data() + found.value, found.length};
    case PickleKind::List:
    case PickleKind::Set:
        return list(found.value);
    case PickleKind::Call:
        return m_calls[found.value].holdsPairs ? std::span<const NodeId>() : list(m_calls[found.value].list);
    default:
        return {};
    }
}

std::span<const NodeId> PickleGraph::pairs(NodeId node) const
{
    const Node &found = m_nodes[node];
    if (found.kind == PickleKind::Dict)
        return list(found.value);
    if (found.kind == PickleKind::Call && m_calls[found.value].holdsPairs)
        return list(m_calls[found.value].list);
    return {};
}

std::optional<NodeId> PickleGraph::state(NodeId call) const
{
    const NodeId found = m_calls[m_nodes[call].value].state;
    return found == kNoState ? std::nullopt : std::optional<NodeId>(found);
}

NodeId PickleGraph::add(PickleKind kind, uint64_t value, uint32_t length)
{
    m_nodes.push_back({kind, length, value});
    m_footprint += sizeof(Node);
    return NodeId(m_nodes.size() - 1);
}

NodeId PickleGraph::addConstant(PickleKind kind, int64_t value)
{
    return add(kind, uint64_t(value));
}

NodeId PickleGraph::addReal(double value)
{
    return add(PickleKind::Float, std::bit_cast<uint64_t>(value));
}

NodeId PickleGraph::addSlice(PickleKind kind, uint64_t offset, uint64_t length)
{
    return add(kind, offset, uint32_t(length));
}

NodeId PickleGraph::addTuple(std::span<const NodeId> members)
{
    const uint64_t begin = m_tupleMembers.size();
    m_tupleMembers.insert(m_tupleMembers.end(), members.begin(), members.end());
    m_footprint += members.size() * kBytesPerMember;
    return add(PickleKind::Tuple, begin, uint32_t(members.size()));
}

NodeId PickleGraph::addContainer(PickleKind kind)
{
    return add(kind, 0);
}

NodeId PickleGraph::addGlobal(const std::string &name)
{
    auto found = m_globalIndex.find(name);
    if (found == m_globalIndex.end()) {
        m_globals.push_back(name);
        m_footprint += name.size() + sizeof(std::string) + 64;
        found = m_globalIndex.emplace(m_globals.back(), uint32_t(m_globals.size() - 1)).first;
    }
    return add(PickleKind::Global, found->second);
}

NodeId PickleGraph::addCall(NodeId callee, NodeId arguments)
{
    m_calls.push_back({callee, arguments});
    m_footprint += sizeof(CallData);
    return add(PickleKind::Call, m_calls.size() - 1);
}

NodeId PickleGraph::addPersistent(NodeId id)
{
    const NodeId node = add(PickleKind::Persistent, id);
    m_persistents.push_back(node);
    m_footprint += kBytesPerMember;
    return node;
}

bool PickleGraph::append(NodeId node, std::span<const NodeId> members)
{
    Node &target = m_nodes[node];
    if (target.kind == PickleKind::List || target.kind == PickleKind::Set) {
        target.value = extended(target.value, members);
        return true;
    }
    if (target.kind != PickleKind::Call || m_calls[target.value].holdsPairs)
        return false;
    CallData &call = m_calls[target.value];
    call.list = uint32_t(extended(call.list, members));
    return true;
}

bool PickleGraph::setItems(NodeId node, std::span<const NodeId> pairs)
{
    Node &target = m_nodes[node];
    if (target.kind == PickleKind::Dict) {
        target.value = extended(target.value, pairs);
        return true;
    }
    if (target.kind != PickleKind::Call)
        return false;
    CallData &call = m_calls[target.value];
    if (!call.holdsPairs && !list(call.list).empty())
        return false;
    call.holdsPairs = true;
    call.list = uint32_t(extended(call.list, pairs));
    return true;
}

bool PickleGraph::setState(NodeId node, NodeId state)
{
    if (kind(node) == PickleKind::Call)
        m_calls[m_nodes[node].value].state = state;
    return kind(node) == PickleKind::Call || kind(node) == PickleKind::Dict;
}

std::string_view PickleGraph::slice(const Node &node) const
{
    return {reinterpret_cast<const char *>(m_source.data()) + node.value, node.length};
}

std::span<const NodeId> PickleGraph::list(uint64_t index) const
{
    return index == 0 ? std::span<const NodeId>() : std::span<const NodeId>(m_lists[index - 1]);
}

uint64_t PickleGraph::extended(uint64_t index, std::span<const NodeId> more)
{
    if (more.empty())
        return index;
    if (index == 0) {
        m_lists.emplace_back();
        m_footprint += sizeof(m_lists.back()) + 32; // the smallest block of the heap
        index = m_lists.size();
    }
    std::vector<NodeId> &target = m_lists[index - 1];
    target.insert(target.end(), more.begin(), more.end());
    m_footprint += more.size() * kBytesPerMember;
    return index;
}

} // namespace tessera::models
