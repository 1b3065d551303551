#include "models/checkpoint/checkpointindex.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "models/checkpoint/knownglobals.h"
#include "models/checkpoint/statedictfinder.h"

namespace tessera::models
{

namespace
{

constexpr size_t kMaxName = 1024;
constexpr size_t kMaxTensors = 100'000;
constexpr size_t kMaxListedGlobals = 100;
// Views may repeat elements by so much, and by the storages' own size; arrays in the pickle by so much beyond the
// file's.
constexpr uint64_t kSpareBytes = 8U << 20;

// One run over one container.
class IndexBuilder
{
public:
    IndexBuilder(std::shared_ptr<const ByteSource> source, const Container &container)
        : m_source(*source)
        , m_container(container)
        , m_graph(container.pickle().graph)
        , m_tensors(m_source, m_graph)
        , m_finder(m_source, m_graph)
    {
        m_index.source = std::move(source);
        m_index.path = m_source.name();
        m_index.container = container.format();
    }

    CheckpointIndex build();

private:
    void addEntry(NodeId key, NodeId value);
    std::string entryName(NodeId key) const;
    void addTensor(const std::string &name, NodeId value);
    void noteOther(const std::string &name, NodeId value);
    void locateStorages();
    void checkRepetition() const;
    void listForeignGlobals();

    const ByteSource &m_source;
    const Container &m_container;
    const PickleGraph &m_graph;
    TensorReader m_tensors;
    StateDictFinder m_finder;
    std::map<std::string, StorageRef> m_refs;
    std::map<std::string, std::string> m_dtypes; // of what lies in a storage, by its key
    uint64_t m_inlineBytes = 0;                  // of arrays that stand in the pickle itself
    CheckpointIndex m_index;
};

CheckpointIndex IndexBuilder::build()
{
    const NodeId root = m_container.pickle().root;
    const std::vector<NodeId> pairs = m_finder.find(root);
    for (size_t i = 0; i < pairs.size(); i += 2)
        addEntry(pairs[i], pairs[i + 1]);
    if (m_index.tensors.empty())
        damaged(m_source, "its state_dict holds no tensor");
    locateStorages();
    checkRepetition();
    m_index.facts = m_finder.facts(root);
    listForeignGlobals();
    return std::move(m_index);
}

void IndexBuilder::addEntry(NodeId key, NodeId value)
{
    const std::string name = entryName(key);
    if (m_tensors.isTensor(value) || m_tensors.isArray(value))
        addTensor(name, value);
    else
        noteOther(name, value);
}

std::string IndexBuilder::entryName(NodeId key) const
{
    const auto text = m_graph.text(key);
    if (!text)
        damaged(m_source, "a name in its state_dict is " + m_finder.describe(key) + ", expected text");
    if (text->size() > kMaxName || !isUtf8(*text))
        damaged(m_source, "the name " + inQuotes(*text) + " in its state_dict is no UTF-8 text of at most 1024 bytes");
    return std::string(*text);
}

void IndexBuilder::addTensor(const std::string &name, NodeId value)
{
    StorageRef ref;
    CheckpointTensor tensor = m_tensors.read(name, value, ref);
    if (!ref.key.empty()) {
        const StorageRef &known = m_refs.try_emplace(ref.key, ref).first->second;
        const std::string &dtype = m_dtypes.try_emplace(ref.key, tensor.dtype).first->second;
        if (known.className != ref.className || known.count != ref.count || dtype != tensor.dtype)
            damaged(m_source, "tensor " + inQuotes(name) + " contradicts others about storage " + inQuotes(ref.key));
    }
    // Many entries may refer to one array, and each has a copy of it.
    m_inlineBytes += tensor.inlineBytes.size();
    if (m_inlineBytes > m_source.size() + kSpareBytes)
        damaged(m_source, "with tensor " + inQuotes(name) + " its pickle repeats arrays to "
                              + std::to_string(m_inlineBytes) + " bytes, far more than the file stores");
    if (!m_index.tensors.emplace(name, std::move(tensor)).second)
        damaged(m_source, "tensor " + inQuotes(name) + " stands there twice");
    if (m_index.tensors.size() > kMaxTensors)
        damaged(m_source, "its state_dict holds more than 100000 tensors");
}

// Modules may keep plain values there; an object that should have been a tensor is an error.
void IndexBuilder::noteOther(const std::string &name, NodeId value)
{
    const PickleKind kind = m_graph.kind(value);
    const bool isObject = kind == PickleKind::Call || kind == PickleKind::Persistent || kind == PickleKind::Global;
    if (isObject && !name.ends_with("_extra_state"))
        damaged(m_source, "the entry " + inQuotes(name) + " of its state_dict is " + m_finder.describe(value)
                              + ", expected a tensor");
    if (m_index.notices.size() < kMaxListedGlobals)
        m_index.notices.push_back("The entry " + inQuotes(name) + " of the state_dict is no tensor, but "
                                  + m_finder.describe(value) + "; it is left out.");
}

void IndexBuilder::locateStorages()
{
    for (const auto &[key, ref] : m_refs)
        m_index.storages[key] = m_container.locate(ref);
}

// A view with stride 0 makes any number of elements from one: a small file that fills the memory as soon as somebody
// makes the tensor contiguous.
void IndexBuilder::checkRepetition() const
{
    using Place = std::tuple<std::string, int64_t, std::vector<int64_t>, std::vector<int64_t>>;
    std::set<Place> seen;
    uint64_t allowed = kSpareBytes;
    for (const auto &[key, storage] : m_index.storages)
        allowed += 2 * storage.bytes;
    for (const auto &[name, tensor] : m_index.tensors) {
        if (tensor.storage.empty() || !seen.emplace(tensor.storage, tensor.offset, tensor.shape, tensor.strides).second)
            continue;
        const uint64_t bytes = uint64_t(tensor.count()) * typeOfName(tensor.dtype)->bytes;
        if (bytes > allowed)
            damaged(m_source, "tensor " + inQuotes(name) + " has " + std::to_string(tensor.count())
                                  + " elements, far more than the file stores");
        allowed -= bytes;
    }
}

void IndexBuilder::listForeignGlobals()
{
    for (const std::string &name : m_graph.globals())
        if (!isKnownGlobal(name) && m_index.foreignGlobals.size() < kMaxListedGlobals)
            m_index.foreignGlobals.push_back(isUtf8(name) ? name : inQuotes(name));
    if (m_index.foreignGlobals.empty())
        return;
    std::ranges::sort(m_index.foreignGlobals);
    std::string list;
    for (const std::string &name : m_index.foreignGlobals)
        list += (list.empty() ? "" : ", ") + inQuotes(name);
    m_index.notices.push_back("The file names programs that do not belong in a checkpoint: " + list
                              + ". Nothing of them was run.");
}

} // namespace

CheckpointIndex readCheckpointIndex(std::shared_ptr<const ByteSource> source)
{
    const auto container = openContainer(*source);
    return IndexBuilder(std::move(source), *container).build();
}

CheckpointIndex readCheckpointIndex(const std::filesystem::path &path)
{
    return readCheckpointIndex(std::make_shared<FileBytes>(path));
}

} // namespace tessera::models
