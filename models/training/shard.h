#pragma once

#include "models/wholefile.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

// Training data on disk: many pictures of one size in one file, `.tlds`. All numbers are little-endian.
//
//   header, 24 bytes: "TLDS", uint32 version = 1, uint32 width, uint32 height, uint32 count, uint32 zero
//   then per picture: rgb      height x width x 3 uint8
//                     object   height x width uint8, label ids
//                     material height x width uint8, label ids
//                     depth    height x width uint16, near is bright, sky is 0
//                     uint32 n, then n bytes of UTF-8 JSON: the facts
namespace tessera::models
{

struct ShardPicture {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;
    std::vector<std::uint8_t> object;
    std::vector<std::uint8_t> material;
    std::vector<std::uint16_t> depth;
    std::string facts; // a JSON object
};

// Writes a shard: whole or not at all. One thread.
class ShardWriter
{
public:
    // Throws Error (InvalidArgument) for a size outside 1 ... 8192, Error (FileWrite).
    ShardWriter(const std::filesystem::path &path, int width, int height);

    // Throws Error (InvalidArgument) when a plane's size is not the shard's, Error (FileWrite).
    void add(const ShardPicture &picture);

    int count() const { return static_cast<int>(m_count); }

    // Gives the file its name. Without close() nothing is left behind. Throws Error (FileWrite).
    void close();

private:
    WholeFile m_file;
    std::uint32_t m_width;
    std::uint32_t m_height;
    std::uint32_t m_count = 0;
};

// An open shard. read() may be called from many threads at once.
class ShardReader
{
public:
    // Checks the header and that the file ends exactly where its last picture does.
    // Throws Error (FileRead) when it cannot be opened, Error (FileFormat).
    explicit ShardReader(const std::filesystem::path &path);
    ~ShardReader();
    ShardReader(ShardReader &&other) noexcept;
    ShardReader &operator=(ShardReader &&) = delete;
    ShardReader(const ShardReader &) = delete;

    const std::filesystem::path &path() const { return m_path; }
    int width() const { return m_width; }
    int height() const { return m_height; }
    std::size_t size() const { return m_offsets.size(); }

    // REQUIRES: index < size(). Throws Error (FileRead).
    ShardPicture read(std::size_t index) const;

private:
    void readHeader(std::uint64_t fileSize);
    void readBytes(void *out, std::size_t size, std::uint64_t offset) const;

    std::filesystem::path m_path;
    int m_file = -1;
    int m_width = 0;
    int m_height = 0;
    std::vector<std::uint64_t> m_offsets;
};

// The `.tlds` files of a folder, sorted by name; empty when there are none.
// Throws Error (FileRead) when the folder cannot be listed.
std::vector<std::filesystem::path> listShards(const std::filesystem::path &folder);

} // namespace tessera::models
