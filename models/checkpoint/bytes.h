// Bytes from strangers: where they come from, how they are read within bounds, how a refusal is worded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::models
{

// A run of bytes that never changes its length: a file or memory. Constant, so several threads may read.
class ByteSource
{
public:
    explicit ByteSource(std::string name) : m_name(std::move(name)) {}
    virtual ~ByteSource() = default;

    // What messages call it: the file's path.
    const std::string &name() const { return m_name; }
    virtual uint64_t size() const = 0;
    // Throws Error: FileFormat where the range leaves the source, FileRead where the disk fails.
    void read(uint64_t offset, void *target, uint64_t count) const;

protected:
    virtual void readWithin(uint64_t offset, void *target, uint64_t count) const = 0;

private:
    std::string m_name;
};

// Reads with pread: a file that shrinks meanwhile is an error, while a mapped one would end the process.
class FileBytes : public ByteSource
{
public:
    // Throws Error (FileRead) unless `path` is a regular file that can be opened.
    explicit FileBytes(const std::filesystem::path &path);
    ~FileBytes() override;
    FileBytes(const FileBytes &) = delete;
    FileBytes &operator=(const FileBytes &) = delete;

    uint64_t size() const override { return m_size; }

protected:
    void readWithin(uint64_t offset, void *target, uint64_t count) const override;

private:
    int m_fd = -1;
    uint64_t m_size = 0;
};

class MemoryBytes : public ByteSource
{
public:
    explicit MemoryBytes(std::string bytes, std::string name = "memory");
    uint64_t size() const override { return m_bytes.size(); }

protected:
    void readWithin(uint64_t offset, void *target, uint64_t count) const override;

private:
    std::string m_bytes;
};

// A range of a source, fetched from its beginning as far as it is needed.
class ByteWindow
{
public:
    // Keeps a reference to `source`. The range is cut off where the source ends.
    ByteWindow(const ByteSource &source, uint64_t begin, uint64_t end, uint64_t firstFetch = 4096);

    uint64_t begin() const { return m_begin; }
    uint64_t size() const { return m_size; }
    bool has(uint64_t position, uint64_t count) const { return position <= m_size && count <= m_size - position; }
    // `count` bytes at `position`, counted from the window's beginning; valid until the next call.
    // REQUIRES: has(position, count).
    const uint8_t *at(uint64_t position, uint64_t count)
    {
        if (position + count > m_bytes.size())
            fetch(position + count);
        return m_bytes.data() + position;
    }
    // The bytes fetched so far; the window is empty afterwards.
    std::vector<uint8_t> take() { return std::move(m_bytes); }

private:
    void fetch(uint64_t count);

    const ByteSource &m_source;
    uint64_t m_begin = 0;
    uint64_t m_size = 0;
    uint64_t m_firstFetch = 0;
    std::vector<uint8_t> m_bytes;
};

// A whole number of 1 to 8 bytes, least significant first.
uint64_t littleEndian(const uint8_t *bytes, int count);

// CRC-32 as in zip files; `crc` continues an earlier one.
uint32_t crc32(const void *data, uint64_t count, uint32_t crc = 0);
uint32_t crc32(const ByteSource &source, uint64_t offset, uint64_t count);

// Text from a stranger for a message: in single quotes, control and non-ASCII bytes as \xNN, 80 characters at most.
std::string inQuotes(std::string_view text);
bool isUtf8(std::string_view text);

// Throws Error (FileFormat): "<name> is not a usable checkpoint: <what>."
[[noreturn]] void damaged(const ByteSource &source, const std::string &what);

} // namespace tessera::models
