// Finds the state_dict in a checkpoint's pickle, and tells in short what lies beside it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/checkpoint/bytes.h"
#include "models/checkpoint/picklegraph.h"
#include "models/checkpoint/tensorreader.h"

namespace tessera::models
{

class StateDictFinder
{
public:
    // Keeps references to both.
    StateDictFinder(const ByteSource &source, const PickleGraph &graph)
        : m_source(source)
        , m_graph(graph)
        , m_tensors(source, graph)
    {}

    // Key, value, key, value ... of the state_dict. Throws Error (FileFormat) where `root` holds none.
    std::vector<NodeId> find(NodeId root) const;
    // Plain values of the root's other entries, by key: numbers and text as they are, everything else by its kind.
    std::map<std::string, std::string> facts(NodeId root) const;
    // "a list of 3", "an object of 'torch.device'", "12".
    std::string describe(NodeId node) const;

private:
    // Nothing where `node` is no dictionary.
    std::optional<std::vector<NodeId>> pairs(NodeId node) const;
    bool isStateDict(const std::vector<NodeId> &pairs) const;
    std::string keysOf(const std::vector<NodeId> &pairs) const;

    const ByteSource &m_source;
    const PickleGraph &m_graph;
    TensorReader m_tensors;
};

} // namespace tessera::models
