#include "models/checkpoint/container.h"
#include "models/checkpoint/zipdirectory.h"

namespace tessera::models
{

namespace
{

constexpr std::string_view kPickleName = "data.pkl";

class ZipContainer : public Container
{
public:
    ZipContainer(const ByteSource &source, ZipDirectory directory, std::string folder, ParsedPickle pickle)
        : Container(std::move(pickle))
        , m_source(source)
        , m_directory(std::move(directory))
        , m_folder(std::move(folder))
    {}

    std::string format() const override { return "zip"; }
    CheckpointStorage locate(const StorageRef &ref) const override;

private:
    const ByteSource &m_source;
    ZipDirectory m_directory;
    std::string m_folder; // "archive/"
};

CheckpointStorage ZipContainer::locate(const StorageRef &ref) const
{
    const std::string name = m_folder + "data/" + ref.key;
    const ZipEntry *entry = m_directory.find(name);
    if (entry == nullptr)
        damaged(m_source, "storage " + inQuotes(ref.key) + " is missing: there is no entry " + inQuotes(name));
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(ref.count, uint64_t(ref.type->bytes), &bytes) || bytes > entry->size)
        damaged(m_source, "storage " + inQuotes(ref.key) + " has " + std::to_string(ref.count) + " elements of "
                              + std::to_string(ref.type->bytes) + " bytes, but its entry has "
                              + std::to_string(entry->size) + " bytes");
    return {m_directory.contentOffset(*entry), bytes, entry->size,
            entry->crc != 0 ? std::optional(entry->crc) : std::nullopt};
}

// The one entry <folder>/data.pkl.
const ZipEntry &findPickle(const ByteSource &source, const ZipDirectory &directory)
{
    const ZipEntry *found = nullptr;
    for (const ZipEntry &entry : directory.entries()) {
        const size_t slash = entry.name.find('/');
        const std::string_view file = std::string_view(entry.name).substr(slash == std::string::npos ? 0 : slash + 1);
        if (file == "constants.pkl" || file.starts_with("code/"))
            damaged(source, "it is a TorchScript program, which is never run; save the module's state_dict instead");
        if (file != kPickleName)
            continue;
        if (found != nullptr)
            damaged(source, "it holds both " + inQuotes(found->name) + " and " + inQuotes(entry.name));
        found = &entry;
    }
    if (found == nullptr)
        damaged(source, "it is a zip file without data.pkl: no checkpoint of torch, or one that was packed again");
    return *found;
}

void checkByteOrder(const ByteSource &source, const ZipDirectory &directory, const std::string &folder)
{
    const ZipEntry *entry = directory.find(folder + "byteorder");
    if (entry == nullptr)
        return;
    std::string order(size_t(std::min<uint64_t>(entry->size, 16)), '\0');
    source.read(directory.contentOffset(*entry), order.data(), order.size());
    if (order != "little")
        damaged(source, "its bytes are in " + inQuotes(order) + "-endian order, expected 'little'");
}

ParsedPickle parsePickle(const ByteSource &source, const ZipDirectory &directory, const ZipEntry &entry)
{
    const uint64_t begin = directory.contentOffset(entry);
    const bool intact = entry.crc == 0 || crc32(source, begin, entry.size) == entry.crc;
    if (!intact)
        damaged(source, "the checksum of entry " + inQuotes(entry.name) + " is wrong; download the file again");
    ParsedPickle pickle = PickleMachine(source, begin, begin + entry.size).run();
    if (pickle.end != begin + entry.size)
        damaged(source, "its pickle stops at byte " + std::to_string(pickle.end) + ", but entry " + inQuotes(entry.name)
                            + " ends at byte " + std::to_string(begin + entry.size));
    return pickle;
}

} // namespace

std::unique_ptr<Container> openZipContainer(const ByteSource &source)
{
    ZipDirectory directory(source);
    const ZipEntry &entry = findPickle(source, directory);
    std::string folder = entry.name.substr(0, entry.name.size() - kPickleName.size());
    checkByteOrder(source, directory, folder);
    ParsedPickle pickle = parsePickle(source, directory, entry);
    return std::make_unique<ZipContainer>(source, std::move(directory), std::move(folder), std::move(pickle));
}

} // namespace tessera::models
