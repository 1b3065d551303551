// The two files that torch.save writes: a pickle and storages, in a zip file (torch 1.6 and newer) or one after the
// other (legacy).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "models/checkpoint/picklemachine.h"
#include "models/checkpoint/tensorreader.h"

namespace tessera::models
{

// Bytes of a file that hold a storage.
struct CheckpointStorage {
    uint64_t begin = 0;
    uint64_t bytes = 0;          // of the elements that the pickle declares
    uint64_t contentBytes = 0;   // of the entry; not less
    std::optional<uint32_t> crc; // of the entry, where the file tells it
};

// Opened and proven as far as the pickle; storages are proven when they are located. Constant.
class Container
{
public:
    virtual ~Container() = default;
    virtual std::string format() const = 0; // "zip" or "legacy"
    const ParsedPickle &pickle() const { return m_pickle; }
    // Throws Error (FileFormat) where the storage is not in the file, or is shorter than the pickle declares.
    virtual CheckpointStorage locate(const StorageRef &ref) const = 0;

protected:
    explicit Container(ParsedPickle pickle) : m_pickle(std::move(pickle)) {}

private:
    ParsedPickle m_pickle;
};

// Decides by the file's first bytes. Keeps a reference to `source`. Throws Error (FileFormat), which for other kinds
// of files (a web page saved under the model's name, say) tells what they are.
std::unique_ptr<Container> openContainer(const ByteSource &source);

// For openContainer.
std::unique_ptr<Container> openZipContainer(const ByteSource &source);
std::unique_ptr<Container> openLegacyContainer(const ByteSource &source);

} // namespace tessera::models
