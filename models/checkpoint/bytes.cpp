#include "models/checkpoint/bytes.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/error.h"

namespace tessera::models
{

namespace
{

constexpr uint64_t kMaxReadBytes = 1U << 30; // one call of pread takes less than 2 GiB
constexpr size_t kMaxQuoted = 80;

using CrcTables = std::array<std::array<uint32_t, 256>, 8>;

// Table k advances a byte by k further zero bytes, so that eight bytes are taken at once.
constexpr CrcTables makeCrcTables()
{
    CrcTables tables{};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value >> 1) ^ ((value & 1) != 0 ? 0xEDB88320U : 0U);
        tables[0][i] = value;
    }
    for (size_t k = 1; k < 8; ++k)
        for (size_t i = 0; i < 256; ++i)
            tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 255];
    return tables;
}

constexpr CrcTables kCrcTables = makeCrcTables();

std::string reason()
{
    return std::strerror(errno);
}

// Bytes of the UTF-8 sequence that `first` begins, 0 where none does.
int utf8Length(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first < 0xE0)
        return 2;
    if (first >= 0xE0 && first < 0xF0)
        return 3;
    return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

} // namespace

void ByteSource::read(uint64_t offset, void *target, uint64_t count) const
{
    if (offset > size() || count > size() - offset)
        damaged(*this, "it ends at byte " + std::to_string(size()) + ", but " + std::to_string(count)
                           + " bytes are expected at byte " + std::to_string(offset));
    if (count > 0)
        readWithin(offset, target, count);
}

FileBytes::FileBytes(const std::filesystem::path &path)
    : ByteSource(path.string())
    , m_fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) // a pipe without a writer would wait for ever
{
    struct stat status {};
    if (m_fd < 0 || ::fstat(m_fd, &status) != 0)
        throw Error(ErrorCode::FileRead, path.string() + " cannot be read: " + reason() + ".");
    if (!S_ISREG(status.st_mode)) {
        ::close(m_fd);
        throw Error(ErrorCode::FileRead, path.string() + " is not a file.");
    }
    m_size = uint64_t(status.st_size);
}

FileBytes::~FileBytes()
{
    ::close(m_fd);
}

void FileBytes::readWithin(uint64_t offset, void *target, uint64_t count) const
{
    auto *bytes = static_cast<char *>(target);
    while (count > 0) {
        const ssize_t got = ::pread(m_fd, bytes, size_t(std::min(count, kMaxReadBytes)), off_t(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            throw Error(ErrorCode::FileRead, name() + (got < 0 ? " fails" : " ends") + " at byte "
                                                 + std::to_string(offset) + " while it is read.");
        bytes += got;
        offset += uint64_t(got);
        count -= uint64_t(got);
    }
}

MemoryBytes::MemoryBytes(std::string bytes, std::string name) : ByteSource(std::move(name)), m_bytes(std::move(bytes))
{}

void MemoryBytes::readWithin(uint64_t offset, void *target, uint64_t count) const
{
    std::memcpy(target, m_bytes.data() + offset, count);
}

ByteWindow::ByteWindow(const ByteSource &source, uint64_t begin, uint64_t end, uint64_t firstFetch)
    : m_source(source)
    , m_begin(std::min(begin, source.size()))
    , m_size(std::min(end, source.size()) - std::min(m_begin, std::min(end, source.size())))
    , m_firstFetch(firstFetch)
{}

void ByteWindow::fetch(uint64_t count)
{
    const uint64_t have = m_bytes.size();
    const uint64_t wanted = std::min(m_size, std::max({count, m_firstFetch, 2 * have}));
    m_bytes.reserve(wanted); // exactly: growing by itself a vector might take more
    m_bytes.resize(wanted);
    m_source.read(m_begin + have, m_bytes.data() + have, wanted - have);
}

uint64_t littleEndian(const uint8_t *bytes, int count)
{
    uint64_t value = 0;
    for (int i = count - 1; i >= 0; --i)
        value = value << 8 | bytes[i];
    return value;
}

uint32_t crc32(const void *data, uint64_t count, uint32_t crc)
{
    const auto *bytes = static_cast<const uint8_t *>(data);
    crc = ~crc;
    for (; count >= 8; count -= 8, bytes += 8) {
        const uint32_t low = uint32_t(littleEndian(bytes, 4)) ^ crc;
        crc = kCrcTables[7][low & 255] ^ kCrcTables[6][low >> 8 & 255] ^ kCrcTables[5][low >> 16 & 255]
              ^ kCrcTables[4][low >> 24] ^ kCrcTables[3][bytes[4]] ^ kCrcTables[2][bytes[5]] ^ kCrcTables[1][bytes[6]]
              ^ kCrcTables[0][bytes[7]];
    }
    for (; count > 0; --count, ++bytes)
        crc = crc >> 8 ^ kCrcTables[0][(crc ^ *bytes) & 255];
    return ~crc;
}

uint32_t crc32(const ByteSource &source, uint64_t offset, uint64_t count)
{
    std::vector<uint8_t> chunk(size_t(std::min<uint64_t>(count, 1U << 20)));
    uint32_t crc = 0;
    while (count > 0) {
        const uint64_t part = std::min<uint64_t>(count, chunk.size());
        source.read(offset, chunk.data(), part);
        crc = crc32(chunk.data(), part, crc);
        offset += part;
        count -= part;
    }
    return crc;
}

std::string inQuotes(std::string_view text)
{
    static const char *const digits = "0123456789ABCDEF";
    std::string result = "'";
    for (const char c : text.substr(0, kMaxQuoted)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F)
            result += c;
        else
            result += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
    return result + (text.size() > kMaxQuoted ? "...'" : "'");
}

bool isUtf8(std::string_view text)
{
    for (size_t i = 0; i < text.size();) {
        const int length = utf8Length(uint8_t(text[i]));
        if (length == 0 || i + size_t(length) > text.size())
            return false;
        for (int k = 1; k < length; ++k)
            if ((uint8_t(text[i + size_t(k)]) & 0xC0) != 0x80)
                return false;
        const uint8_t second = length > 1 ? uint8_t(text[i + 1]) : 0;
        // Overlong forms, surrogates, and what lies beyond U+10FFFF.
        switch (uint8_t(text[i])) {
        case 0xE0:
            if (second < 0xA0)
                return false;
            break;
        case 0xED:
            if (second > 0x9F)
                return false;
            break;
        case 0xF0:
            if (second < 0x90)
                return false;
            break;
        case 0xF4:
            if (second > 0x8F)
                return false;
            break;
        default:
            break;
        }
        i += size_t(length);
    }
    return true;
}

void damaged(const ByteSource &source, const std::string &what)
{
    throw Error(ErrorCode::FileFormat, source.name() + " is not a usable checkpoint: " + what + ".");
}

} // namespace tessera::models
