#include "core/document/atomicfile.h"

#include "models/error.h"

#include <QRandomGenerator>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tessera::core
{
namespace
{

namespace fs = std::filesystem;

class Descriptor
{
public:
    explicit Descriptor(int number) : m_number(number) {}
    ~Descriptor()
    {
        if (m_number >= 0) {
            ::close(m_number);
        }
    }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;

    int number() const { return m_number; }
    bool valid() const { return m_number >= 0; }
    bool close() { return ::close(std::exchange(m_number, -1)) == 0; }

private:
    int m_number;
};

[[noreturn]] void failWrite(const fs::path &path, const std::string &reason)
{
    throw Error(ErrorCode::FileWrite, "The file " + path.string() + " cannot be written: " + reason);
}

[[noreturn]] void failWrite(const fs::path &path)
{
    failWrite(path, std::strerror(errno));
}

// What the name finally leads to, which need not exist yet; renaming over a link would replace the link and
// leave its target old.
fs::path targetOf(const fs::path &path)
{
    constexpr int kMostLinks = 40; // the system's own limit
    fs::path target = path;
    std::error_code error;
    for (int links = 0; fs::is_symlink(target, error); ++links) {
        const fs::path next = fs::read_symlink(target, error);
        if (error || links == kMostLinks) {
            failWrite(path, error ? error.message() : "its links lead round in a circle");
        }
        target = next.is_absolute() ? next : target.parent_path() / next;
    }
    return target;
}

// The permissions of the file that is to be replaced; none when it is new.
std::optional<mode_t> checkedPermissions(const fs::path &path, const fs::path &target)
{
    struct stat status;
    if (::stat(target.c_str(), &status) != 0) {
        if (errno != ENOENT) {
            failWrite(path);
        }
        return {};
    }
    if (!S_ISREG(status.st_mode)) {
        failWrite(path, S_ISDIR(status.st_mode) ? "it is a folder" : "it is not an ordinary file");
    }
    if (::access(target.c_str(), W_OK) != 0) {
        failWrite(path);
    }
    return status.st_mode & 07777;
}

fs::path folderOf(const fs::path &target)
{
    return target.has_parent_path() ? target.parent_path() : fs::path(".");
}

// Goes away again unless it becomes the target. Its name is short: the target's own may fill all 255 bytes.
class TemporaryFile
{
public:
    TemporaryFile(const fs::path &path, const fs::path &folder) : m_path(path), m_descriptor(create(folder))
    {}

    ~TemporaryFile()
    {
        if (!m_name.empty()) {
            ::unlink(m_name.c_str());
        }
    }
    TemporaryFile(const TemporaryFile &) = delete;
    TemporaryFile &operator=(const TemporaryFile &) = delete;

    void write(const QByteArray &content)
    {
        const char *data = content.constData();
        for (size_t left = size_t(content.size()); left > 0;) {
            const ssize_t written = ::write(m_descriptor.number(), data, left);
            if (written < 0 && errno == EINTR) {
                continue;
            }
            if (written <= 0) {
                written < 0 ? failWrite(m_path) : failWrite(m_path, "the disk took no more data");
            }
            data += written;
            left -= size_t(written);
        }
    }

    void keepPermissions(mode_t mode)
    {
        if (::fchmod(m_descriptor.number(), mode) != 0) {
            failWrite(m_path);
        }
    }

    void bringToDisk(qint64 expectedBytes)
    {
        struct stat status;
        if (::fsync(m_descriptor.number()) != 0 || ::fstat(m_descriptor.number(), &status) != 0) {
            failWrite(m_path);
        }
        if (status.st_size != expectedBytes) {
            failWrite(m_path, "only " + std::to_string(status.st_size) + " of "
                                  + std::to_string(expectedBytes) + " bytes reached the disk");
        }
        if (!m_descriptor.close()) {
            failWrite(m_path);
        }
    }

    void become(const fs::path &target)
    {
        if (::rename(m_name.c_str(), target.c_str()) != 0) {
            failWrite(m_path);
        }
        m_name.clear();
    }

private:
    int create(const fs::path &folder)
    {
        for (int attempt = 0; attempt < 100; ++attempt) {
            const std::string number = std::to_string(QRandomGenerator::system()->generate());
            m_name = folder / (".tessera-" + number + ".part");
            const int descriptor = ::open(m_name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
            if (descriptor >= 0) {
                return descriptor;
            }
            if (errno != EEXIST) {
                break;
            }
        }
        m_name.clear();
        failWrite(m_path);
    }

    const fs::path &m_path; // as the user knows it, for messages
    fs::path m_name;
    Descriptor m_descriptor;
};

// The new name lasts only once the folder is on the disk too. Some file systems cannot sync a folder; the
// content is safe there all the same.
void bringFolderToDisk(const fs::path &folder)
{
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor.valid()) {
        ::fsync(descriptor.number());
    }
}

[[noreturn]] void failRead(const fs::path &path, const std::string &reason)
{
    throw Error(ErrorCode::FileRead, "The file " + path.string() + " cannot be read: " + reason);
}

} // namespace

void writeFileAtomically(const fs::path &path, const QByteArray &content)
{
    const fs::path target = targetOf(path);
    const std::optional<mode_t> permissions = checkedPermissions(path, target);
    TemporaryFile file(path, folderOf(target));
    file.write(content);
    if (permissions) {
        file.keepPermissions(*permissions);
    }
    file.bringToDisk(content.size());
    file.become(target);
    bringFolderToDisk(folderOf(target));
}

QByteArray readWholeFile(const fs::path &path, qint64 maxBytes)
{
    // Opening a pipe would wait for its writer.
    const Descriptor descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status;
    if (!descriptor.valid() || ::fstat(descriptor.number(), &status) != 0) {
        failRead(path, std::strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        failRead(path, S_ISDIR(status.st_mode) ? "it is a folder" : "it is not an ordinary file");
    }
    if (status.st_size > maxBytes) {
        failRead(path, "it has " + std::to_string(status.st_size) + " bytes; at most "
                           + std::to_string(maxBytes) + " were expected");
    }
    QByteArray content(status.st_size, Qt::Uninitialized);
    qsizetype have = 0;
    while (have < content.size()) {
        const ssize_t got = ::read(descriptor.number(), content.data() + have, size_t(content.size() - have));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            failRead(path, std::strerror(errno));
        }
        if (got == 0) {
            break; // it shrank meanwhile
        }
        have += got;
    }
    content.truncate(have);
    return content;
}

} // namespace tessera::core
