#include <array>
#include <unordered_map>

#include "models/checkpoint/container.h"

namespace tessera::models
{

namespace
{

constexpr std::string_view kMagic("\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19", 10); // 0x1950a86a20f9469cfc6c
constexpr int64_t kProtocol = 1001;
constexpr size_t kMaxStorages = 100'000;
constexpr uint64_t kCountBytes = 8;

using StorageTable = std::unordered_map<std::string, StorageRef>;

class LegacyContainer : public Container
{
public:
    LegacyContainer(const ByteSource &source, ParsedPickle pickle,
                    std::unordered_map<std::string, CheckpointStorage> places)
        : Container(std::move(pickle))
        , m_source(source)
        , m_places(std::move(places))
    {}

    std::string format() const override { return "legacy"; }
    CheckpointStorage locate(const StorageRef &ref) const override
    {
        const auto found = m_places.find(ref.key);
        if (found == m_places.end())
            damaged(m_source, "storage " + inQuotes(ref.key) + " is missing from the list of storages");
        return found->second;
    }

private:
    const ByteSource &m_source;
    std::unordered_map<std::string, CheckpointStorage> m_places;
};

ParsedPickle parseNext(const ByteSource &source, uint64_t &position)
{
    ParsedPickle pickle = PickleMachine(source, position, source.size()).run();
    position = pickle.end;
    return pickle;
}

void checkPreamble(const ByteSource &source, uint64_t &position)
{
    const ParsedPickle magic = parseNext(source, position);
    if (magic.graph.bytes(magic.root) != kMagic)
        damaged(source, "it is a pickle, but not one that torch.save wrote: the magic number at byte 0 is missing");
    const ParsedPickle protocol = parseNext(source, position);
    if (protocol.graph.integer(protocol.root) != kProtocol)
        damaged(source, "the protocol number before byte " + std::to_string(position) + " is not 1001");
    const ParsedPickle system = parseNext(source, position);
    const auto pairs = system.graph.pairs(system.root);
    for (size_t i = 0; i + 1 < pairs.size(); i += 2)
        if (system.graph.text(pairs[i]) == "little_endian" && system.graph.boolean(pairs[i + 1]) == false)
            damaged(source, "its bytes are in big-endian order");
}

// Sizes of elements stand in the object's pickle alone.
StorageTable declaredStorages(const ByteSource &source, const PickleGraph &graph)
{
    const TensorReader reader(source, graph);
    StorageTable table;
    for (const NodeId node : graph.persistents()) {
        StorageRef ref = reader.storage(node);
        const auto [found, fresh] = table.try_emplace(ref.key, ref);
        if (found->second.className != ref.className || found->second.count != ref.count)
            damaged(source, "its pickle contradicts itself about storage " + inQuotes(ref.key));
        if (table.size() > kMaxStorages)
            damaged(source, "it holds more than 100000 storages");
    }
    return table;
}

uint64_t elementBytes(const ByteSource &source, const StorageRef &ref)
{
    if (ref.type != nullptr)
        return ref.type->bytes;
    for (const auto *name :
         {"torch.QInt8Storage", "torch.QUInt8Storage", "torch.QUInt4x2Storage", "torch.QUInt2x4Storage"})
        if (ref.className == name)
            return 1;
    if (ref.className == "torch.QInt32Storage")
        return 4;
    damaged(source, "storage " + inQuotes(ref.key) + " is of the class " + inQuotes(ref.className)
                        + ", whose size is not known");
}

// A count and the elements, one storage after the other in the order of the list.
CheckpointStorage placeNext(const ByteSource &source, const StorageRef &ref, uint64_t &position)
{
    std::array<uint8_t, kCountBytes> bytes{};
    source.read(position, bytes.data(), bytes.size());
    const uint64_t count = littleEndian(bytes.data(), kCountBytes);
    if (count != ref.count)
        damaged(source, "storage " + inQuotes(ref.key) + " at byte " + std::to_string(position) + " has "
                            + std::to_string(count) + " elements, but the pickle declares "
                            + std::to_string(ref.count));
    uint64_t size = 0;
    const uint64_t begin = position + kCountBytes;
    if (__builtin_mul_overflow(count, elementBytes(source, ref), &size) || size > source.size() - begin)
        damaged(source, "storage " + inQuotes(ref.key) + " at byte " + std::to_string(begin) + " has "
                            + std::to_string(count) + " elements and reaches beyond the end of the file at byte "
                            + std::to_string(source.size()) + "; the download may have stopped");
    position = begin + size;
    return {begin, size, size, std::nullopt};
}

} // namespace

std::unique_ptr<Container> openLegacyContainer(const ByteSource &source)
{
    uint64_t position = 0;
    checkPreamble(source, position);
    ParsedPickle object = parseNext(source, position);
    const StorageTable declared = declaredStorages(source, object.graph);
    const ParsedPickle list = parseNext(source, position);
    if (list.graph.kind(list.root) != PickleKind::List)
        damaged(source, "the list of storages before byte " + std::to_string(position) + " is missing");
    std::unordered_map<std::string, CheckpointStorage> places;
    for (const NodeId node : list.graph.members(list.root)) {
        const auto key = list.graph.text(node);
        const auto found = declared.find(std::string(key.value_or("")));
        if (found == declared.end())
            damaged(source, "its list names the storage " + inQuotes(key.value_or("(no text)"))
                                + ", which the pickle does not mention");
        if (!places.emplace(found->first, placeNext(source, found->second, position)).second)
            damaged(source, "its list names the storage " + inQuotes(found->first) + " twice");
    }
    return std::make_unique<LegacyContainer>(source, std::move(object), std::move(places));
}

} // namespace tessera::models
