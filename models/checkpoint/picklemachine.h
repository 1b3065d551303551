// Reads a pickle of protocol 2 to 5 into a PickleGraph. Knows no class and calls nothing.
#pragma once

#include <optional>
#include <unordered_map>

#include "models/checkpoint/bytes.h"
#include "models/checkpoint/picklegraph.h"

namespace tessera::models
{

struct ParsedPickle {
    PickleGraph graph;
    NodeId root = 0;
    uint64_t end = 0; // the byte of the source after the pickle
};

// The stack machine. One thread, one run.
class PickleMachine
{
public:
    // The pickle begins at byte `begin` of `source` and ends before `end`; bytes after its STOP are not looked at.
    PickleMachine(const ByteSource &source, uint64_t begin, uint64_t end);

    // Throws Error (FileFormat) naming the byte: unknown or refused opcodes, a stack that is too short, lengths beyond
    // the end; more than 64 MiB, 10 million opcodes, a million stacked values, or 40 MiB plus the pickle's own length
    // in memory. Nothing is allocated before its length is proven.
    ParsedPickle run();

private:
    [[noreturn]] void fail(const std::string &what) const;
    void need(uint64_t count);
    const uint8_t *take(uint64_t count);
    uint64_t number(int bytes) { return littleEndian(take(uint64_t(bytes)), bytes); }
    std::string line();

    void push(NodeId node);
    NodeId pop();
    NodeId top() const;
    std::span<const NodeId> sinceMark() const;
    void dropMark();

    void begin();
    void step(uint8_t opcode);
    bool constant(uint8_t opcode);
    bool string(uint8_t opcode);
    bool tuple(uint8_t opcode);
    bool container(uint8_t opcode);
    bool filling(uint8_t opcode);
    bool stack(uint8_t opcode);
    bool memo(uint8_t opcode);
    bool object(uint8_t opcode);

    void pushSlice(PickleKind kind, uint64_t length);
    void pushLong(uint64_t length);
    void pushTuple(size_t count);
    void pushMarked(PickleKind kind);
    void fill(NodeId target, std::span<const NodeId> members);
    void fillPairs(NodeId target, std::span<const NodeId> pairs);
    void pushGlobal(const std::string &module, const std::string &name);
    void pushStackGlobal();
    void pushCall(bool keywords);
    void pushPersistent();
    void build();
    void remember(uint64_t index);
    void recall(uint64_t index);

    const ByteSource &m_source;
    ByteWindow m_window;
    bool m_cut = false; // the range was longer than a pickle may be
    uint64_t m_position = 0;
    uint64_t m_opcodeAt = 0;
    PickleGraph m_graph;
    std::vector<NodeId> m_stack;
    std::vector<uint32_t> m_marks; // heights of the stack
    std::vector<NodeId> m_memo;    // small indices; kUnset where nothing was put
    std::unordered_map<uint64_t, NodeId> m_sparseMemo;
    uint64_t m_memoCount = 0;
    bool m_stopped = false;
};

} // namespace tessera::models
