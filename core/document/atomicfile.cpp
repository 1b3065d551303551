#include "core/document/atomicfile.h"

#include "models/error.h"
#include "models/wholefile.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

private:
    int m_number;
};

[[noreturn]] void failRead(const fs::path &path, const std::string &reason)
{
    throw Error(ErrorCode::FileRead, "The file " + path.string() + " cannot be read: " + reason);
}

} // namespace

void writeFileAtomically(const fs::path &path, const QByteArray &content)
{
    models::WholeFile file(path);
    file.write(content.constData(), size_t(content.size()));
    file.commit();
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
        failRead(path, "it has " + std::to_string(status.st_size) + " bytes; at most " + std::to_string(maxBytes)
                           + " were expected");
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
