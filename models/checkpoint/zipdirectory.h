// The table of contents of a zip file as torch.save writes it: entries are stored as they are, sizes stand in the
// central directory alone. The same parser decides what is in the file and where it is read
// (docs/decisions/0006-own-zip-directory.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/checkpoint/bytes.h"

namespace tessera::models
{

struct ZipEntry {
    std::string name;
    uint64_t size = 0;           // bytes of the content
    uint64_t compressedSize = 0; // bytes in the file
    uint64_t headerOffset = 0;   // where the local header begins
    uint64_t limit = 0;          // where the next entry, or the directory, begins
    uint32_t crc = 0;            // 0: the writer did not compute it
    uint16_t method = 0;         // 0: stored
    uint16_t flags = 0;
};

// Entries do not overlap and have safe names, each only once. Constant.
class ZipDirectory
{
public:
    // Whether the file begins like a zip file.
    static bool isZip(const ByteSource &source);
    // Throws Error (FileFormat) naming the byte or the entry. Keeps a reference to `source`.
    explicit ZipDirectory(const ByteSource &source);

    // In order of their names.
    const std::vector<ZipEntry> &entries() const { return m_entries; }
    // Null where there is none. The name must match to the byte.
    const ZipEntry *find(std::string_view name) const;
    // Where the content begins. Throws Error (FileFormat) where the entry is compressed or encrypted, or its local
    // header tells something else than the directory.
    uint64_t contentOffset(const ZipEntry &entry) const;

private:
    void readDirectory(uint64_t begin, uint64_t bytes, uint64_t count);
    size_t readEntry(const std::vector<uint8_t> &directory, size_t position);
    void checkNames();
    void checkPlaces(uint64_t directoryBegin);

    const ByteSource &m_source;
    uint64_t m_directoryBegin = 0;
    std::vector<ZipEntry> m_entries;
};

} // namespace tessera::models
