// Numbers and arrays of numpy that stand in the pickle itself.
#pragma once

#include <optional>
#include <string>

#include "models/checkpoint/picklegraph.h"
#include "models/checkpoint/tensorreader.h"

namespace tessera::models
{

class NumpyReader
{
public:
    // Keeps a reference to `graph`.
    explicit NumpyReader(const PickleGraph &graph) : m_graph(graph) {}

    // Whether `node` makes a number or an array of numpy.
    bool isValue(NodeId node) const;
    // A number has no dimensions. Nothing, and the reason in `problem`, where the format is not supported.
    // REQUIRES: isValue(node).
    std::optional<CheckpointTensor> read(NodeId node, std::string &problem) const;
    // A number as text: "0.25".
    std::optional<std::string> numberText(NodeId node) const;
    // Bytes, also in the form that Python 3 writes in protocol 2: text, encoded again.
    std::optional<std::string> bytes(NodeId node) const;

private:
    const ElementType *type(NodeId node, std::string &problem) const;
    std::optional<CheckpointTensor> array(NodeId node, std::string &problem) const;
    std::string_view callee(NodeId node) const;

    const PickleGraph &m_graph;
};

} // namespace tessera::models
