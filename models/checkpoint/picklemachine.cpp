#include "models/checkpoint/picklemachine.h"

#include <algorithm>
#include <array>
#include <bit>

#include "models/checkpoint/pickleopcodes.h"

namespace tessera::models
{

namespace
{

constexpr uint64_t kMaxPickleBytes = 64U << 20;
constexpr uint64_t kMaxOpcodes = 10'000'000;
constexpr uint64_t kMaxStack = 1'000'000;
constexpr uint64_t kMaxMemo = 1'000'000;
constexpr uint64_t kSparseMemoBytes = 64; // of one entry, roughly
constexpr uint64_t kBaseMemory = 40U << 20;
constexpr uint64_t kMaxGlobalName = 1024;
constexpr NodeId kUnset = ~NodeId(0);

} // namespace

PickleMachine::PickleMachine(const ByteSource &source, uint64_t begin, uint64_t end)
    : m_source(source)
    , m_window(source, begin, std::min(end, begin + kMaxPickleBytes))
    , m_cut(end > begin + kMaxPickleBytes)
{}

ParsedPickle PickleMachine::run()
{
    begin();
    for (uint64_t count = 0; !m_stopped; ++count) {
        if (count >= kMaxOpcodes)
            fail("its pickle has more than 10000000 opcodes");
        m_opcodeAt = m_position;
        step(*take(1));
        if (m_graph.footprint() + m_sparseMemo.size() * kSparseMemoBytes > kBaseMemory + m_position)
            fail("its pickle holds more objects than a checkpoint of its size can need");
    }
    if (m_stack.size() != 1 || !m_marks.empty())
        fail("its pickle stops with " + std::to_string(m_stack.size()) + " values on the stack, expected one");
    m_graph.setSource(m_window.take());
    return {std::move(m_graph), m_stack.back(), m_window.begin() + m_position};
}

void PickleMachine::fail(const std::string &what) const
{
    damaged(m_source, what + " (byte " + std::to_string(m_window.begin() + m_opcodeAt) + ")");
}

void PickleMachine::need(uint64_t count)
{
    if (m_window.has(m_position, count))
        return;
    const uint64_t end = m_window.begin() + m_window.size();
    if (m_cut && end < m_source.size())
        fail("its pickle is longer than 64 MiB");
    fail("its pickle ends at byte " + std::to_string(end) + ", where " + std::to_string(count)
         + " bytes are expected from byte " + std::to_string(m_window.begin() + m_position) + " on");
}

const uint8_t *PickleMachine::take(uint64_t count)
{
    need(count);
    const uint8_t *bytes = m_window.at(m_position, count);
    m_position += count;
    return bytes;
}

std::string PickleMachine::line()
{
    std::string text;
    for (char c = char(*take(1)); c != '\n'; c = char(*take(1))) {
        if (text.size() >= kMaxGlobalName)
            fail("the name of a class is longer than 1024 bytes");
        text += c;
    }
    return text;
}

void PickleMachine::push(NodeId node)
{
    if (m_stack.size() >= kMaxStack)
        fail("its pickle stacks more than 1000000 values");
    m_stack.push_back(node);
}

NodeId PickleMachine::pop()
{
    const NodeId node = top();
    m_stack.pop_back();
    return node;
}

NodeId PickleMachine::top() const
{
    if (m_stack.size() <= (m_marks.empty() ? 0 : m_marks.back()))
        fail("its pickle takes a value from an empty stack");
    return m_stack.back();
}

std::span<const NodeId> PickleMachine::sinceMark() const
{
    if (m_marks.empty())
        fail("its pickle refers to a mark that is not there");
    return std::span(m_stack).subspan(m_marks.back());
}

void PickleMachine::dropMark()
{
    m_stack.resize(m_marks.back());
    m_marks.pop_back();
}

void PickleMachine::begin()
{
    m_opcodeAt = m_position;
    const uint8_t opcode = *take(1);
    if (opcode != OpProto)
        fail("its pickle begins with byte " + std::to_string(opcode) + ", expected 128 (protocols 2 to 5)");
    const uint64_t protocol = number(1);
    if (protocol < 2 || protocol > 5)
        fail("its pickle has protocol " + std::to_string(protocol) + ", expected 2 to 5");
}

void PickleMachine::step(uint8_t opcode)
{
    if (memo(opcode) || constant(opcode) || string(opcode) || tuple(opcode) || container(opcode) || filling(opcode)
        || stack(opcode) || object(opcode))
        return;
    const std::string name = refusedOpcodeName(opcode);
    if (!name.empty())
        fail("its pickle uses opcode " + name + ", which torch.save does not write");
    fail("its pickle holds byte " + std::to_string(opcode) + ", which is no opcode");
}

bool PickleMachine::constant(uint8_t opcode)
{
    switch (opcode) {
    case OpNone:
        push(m_graph.addConstant(PickleKind::None));
        return true;
    case OpNewTrue:
    case OpNewFalse:
        push(m_graph.addConstant(PickleKind::Bool, opcode == OpNewTrue ? 1 : 0));
        return true;
    case OpBinInt:
        push(m_graph.addConstant(PickleKind::Int, int32_t(uint32_t(number(4)))));
        return true;
    case OpBinInt1:
        push(m_graph.addConstant(PickleKind::Int, int64_t(number(1))));
        return true;
    case OpBinInt2:
        push(m_graph.addConstant(PickleKind::Int, int64_t(number(2))));
        return true;
    case OpBinFloat: {
        std::array<uint8_t, 8> bytes{};
        const uint8_t *number = take(8);
        std::reverse_copy(number, number + 8, bytes.begin());
        push(m_graph.addReal(std::bit_cast<double>(littleEndian(bytes.data(), 8))));
        return true;
    }
    case OpLong1:
        pushLong(number(1));
        return true;
    case OpLong4:
        pushLong(number(4));
        return true;
    default:
        return false;
    }
}

bool PickleMachine::string(uint8_t opcode)
{
    switch (opcode) {
    case OpBinUnicode:
    case OpBinString:
        pushSlice(PickleKind::Text, number(4));
        return true;
    case OpShortBinUnicode:
    case OpShortBinString:
        pushSlice(PickleKind::Text, number(1));
        return true;
    case OpBinUnicode8:
        pushSlice(PickleKind::Text, number(8));
        return true;
    case OpBinBytes:
        pushSlice(PickleKind::Bytes, number(4));
        return true;
    case OpShortBinBytes:
        pushSlice(PickleKind::Bytes, number(1));
        return true;
    case OpBinBytes8:
    case OpByteArray8:
        pushSlice(PickleKind::Bytes, number(8));
        return true;
    default:
        return false;
    }
}

bool PickleMachine::stack(uint8_t opcode)
{
    switch (opcode) {
    case OpMark:
        if (m_marks.size() >= kMaxStack)
            fail("its pickle sets more than 1000000 marks");
        m_marks.push_back(uint32_t(m_stack.size()));
        return true;
    case OpPop:
        if (!m_marks.empty() && m_marks.back() == m_stack.size())
            m_marks.pop_back();
        else
            pop();
        return true;
    case OpPopMark:
        sinceMark();
        dropMark();
        return true;
    case OpDup:
        push(top());
        return true;
    case OpFrame:
        need(number(8));
        return true;
    case OpStop:
        m_stopped = true;
        return true;
    default:
        return false;
    }
}

bool PickleMachine::memo(uint8_t opcode)
{
    switch (opcode) {
    case OpBinPut:
        remember(number(1));
        return true;
    case OpLongBinPut:
        remember(number(4));
        return true;
    case OpMemoize:
        remember(m_memoCount);
        return true;
    case OpBinGet:
        recall(number(1));
        return true;
    case OpLongBinGet:
        recall(number(4));
        return true;
    default:
        return false;
    }
}

void PickleMachine::pushSlice(PickleKind kind, uint64_t length)
{
    const uint64_t offset = m_position;
    take(length);
    push(m_graph.addSlice(kind, offset, length));
}

void PickleMachine::pushLong(uint64_t length)
{
    const uint64_t offset = m_position;
    const uint8_t *bytes = take(length);
    if (length > 8) {
        push(m_graph.addSlice(PickleKind::BigInt, offset, length));
        return;
    }
    uint64_t value = littleEndian(bytes, int(length));
    if (length > 0 && length < 8 && (bytes[length - 1] & 0x80) != 0)
        value |= ~uint64_t(0) << (8 * length);
    push(m_graph.addConstant(PickleKind::Int, int64_t(value)));
}

void PickleMachine::remember(uint64_t index)
{
    const NodeId node = top();
    ++m_memoCount;
    if (m_memoCount > kMaxMemo)
        fail("its pickle remembers more than 1000000 values");
    if (index >= kMaxMemo) {
        m_sparseMemo[index] = node;
        return;
    }
    if (index >= m_memo.size())
        m_memo.resize(index + 1, kUnset);
    m_memo[index] = node;
}

void PickleMachine::recall(uint64_t index)
{
    const bool small = index < m_memo.size();
    const auto sparse = small ? m_sparseMemo.end() : m_sparseMemo.find(index);
    const NodeId node = small ? m_memo[index] : sparse != m_sparseMemo.end() ? sparse->second : kUnset;
    if (node == kUnset)
        fail("its pickle recalls value " + std::to_string(index) + ", which it never stored");
    push(node);
}

} // namespace tessera::models
