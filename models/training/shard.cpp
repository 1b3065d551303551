#include "models/training/shard.h"

#include "models/error.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace tessera::models
{

namespace
{

static_assert(std::endian::native == std::endian::little, "shards are written as they lie in memory");

constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kLargestSide = 8192;
constexpr std::uint32_t kLargestFacts = 1 << 20;
constexpr long kCountOffset = 16;

struct Header {
    char magic[4] = {'T', 'L', 'D', 'S'};
    std::uint32_t version = kVersion;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint32_t count = 0;
    std::uint32_t zero = 0;
};
static_assert(sizeof(Header) == 24);

std::uint64_t planeBytes(std::uint64_t width, std::uint64_t height)
{
    return width * height * (3 + 1 + 1 + 2);
}

bool sideIsGood(std::uint32_t side)
{
    return side >= 1 && side <= kLargestSide;
}

std::string sizeText(std::uint32_t width, std::uint32_t height)
{
    return std::to_string(width) + " x " + std::to_string(height);
}

[[noreturn]] void badFormat(const std::filesystem::path &path, const std::string &what)
{
    throw Error(ErrorCode::FileFormat, path.string() + " is not a usable shard: " + what);
}

[[noreturn]] void cannotRead(const std::filesystem::path &path, const std::string &why)
{
    throw Error(ErrorCode::FileRead, path.string() + " cannot be read: " + why);
}

void checkSide(const std::filesystem::path &path, int width, int height)
{
    if (width < 1 || height < 1 || width > int(kLargestSide) || height > int(kLargestSide))
        throw Error(ErrorCode::InvalidArgument, path.string() + ": a shard of " + std::to_string(width) + " x "
                                                    + std::to_string(height)
                                                    + " pictures was asked for; each side must be between 1 and 8192");
}

void checkPlane(const std::filesystem::path &path, const char *name, std::size_t found, std::size_t expected)
{
    if (found != expected)
        throw Error(ErrorCode::InvalidArgument, path.string() + ": the " + name + " plane of a picture has "
                                                    + std::to_string(found) + " values; expected "
                                                    + std::to_string(expected));
}

// Sizes are checked before the vectors are made: a broken length must not allocate.
ShardPicture emptyPicture(int width, int height)
{
    const std::size_t pixels = static_cast<std::size_t>(width) * height;
    ShardPicture p;
    p.width = width;
    p.height = height;
    p.rgb.resize(3 * pixels);
    p.object.resize(pixels);
    p.material.resize(pixels);
    p.depth.resize(pixels);
    return p;
}

} // namespace

ShardWriter::ShardWriter(const std::filesystem::path &path, int width, int height)
    : m_file((checkSide(path, width, height), path))
    , m_width(static_cast<std::uint32_t>(width))
    , m_height(static_cast<std::uint32_t>(height))
{
    Header header;
    header.width = m_width;
    header.height = m_height;
    m_file.write(&header, sizeof header);
}

void ShardWriter::add(const ShardPicture &p)
{
    const std::size_t pixels = static_cast<std::size_t>(m_width) * m_height;
    checkPlane(m_file.path(), "rgb", p.rgb.size(), 3 * pixels);
    checkPlane(m_file.path(), "object", p.object.size(), pixels);
    checkPlane(m_file.path(), "material", p.material.size(), pixels);
    checkPlane(m_file.path(), "depth", p.depth.size(), pixels);
    if (p.facts.size() > kLargestFacts || !nlohmann::json::accept(p.facts))
        throw Error(ErrorCode::InvalidArgument,
                    m_file.path().string()
                        + ": the facts of a picture are not JSON of at most 1 MiB: " + p.facts.substr(0, 60));
    m_file.write(p.rgb.data(), p.rgb.size());
    m_file.write(p.object.data(), p.object.size());
    m_file.write(p.material.data(), p.material.size());
    m_file.write(p.depth.data(), p.depth.size() * sizeof(std::uint16_t));
    const auto length = static_cast<std::uint32_t>(p.facts.size());
    m_file.write(&length, sizeof length);
    m_file.write(p.facts.data(), p.facts.size());
    ++m_count;
}

void ShardWriter::close()
{
    m_file.rewrite(kCountOffset, &m_count, sizeof m_count);
    m_file.commit();
}

ShardReader::ShardReader(const std::filesystem::path &path) : m_path(path)
{
    m_file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); // else a pipe would wait for its writer
    if (m_file < 0)
        cannotRead(m_path, std::strerror(errno));
    try {
        struct stat status;
        if (::fstat(m_file, &status) != 0)
            cannotRead(m_path, std::strerror(errno));
        if (!S_ISREG(status.st_mode))
            cannotRead(m_path, "it is not an ordinary file");
        readHeader(static_cast<std::uint64_t>(status.st_size));
    } catch (...) {
        ::close(m_file);
        throw;
    }
}

