#include "models/wholefile.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/error.h"

namespace tessera::models
{

namespace fs = std::filesystem;

namespace
{

[[noreturn]] void fail(const fs::path &path, const std::string &reason)
{
    throw Error(ErrorCode::FileWrite, "The file " + path.string() + " cannot be written: " + reason);
}

[[noreturn]] void fail(const fs::path &path)
{
    fail(path, std::strerror(errno));
}

// What the name finally leads to, which need not exist yet; renaming over a link would replace the link and leave its
// target old.
fs::path targetOf(const fs::path &path)
{
    constexpr int kMostLinks = 40; // the system's own limit
    fs::path target = path;
    std::error_code error;
    for (int links = 0; fs::is_symlink(target, error); ++links) {
        const fs::path next = fs::read_symlink(target, error);
        if (error || links == kMostLinks)
            fail(path, error ? error.message() : "its links lead round in a circle");
        target = next.is_absolute() ? next : target.parent_path() / next;
    }
    return target;
}

// The permissions of the file that is to be replaced; none when it is new.
std::optional<mode_t> checkedPermissions(const fs::path &path, const fs::path &target)
{
    struct stat status;
    if (::stat(target.c_str(), &status) != 0) {
        if (errno != ENOENT)
            fail(path);
        return {};
    }
    if (!S_ISREG(status.st_mode))
        fail(path, S_ISDIR(status.st_mode) ? "it is a folder" : "it is not an ordinary file");
    if (::access(target.c_str(), W_OK) != 0)
        fail(path);
    return status.st_mode & 07777;
}

fs::path folderOf(const fs::path &target)
{
    return target.has_parent_path() ? target.parent_path() : fs::path(".");
}

// All of it, however many calls that takes; `put` writes some bytes and returns how many.
template<typename Put>
void writeAll(const fs::path &path, const void *data, std::size_t size, Put put)
{
    constexpr std::size_t kMostAtOnce = 1U << 30;
    const auto *bytes = static_cast<const char *>(data);
    for (std::size_t done = 0; done < size;) {
        const ssize_t written = put(bytes + done, std::min(size - done, kMostAtOnce), done);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            fail(path);
        if (written == 0)
            fail(path, "the disk took no more data");
        done += std::size_t(written);
    }
}

// The new name lasts only once the folder is on the disk too. Some file systems cannot sync a folder; the content is
// safe there all the same.
void bringFolderToDisk(const fs::path &folder)
{
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        ::fsync(descriptor);
        ::close(descriptor);
    }
}

struct OpenFile {
    fs::path path;
    int descriptor = -1;
};

// A new file beside `target`. Its name is short: the target's own may fill all 255 bytes.
OpenFile newFileBeside(const fs::path &path, const fs::path &target, const std::string &suffix)
{
    std::random_device random;
    for (int attempt = 0; attempt < 100; ++attempt) {
        const fs::path name = folderOf(target) / (".tessera-" + std::to_string(random()) + suffix);
        const int descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0)
            return {name, descriptor};
        if (errno != EEXIST)
            break;
    }
    fail(path);
}

} // namespace

fs::path replacedFile(const fs::path &path)
{
    const fs::path target = targetOf(path);
    checkedPermissions(path, target);
    return target;
}

fs::path fileBeside(const fs::path &path)
{
    const OpenFile file = newFileBeside(path, path, path.extension().string());
    ::close(file.descriptor);
    return file.path;
}

WholeFile::WholeFile(fs::path path)
    : m_path(std::move(path))
    , m_target(targetOf(m_path))
    , m_permissions(checkedPermissions(m_path, m_target))
{
    const OpenFile file = newFileBeside(m_path, m_target, ".part");
    m_temporary = file.path;
    m_descriptor = file.descriptor;
}

WholeFile::~WholeFile()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
    if (!m_temporary.empty())
        ::unlink(m_temporary.c_str());
}

void WholeFile::write(const void *data, std::size_t size)
{
    writeAll(m_path, data, size,
             [this](const char *from, std::size_t count, std::size_t) { return ::write(m_descriptor, from, count); });
    m_bytes += size;
}

void WholeFile::rewrite(uint64_t offset, const void *data, std::size_t size)
{
    writeAll(m_path, data, size, [&](const char *from, std::size_t count, std::size_t done) {
        return ::pwrite(m_descriptor, from, count, off_t(offset + done));
    });
}

void WholeFile::bringToDisk()
{
    struct stat status;
    if (m_permissions && ::fchmod(m_descriptor, *m_permissions) != 0)
        fail(m_path);
    if (::fsync(m_descriptor) != 0 || ::fstat(m_descriptor, &status) != 0)
        fail(m_path);
    if (uint64_t(status.st_size) != m_bytes)
        fail(m_path,
             "only " + std::to_string(status.st_size) + " of " + std::to_string(m_bytes) + " bytes reached the disk");
    if (::close(std::exchange(m_descriptor, -1)) != 0)
        fail(m_path);
}

void WholeFile::commit()
{
    bringToDisk();
    if (::rename(m_temporary.c_str(), m_target.c_str()) != 0)
        fail(m_path);
    m_temporary.clear();
    bringFolderToDisk(folderOf(m_target));
}

} // namespace tessera::models
