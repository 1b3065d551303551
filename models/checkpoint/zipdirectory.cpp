#include "models/checkpoint/zipdirectory.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace tessera::models
{

namespace
{

constexpr uint32_t kLocalHeader = 0x04034B50;
constexpr uint32_t kCentralHeader = 0x02014B50;
constexpr uint32_t kEnd = 0x06054B50;
constexpr uint32_t kEnd64 = 0x06064B50;
constexpr uint32_t kEnd64Locator = 0x07064B50;
constexpr uint64_t kLocalBytes = 30;
constexpr uint64_t kCentralBytes = 46;
constexpr uint64_t kEndBytes = 22;
constexpr uint64_t kEnd64Bytes = 56;
constexpr uint64_t kLocatorBytes = 20;
constexpr uint64_t kMaxComment = 65535;
constexpr uint64_t kMaxEntries = 100'000;
constexpr uint64_t kMaxDirectoryBytes = 32U << 20;
constexpr uint64_t kMaxName = 1024;
constexpr uint64_t kMask16 = 0xFFFF;
constexpr uint64_t kMask32 = 0xFFFFFFFF;

std::string number(uint64_t value)
{
    return std::to_string(value);
}

struct DirectoryPlace {
    uint64_t begin = 0;
    uint64_t bytes = 0;
    uint64_t count = 0;
    uint64_t endRecord = 0; // the directory must end exactly here
};

// The end record whose comment fills the rest of the file; looked for from the back.
uint64_t findEndRecord(const ByteSource &source)
{
    const uint64_t size = source.size();
    if (size < kEndBytes)
        damaged(source, "it has " + number(size) + " bytes, too few for a zip file; the download may have stopped");
    const uint64_t span = std::min(size, kEndBytes + kMaxComment);
    std::vector<uint8_t> tail(span);
    source.read(size - span, tail.data(), span);
    for (uint64_t at = span - kEndBytes + 1; at-- > 0;) {
        if (littleEndian(&tail[at], 4) == kEnd && littleEndian(&tail[at + 20], 2) == span - kEndBytes - at)
            return size - span + at;
    }
    damaged(source, "it begins like a zip file, but its table of contents at the end is missing; "
                    "the download may have stopped at byte "
                        + number(size));
}

DirectoryPlace placeFrom64(const ByteSource &source, uint64_t endRecord, const DirectoryPlace &place)
{
    std::array<uint8_t, kLocatorBytes> locator{};
    source.read(endRecord - kLocatorBytes, locator.data(), locator.size());
    const uint64_t at = littleEndian(&locator[8], 8);
    if (littleEndian(&locator[4], 4) != 0 || littleEndian(&locator[16], 4) > 1)
        damaged(source, "it is one part of a zip file in several parts");
    if (endRecord < kLocatorBytes + kEnd64Bytes || at != endRecord - kLocatorBytes - kEnd64Bytes)
        damaged(source, "its zip64 end record is said to be at byte " + number(at) + ", expected right before byte "
                            + number(endRecord - kLocatorBytes));
    std::array<uint8_t, kEnd64Bytes> end{};
    source.read(at, end.data(), end.size());
    if (littleEndian(end.data(), 4) != kEnd64 || littleEndian(&end[4], 8) != kEnd64Bytes - 12)
        damaged(source, "there is no zip64 end record at byte " + number(at));
    if (littleEndian(&end[16], 4) != 0 || littleEndian(&end[20], 4) != 0
        || littleEndian(&end[24], 8) != littleEndian(&end[32], 8))
        damaged(source, "it is one part of a zip file in several parts");
    const DirectoryPlace wide{littleEndian(&end[48], 8), littleEndian(&end[40], 8), littleEndian(&end[32], 8), at};
    const auto agree = [](uint64_t narrow, uint64_t value, uint64_t mask) { return narrow == mask || narrow == value; };
    if (!agree(place.begin, wide.begin, kMask32) || !agree(place.bytes, wide.bytes, kMask32)
        || !agree(place.count, wide.count, kMask16))
        damaged(source, "its two end records contradict each other at byte " + number(at));
    return wide;
}

bool hasLocator(const ByteSource &source, uint64_t endRecord)
{
    if (endRecord < kLocatorBytes)
        return false;
    std::array<uint8_t, 4> signature{};
    source.read(endRecord - kLocatorBytes, signature.data(), signature.size());
    return littleEndian(signature.data(), 4) == kEnd64Locator;
}

DirectoryPlace findDirectory(const ByteSource &source)
{
    const uint64_t endRecord = findEndRecord(source);
    std::array<uint8_t, kEndBytes> end{};
    source.read(endRecord, end.data(), end.size());
    DirectoryPlace place{littleEndian(&end[16], 4), littleEndian(&end[12], 4), littleEndian(&end[10], 2), endRecord};
    const auto isPart = [](uint64_t disk) { return disk != 0 && disk != kMask16; };
    if (isPart(littleEndian(&end[4], 2)) || isPart(littleEndian(&end[6], 2)) || littleEndian(&end[8], 2) != place.count)
        damaged(source, "it is one part of a zip file in several parts");
    if (hasLocator(source, endRecord))
        place = placeFrom64(source, endRecord, place);
    if (place.bytes > place.endRecord || place.begin != place.endRecord - place.bytes)
        damaged(source, "its table of contents is said to be bytes " + number(place.begin) + " + " + number(place.bytes)
                            + ", expected to end at byte " + number(place.endRecord));
    if (place.count > kMaxEntries || place.bytes > kMaxDirectoryBytes)
        damaged(source, "it lists " + number(place.count) + " entries in " + number(place.bytes)
                            + " bytes, expected at most 100000 in 32 MiB");
    return place;
}

// Sizes and offset that do not fit 32 bits stand in extra field 1, in this order, only those that do not fit.
bool widen(ZipEntry &entry, const uint8_t *extra, uint64_t bytes)
{
    const bool needed = entry.size == kMask32 || entry.compressedSize == kMask32 || entry.headerOffset == kMask32;
    for (uint64_t at = 0; needed && at + 4 <= bytes;) {
        const uint64_t length = littleEndian(extra + at + 2, 2);
        if (length > bytes - at - 4)
            return false;
        if (littleEndian(extra + at, 2) == 1) {
            uint64_t used = 0;
            for (uint64_t *field : {&entry.size, &entry.compressedSize, &entry.headerOffset}) {
                if (*field != kMask32)
                    continue;
                if (used + 8 > length)
                    return false;
                *field = littleEndian(extra + at + 4 + used, 8);
                used += 8;
            }
            return true;
        }
        at += 4 + length;
    }
    return !needed;
}

bool isSafeName(std::string_view name)
{
    if (name.empty() || name.front() == '/' || name.find('\\') != name.npos || name.find('\0') != name.npos)
        return false;
    for (size_t begin = 0; begin <= name.size();) {
        const size_t end = std::min(name.find('/', begin), name.size());
        if (name.substr(begin, end - begin) == "..")
            return false;
        begin = end + 1;
    }
    return true;
}

} // namespace

bool ZipDirectory::isZip(const ByteSource &source)
{
    std::array<uint8_t, 4> signature{};
    if (source.size() < signature.size())
        return false;
    source.read(0, signature.data(), signature.size());
    const uint64_t found = littleEndian(signature.data(), 4);
    return found == kLocalHeader || found == kEnd;
}

ZipDirectory::ZipDirectory(const ByteSource &source) : m_source(source)
{
    const DirectoryPlace place = findDirectory(source);
    m_directoryBegin = place.begin;
    readDirectory(place.begin, place.bytes, place.count);
    checkNames();
    checkPlaces(place.begin);
}

void ZipDirectory::readDirectory(uint64_t begin, uint64_t bytes, uint64_t count)
{
    if (count * kCentralBytes > bytes)
        damaged(m_source,
                "its table of contents has " + number(bytes) + " bytes, too few for " + number(count) + " entries");
    std::vector<uint8_t> directory(bytes);
    m_source.read(begin, directory.data(), bytes);
    m_entries.reserve(count);
    size_t position = 0;
    for (uint64_t i = 0; i < count; ++i)
        position = readEntry(directory, position);
    if (position != bytes)
        damaged(m_source, "its table of contents has " + number(bytes - position) + " bytes after the last entry");
}

size_t ZipDirectory::readEntry(const std::vector<uint8_t> &directory, size_t position)
{
    const uint8_t *header = directory.data() + position;
    const uint64_t left = directory.size() - position;
    if (left < kCentralBytes || littleEndian(header, 4) != kCentralHeader)
        damaged(m_source, "there is no entry of the table of contents at byte " + number(m_directoryBegin + position));
    const uint64_t nameBytes = littleEndian(header + 28, 2);
    const uint64_t extraBytes = littleEndian(header + 30, 2);
    const uint64_t total = kCentralBytes + nameBytes + extraBytes + littleEndian(header + 32, 2);
    if (total > left || nameBytes > kMaxName)
        damaged(m_source, "the entry at byte " + number(m_directoryBegin + position) + " has a name of "
                              + number(nameBytes)
                              + " bytes and leaves the table of contents, or the name is "
                                "longer than 1024 bytes");
    ZipEntry entry;
    entry.name.assign(reinterpret_cast<const char *>(header + kCentralBytes), nameBytes);
    entry.flags = uint16_t(littleEndian(header + 8, 2));
    entry.method = uint16_t(littleEndian(header + 10, 2));
    entry.crc = uint32_t(littleEndian(header + 16, 4));
    entry.compressedSize = littleEndian(header + 20, 4);
    entry.size = littleEndian(header + 24, 4);
    entry.headerOffset = littleEndian(header + 42, 4);
    if (!widen(entry, header + kCentralBytes + nameBytes, extraBytes))
        damaged(m_source, "the zip64 sizes of entry " + inQuotes(entry.name) + " are missing or cut off");
    m_entries.push_back(std::move(entry));
    return position + total;
}

void ZipDirectory::checkNames()
{
    std::ranges::sort(m_entries, {}, &ZipEntry::name);
    for (size_t i = 0; i < m_entries.size(); ++i) {
        if (!isSafeName(m_entries[i].name))
            damaged(m_source, "the name " + inQuotes(m_entries[i].name) + " of an entry is not a plain relative path");
        if (i > 0 && m_entries[i].name == m_entries[i - 1].name)
            damaged(m_source, "the entry " + inQuotes(m_entries[i].name) + " stands there twice");
    }
}

// Entries that overlap would let a small file unfold to any size.
void ZipDirectory::checkPlaces(uint64_t directoryBegin)
{
    std::vector<uint32_t> order(m_entries.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [this](uint32_t i) { return m_entries[i].headerOffset; });
    uint64_t limit = directoryBegin;
    for (auto it = order.rbegin(); it != order.rend(); ++it) {
        ZipEntry &entry = m_entries[*it];
        const uint64_t headers = kLocalBytes + entry.name.size();
        if (entry.headerOffset > limit || headers > limit - entry.headerOffset
            || entry.compressedSize > limit - entry.headerOffset - headers)
            damaged(m_source, "the entry " + inQuotes(entry.name) + " of " + number(entry.compressedSize)
                                  + " bytes at byte " + number(entry.headerOffset) + " reaches beyond byte "
                                  + number(limit) + ", where the next one begins");
        entry.limit = limit;
        limit = entry.headerOffset;
    }
}

const ZipEntry *ZipDirectory::find(std::string_view name) const
{
    const auto found = std::ranges::lower_bound(m_entries, name, {}, &ZipEntry::name);
    return found != m_entries.end() && found->name == name ? &*found : nullptr;
}

uint64_t ZipDirectory::contentOffset(const ZipEntry &entry) const
{
    if (entry.method != 0 || entry.compressedSize != entry.size)
        damaged(m_source, "the entry " + inQuotes(entry.name) + " is compressed (method " + number(entry.method)
                              + "), but torch stores entries as they are; unpack the file and save it again");
    if ((entry.flags & 0x2041) != 0)
        damaged(m_source, "the entry " + inQuotes(entry.name) + " is encrypted");
    std::vector<uint8_t> header(kLocalBytes + entry.name.size());
    m_source.read(entry.headerOffset, header.data(), header.size());
    const std::string_view name(reinterpret_cast<const char *>(header.data() + kLocalBytes), entry.name.size());
    const auto sizeFits = [&](uint64_t size) { return size == 0 || size == kMask32 || size == entry.size; };
    if (littleEndian(header.data(), 4) != kLocalHeader || littleEndian(&header[8], 2) != 0
        || littleEndian(&header[26], 2) != entry.name.size() || name != entry.name
        || (littleEndian(&header[6], 2) & 0x2041) != 0 || !sizeFits(littleEndian(&header[18], 4))
        || !sizeFits(littleEndian(&header[22], 4)))
        damaged(m_source, "the header at byte " + number(entry.headerOffset)
                              + " contradicts the table of contents "
                                "about entry "
                              + inQuotes(entry.name));
    const uint64_t begin = entry.headerOffset + header.size() + littleEndian(&header[28], 2);
    if (begin > entry.limit || entry.size > entry.limit - begin)
        damaged(m_source, "the entry " + inQuotes(entry.name) + " of " + number(entry.size) + " bytes at byte "
                              + number(begin) + " reaches beyond byte " + number(entry.limit));
    return begin;
}

} // namespace tessera::models