ShardReader::~ShardReader()
{
    if (m_file >= 0)
        ::close(m_file);
}

ShardReader::ShardReader(ShardReader &&other) noexcept
    : m_path(std::move(other.m_path))
    , m_file(std::exchange(other.m_file, -1))
    , m_width(other.m_width)
    , m_height(other.m_height)
    , m_offsets(std::move(other.m_offsets))
{}

void ShardReader::readBytes(void *out, std::size_t size, std::uint64_t offset) const
{
    auto *to = static_cast<char *>(out);
    while (size > 0) {
        const ssize_t got = ::pread(m_file, to, size, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            cannotRead(m_path, got < 0 ? std::strerror(errno) : "it ends before its last picture");
        to += got;
        offset += static_cast<std::uint64_t>(got);
        size -= static_cast<std::size_t>(got);
    }
}

void ShardReader::readHeader(std::uint64_t fileSize)
{
    Header header;
    if (fileSize < sizeof header)
        badFormat(m_path, "it has " + std::to_string(fileSize) + " bytes; a header alone needs 24");
    readBytes(&header, sizeof header, 0);
    if (std::memcmp(header.magic, "TLDS", 4) != 0)
        badFormat(m_path, "it does not begin with TLDS");
    if (header.version != kVersion)
        badFormat(m_path, "its version is " + std::to_string(header.version) + "; expected 1");
    if (!sideIsGood(header.width) || !sideIsGood(header.height))
        badFormat(m_path, "its pictures are " + sizeText(header.width, header.height)
                              + "; each side must be between 1 and 8192");
    m_width = static_cast<int>(header.width);
    m_height = static_cast<int>(header.height);
    const std::uint64_t planes = planeBytes(header.width, header.height);
    std::uint64_t offset = sizeof header;
    for (std::uint32_t i = 0; i < header.count; ++i) {
        std::uint32_t facts = 0;
        if (fileSize - offset < planes + sizeof facts)
            badFormat(m_path, "it has " + std::to_string(fileSize) + " bytes and ends in picture " + std::to_string(i)
                                  + " of " + std::to_string(header.count));
        readBytes(&facts, sizeof facts, offset + planes);
        const std::uint64_t end = offset + planes + sizeof facts + facts;
        if (facts > kLargestFacts || end > fileSize)
            badFormat(m_path, "picture " + std::to_string(i) + " claims " + std::to_string(facts) + " bytes of facts; "
                                  + std::to_string(fileSize - offset - planes - sizeof facts) + " bytes are left");
        m_offsets.push_back(offset);
        offset = end;
    }
    if (offset != fileSize)
        badFormat(m_path, "it has " + std::to_string(fileSize) + " bytes; expected " + std::to_string(offset) + " for "
                              + std::to_string(header.count) + " pictures of " + sizeText(header.width, header.height));
}

ShardPicture ShardReader::read(std::size_t index) const
{
    ShardPicture p = emptyPicture(m_width, m_height);
    std::uint64_t at = m_offsets.at(index);
    const auto take = [&](void *out, std::size_t size) {
        readBytes(out, size, at);
        at += size;
    };
    take(p.rgb.data(), p.rgb.size());
    take(p.object.data(), p.object.size());
    take(p.material.data(), p.material.size());
    take(p.depth.data(), p.depth.size() * sizeof(std::uint16_t));
    std::uint32_t length = 0;
    take(&length, sizeof length);
    if (length > kLargestFacts)
        cannotRead(m_path, "it was changed while it was open");
    p.facts.resize(length);
    take(p.facts.data(), length);
    return p;
}

std::vector<std::filesystem::path> listShards(const std::filesystem::path &folder)
{
    std::error_code error;
    std::vector<std::filesystem::path> paths;
    std::filesystem::directory_iterator it(folder, error);
    if (error)
        cannotRead(folder, error.message());
    for (; it != std::filesystem::directory_iterator(); it.increment(error)) {
        if (error)
            cannotRead(folder, error.message());
        if (it->path().extension() == ".tlds")
            paths.push_back(it->path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
}

} // namespace tessera::models
