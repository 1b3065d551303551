#include "models/checkpoint/tensorreader.h"

#include <algorithm>
#include <array>

#include "models/checkpoint/numpyvalue.h"

namespace tessera::models
{

namespace
{

constexpr size_t kMaxRank = 8;
constexpr size_t kMaxKey = 1024;
constexpr int kMaxWrappers = 16;
constexpr uint64_t kMaxElements = uint64_t(INT64_MAX) / 16; // their bytes fit 63 bits

constexpr std::string_view kRebuild = "torch._utils._rebuild_";
constexpr std::string_view kFromType = "torch._tensor._rebuild_from_type_v2";
constexpr std::array<std::string_view, 3> kParameters{
    "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state", "torch.nn.parameter.Parameter"};

bool isParameter(std::string_view function)
{
    return std::ranges::find(kParameters, function) != kParameters.end();
}

// Bytes that `count` elements take; false where that does not fit a file's length.
bool bytesOf(uint64_t count, uint64_t elementBytes, uint64_t &bytes)
{
    return !__builtin_mul_overflow(count, elementBytes, &bytes) && bytes <= uint64_t(INT64_MAX);
}

} // namespace

int64_t CheckpointTensor::count() const
{
    int64_t result = 1;
    for (const int64_t side : shape)
        result *= side;
    return result;
}

void TensorReader::fail(const std::string &name, const std::string &what) const
{
    damaged(m_source, "tensor " + inQuotes(name) + " " + what);
}

bool TensorReader::isTensor(NodeId node) const
{
    if (m_graph.kind(node) != PickleKind::Call)
        return false;
    const std::string_view function = m_graph.globalName(m_graph.callee(node));
    return function.starts_with(kRebuild) || function == kFromType || isParameter(function);
}

bool TensorReader::isArray(NodeId node) const
{
    return NumpyReader(m_graph).isValue(node);
}

TensorReader::Recipe TensorReader::recipe(const std::string &name, NodeId node) const
{
    for (int depth = 0; depth < kMaxWrappers; ++depth) {
        if (!isTensor(node))
            fail(name, "wraps something that is no tensor");
        const Recipe found{m_graph.globalName(m_graph.callee(node)), m_graph.members(m_graph.arguments(node))};
        if (found.function == kFromType) {
            if (found.arguments.size() < 3 || m_graph.kind(found.arguments[2]) != PickleKind::Tuple)
                fail(name, "is of a class of its own and lacks what rebuilds it");
            const Recipe inner{m_graph.globalName(found.arguments[0]), m_graph.members(found.arguments[2])};
            if (!isParameter(inner.function))
                return inner;
            node = inner.arguments.empty() ? node : inner.arguments[0];
        } else if (!isParameter(found.function)) {
            return found;
        } else if (found.arguments.empty()) {
            fail(name, "is a parameter without a tensor");
        } else {
            node = found.arguments[0];
        }
    }
    fail(name, "is wrapped more than 16 times");
}

CheckpointTensor TensorReader::read(const std::string &name, NodeId node, StorageRef &storage) const
{
    if (!isTensor(node)) {
        std::string problem;
        auto array = NumpyReader(m_graph).read(node, problem);
        if (!array)
            fail(name, "is an array of numpy that cannot be used: " + problem);
        return std::move(*array);
    }
    const Recipe found = recipe(name, node);
    if (found.function == "torch._utils._rebuild_tensor_v2" || found.function == "torch._utils._rebuild_tensor"
        || found.function == "torch._utils._rebuild_tensor_v3")
        return strided(name, found, storage);
    fail(name, "is of a kind that is not supported: " + inQuotes(found.function));
}

std::vector<int64_t> TensorReader::lengths(const std::string &name, const char *what, NodeId node) const
{
    if (m_graph.kind(node) == PickleKind::Call && m_graph.globalName(m_graph.callee(node)) == "torch.Size") {
        const auto inner = m_graph.members(m_graph.arguments(node));
        if (inner.size() == 1)
            node = inner[0];
    }
    if (m_graph.kind(node) != PickleKind::Tuple && m_graph.kind(node) != PickleKind::List)
        fail(name, std::string("has a ") + what + " that is no tuple");
    const auto members = m_graph.members(node);
    if (members.size() > kMaxRank)
        fail(name, "has " + std::to_string(members.size()) + " dimensions, expected at most 8");
    std::vector<int64_t> result;
    for (const NodeId member : members) {
        const auto value = m_graph.integer(member);
        if (!value || *value < 0)
            fail(name, std::string("has a ") + what + " that holds "
                           + (value ? std::to_string(*value) : "something else than a number")
                           + ", expected whole numbers from 0 on");
        result.push_back(*value);
    }
    return result;
}

// Arguments: storage, offset, size, stride, and from version 2 on whether gradients are wanted and hooks; version 3
// adds the data type.
CheckpointTensor TensorReader::strided(const std::string &name, const Recipe &recipe, StorageRef &storageRef) const
{
    const auto arguments = recipe.arguments;
    const bool typed = recipe.function.ends_with("_v3");
    if (arguments.size() < (typed ? 7U : 4U) || m_graph.kind(arguments[0]) != PickleKind::Persistent)
        fail(name, "lacks its storage, size or stride");
    storageRef = storage(arguments[0]);
    const ElementType *type = typed ? typeOfTorchName(m_graph.globalName(arguments[6])) : storageRef.type;
    if (type == nullptr || *type->name == '\0')
        fail(name, "has a data type that is not supported: "
                       + inQuotes(typed ? m_graph.globalName(arguments[6]) : storageRef.className));
    const auto offset = m_graph.integer(arguments[1]);
    if (!offset || *offset < 0)
        fail(name, "has no offset from 0 on");
    CheckpointTensor tensor{
        type->name, lengths(name, "size", arguments[2]), lengths(name, "stride", arguments[3]), storageRef.key, *offset,
        ""};
    if (storageRef.type == nullptr)
        fail(name, "lies in a storage that is not supported: " + inQuotes(storageRef.className));
    const uint64_t unit = storageRef.type->bytes;
    uint64_t begin = 0;
    uint64_t bytes = 0;
    if (!bytesOf(storageRef.viewBegin, unit, begin) || !bytesOf(storageRef.viewCount, unit, bytes))
        fail(name, "lies in a storage of " + std::to_string(storageRef.count) + " elements, more than a file can hold");
    if (begin % type->bytes != 0)
        fail(name, "lies at byte " + std::to_string(begin) + " of its storage, which is no multiple of its elements");
    checkPlace(name, tensor, bytes / type->bytes);
    tensor.offset += int64_t(begin / type->bytes);
    return tensor;
}

// `available`: elements from the beginning of the storage's view.
void TensorReader::checkPlace(const std::string &name, const CheckpointTensor &tensor, uint64_t available) const
{
    if (tensor.shape.size() != tensor.strides.size())
        fail(name, "has " + std::to_string(tensor.shape.size()) + " sizes, but " + std::to_string(tensor.strides.size())
                       + " strides");
    const bool empty = std::ranges::find(tensor.shape, 0) != tensor.shape.end();
    uint64_t last = uint64_t(tensor.offset);
    uint64_t count = 1;
    bool fits = true;
    for (size_t i = 0; i < tensor.shape.size() && fits; ++i) {
        const auto side = uint64_t(std::max<int64_t>(tensor.shape[i], 1));
        uint64_t step = 0;
        fits = !__builtin_mul_overflow(side - 1, uint64_t(tensor.strides[i]), &step)
               && !__builtin_add_overflow(last, empty ? 0 : step, &last) && last < kMaxElements
               && !__builtin_mul_overflow(count, side, &count) && count < kMaxElements;
    }
    if (!fits || last + (empty ? 0 : 1) > available)
        fail(name, "reaches beyond its storage of " + std::to_string(available) + " elements");
}

StorageRef TensorReader::storage(NodeId node) const
{
    const auto id = m_graph.members(m_graph.persistentId(node));
    const auto tag = id.empty() ? std::nullopt : m_graph.text(id[0]);
    if (tag == "module")
        damaged(m_source, "it holds a whole module with its program; save the module's state_dict instead");
    if (tag != "storage" || id.size() < 5 || id.size() > 6)
        damaged(m_source, "its pickle refers to something outside that is no storage");
    const auto key = m_graph.text(id[2]);
    const auto count = m_graph.integer(id[4]);
    if (!key || key->empty() || key->size() > kMaxKey || !count || *count < 0)
        damaged(m_source, "its pickle refers to a storage without a key or a count of elements");
    StorageRef ref{
        std::string(*key), storageType(m_graph.globalName(id[1])), m_graph.globalName(id[1]), uint64_t(*count), 0,
        uint64_t(*count)};
    if (id.size() == 5 || m_graph.isNone(id[5]))
        return ref;
    const auto view = m_graph.members(id[5]);
    const auto begin = view.size() == 3 ? m_graph.integer(view[1]) : std::nullopt;
    const auto length = view.size() == 3 ? m_graph.integer(view[2]) : std::nullopt;
    if (!begin || !length || *begin < 0 || *length < 0 || *begin > *count || *length > *count - *begin)
        damaged(m_source, "its storage " + inQuotes(ref.key) + " has a view that reaches beyond its "
                              + std::to_string(*count) + " elements");
    ref.viewBegin = uint64_t(*begin);
    ref.viewCount = uint64_t(*length);
    return ref;
}

} // namespace tessera::models
