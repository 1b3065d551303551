// From the nodes that rebuild a tensor to its data type, shape, strides and place in a storage.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/checkpoint/bytes.h"
#include "models/checkpoint/elementtype.h"
#include "models/checkpoint/picklegraph.h"

namespace tessera::models
{

// A strided view on a storage. Proven: every element lies inside the storage.
struct CheckpointTensor {
    std::string dtype; // as in safetensors: "F64" "F32" "F16" "BF16" "I64" "I32" "I16" "I8" "U8" "BOOL" "C64", and
                       // "C128"
    std::vector<int64_t> shape;   // at most 8 dimensions
    std::vector<int64_t> strides; // in elements, from 0 on
    std::string storage;          // its key in the file; empty where the elements are in `inlineBytes`
    int64_t offset = 0;           // of the first element in the storage, in elements
    std::string inlineBytes;      // of an array that stands in the pickle itself

    // Elements, counted once for each place in the shape.
    int64_t count() const;
};

// What the pickle says about a storage.
struct StorageRef {
    std::string key;
    const ElementType *type = nullptr; // null: a class that is not supported
    std::string className;
    uint64_t count = 0;     // elements of `type`
    uint64_t viewBegin = 0; // the part of it that this reference means, in elements
    uint64_t viewCount = 0;
};

// One pickle of one file. Constant.
class TensorReader
{
public:
    // Keeps references to both.
    TensorReader(const ByteSource &source, const PickleGraph &graph) : m_source(source), m_graph(graph) {}

    // Whether `node` rebuilds a tensor of torch, of whatever kind.
    bool isTensor(NodeId node) const;
    // A number or array of numpy.
    bool isArray(NodeId node) const;
    // `name` is for messages. `storage` receives what the pickle says about the tensor's storage. Throws Error
    // (FileFormat) for kinds that are not supported and for views that leave their storage.
    // REQUIRES: isTensor(node) or isArray(node).
    CheckpointTensor read(const std::string &name, NodeId node, StorageRef &storage) const;
    // REQUIRES: graph.kind(node) == PickleKind::Persistent. Throws Error (FileFormat).
    StorageRef storage(NodeId node) const;

private:
    struct Recipe {
        std::string_view function;
        std::span<const NodeId> arguments;
    };

    [[noreturn]] void fail(const std::string &name, const std::string &what) const;
    Recipe recipe(const std::string &name, NodeId node) const;
    std::vector<int64_t> lengths(const std::string &name, const char *what, NodeId node) const;
    CheckpointTensor strided(const std::string &name, const Recipe &recipe, StorageRef &storage) const;
    void checkPlace(const std::string &name, const CheckpointTensor &tensor, uint64_t available) const;

    const ByteSource &m_source;
    const PickleGraph &m_graph;
};

} // namespace tessera::models
