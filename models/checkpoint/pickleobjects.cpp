// The opcodes that make and fill containers and objects.
#include "models/checkpoint/picklemachine.h"

#include <array>

#include "models/checkpoint/pickleopcodes.h"

namespace tessera::models
{

namespace
{

constexpr uint64_t kMaxGlobalName = 1024;

} // namespace

bool PickleMachine::tuple(uint8_t opcode)
{
    switch (opcode) {
    case OpEmptyTuple:
        pushTuple(0);
        return true;
    case OpTuple1:
    case OpTuple2:
    case OpTuple3:
        pushTuple(size_t(opcode - OpTuple1 + 1));
        return true;
    case OpTuple: {
        const NodeId node = m_graph.addTuple(sinceMark());
        dropMark();
        push(node);
        return true;
    }
    default:
        return false;
    }
}

bool PickleMachine::container(uint8_t opcode)
{
    switch (opcode) {
    case OpEmptyList:
        push(m_graph.addContainer(PickleKind::List));
        return true;
    case OpEmptyDict:
        push(m_graph.addContainer(PickleKind::Dict));
        return true;
    case OpEmptySet:
        push(m_graph.addContainer(PickleKind::Set));
        return true;
    case OpList:
        pushMarked(PickleKind::List);
        return true;
    case OpDict:
        pushMarked(PickleKind::Dict);
        return true;
    case OpFrozenSet:
        pushMarked(PickleKind::Set);
        return true;
    default:
        return false;
    }
}

bool PickleMachine::filling(uint8_t opcode)
{
    switch (opcode) {
    case OpAppend: {
        const NodeId member = pop();
        fill(top(), {&member, 1});
        return true;
    }
    case OpSetItem: {
        const NodeId value = pop();
        const std::array<NodeId, 2> pair{pop(), value};
        fillPairs(top(), pair);
        return true;
    }
    case OpAppends:
    case OpAddItems:
    case OpSetItems: {
        const auto members = sinceMark();
        const size_t height = m_marks.back();
        if (height <= (m_marks.size() > 1 ? m_marks[m_marks.size() - 2] : 0))
            fail("its pickle fills an object that is not there");
        if (opcode == OpSetItems)
            fillPairs(m_stack[height - 1], members);
        else
            fill(m_stack[height - 1], members);
        dropMark();
        return true;
    }
    default:
        return false;
    }
}

bool PickleMachine::object(uint8_t opcode)
{
    switch (opcode) {
    case OpGlobal: {
        const std::string module = line();
        pushGlobal(module, line());
        return true;
    }
    case OpStackGlobal:
        pushStackGlobal();
        return true;
    case OpReduce:
    case OpNewObj:
        pushCall(false);
        return true;
    case OpNewObjEx:
        pushCall(true);
        return true;
    case OpBuild:
        build();
        return true;
    case OpBinPersId:
        pushPersistent();
        return true;
    default:
        return false;
    }
}

void PickleMachine::pushTuple(size_t count)
{
    const size_t floor = m_marks.empty() ? 0 : m_marks.back();
    if (m_stack.size() < floor + count)
        fail("its pickle takes a value from an empty stack");
    const size_t height = m_stack.size() - count;
    const NodeId node = m_graph.addTuple(std::span(m_stack).subspan(height));
    m_stack.resize(height);
    push(node);
}

void PickleMachine::pushMarked(PickleKind kind)
{
    const NodeId node = m_graph.addContainer(kind);
    if (kind == PickleKind::Dict)
        fillPairs(node, sinceMark());
    else
        fill(node, sinceMark());
    dropMark();
    push(node);
}

void PickleMachine::fill(NodeId target, std::span<const NodeId> members)
{
    if (!m_graph.append(target, members))
        fail("its pickle appends to something that is no list");
}

void PickleMachine::fillPairs(NodeId target, std::span<const NodeId> pairs)
{
    if (pairs.size() % 2 != 0)
        fail("its pickle sets a key without a value");
    if (!m_graph.setItems(target, pairs))
        fail("its pickle sets items of something that is no dictionary");
}

void PickleMachine::pushGlobal(const std::string &module, const std::string &name)
{
    push(m_graph.addGlobal(module + "." + name));
}

// The names are bytes of the pickle, which the graph gets only at the end: they are copied from the window.
void PickleMachine::pushStackGlobal()
{
    const auto copy = [this](NodeId node) {
        const auto [offset, length] = m_graph.place(node);
        if (m_graph.kind(node) != PickleKind::Text || length > kMaxGlobalName)
            fail("the name of a class is no text of at most 1024 bytes");
        return std::string(reinterpret_cast<const char *>(m_window.at(offset, length)), length);
    };
    const NodeId name = pop();
    const NodeId module = pop();
    const std::string moduleName = copy(module);
    pushGlobal(moduleName, copy(name));
}

void PickleMachine::pushCall(bool keywords)
{
    if (keywords && m_graph.kind(pop()) != PickleKind::Dict)
        fail("its pickle makes an object with keywords that are no dictionary");
    const NodeId arguments = pop();
    const NodeId callee = pop();
    if (m_graph.kind(arguments) != PickleKind::Tuple)
        fail("its pickle makes an object from something that is no tuple");
    if (m_graph.kind(callee) != PickleKind::Global && m_graph.kind(callee) != PickleKind::Call)
        fail("its pickle makes an object of something that is no class");
    push(m_graph.addCall(callee, arguments));
}

void PickleMachine::pushPersistent()
{
    const NodeId id = pop();
    if (m_graph.kind(id) != PickleKind::Tuple)
        fail("its pickle names a storage by something that is no tuple");
    push(m_graph.addPersistent(id));
}

void PickleMachine::build()
{
    const NodeId state = pop();
    if (!m_graph.setState(top(), state))
        fail("its pickle sets the state of something that is no object");
}

} // namespace tessera::models
