#include "models/training/runfolder.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "models/error.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path &path, const std::string &reason)
{
    throw Error(ErrorCode::FileWrite, "The output folder " + path.string() + " cannot be written: " + reason + ".");
}

// As WholeFile names what it has not finished.
bool isHalfWritten(const fs::path &file)
{
    return file.filename().string().starts_with(".tessera-") && file.extension() == ".part";
}

void makeFolder(const fs::path &path)
{
    std::error_code failure;
    fs::create_directories(path, failure);
    if (failure)
        fail(path, failure.message());
}

int openedFolder(const fs::path &path)
{
    return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void removeHalfWritten(const fs::path &folder)
{
    std::error_code error;
    std::vector<fs::path> found;
    for (fs::directory_iterator it(folder, error); !error && it != fs::directory_iterator(); it.increment(error))
        if (isHalfWritten(it->path()) && it->is_regular_file(error))
            found.push_back(it->path());
    for (const fs::path &file : found)
        fs::remove(file, error); // one that stays wastes room and harms nothing else
}

} // namespace

RunFolder::~RunFolder()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

void RunFolder::hold()
{
    if (m_descriptor >= 0)
        return;
    m_descriptor = openedFolder(m_path);
    if (m_descriptor < 0 && errno != ENOENT)
        fail(m_path, std::strerror(errno));
    if (m_descriptor >= 0 && ::flock(m_descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        throw Error(ErrorCode::InvalidArgument,
                    m_path.string()
                        + " is the output folder of a training that still runs: wait for it, or name another folder.");
}

void RunFolder::begin()
{
    makeFolder(m_path);
    hold();
    removeHalfWritten(m_path);
}

SharedFolder::SharedFolder(const fs::path &path)
{
    makeFolder(path);
    m_descriptor = openedFolder(path);
    if (m_descriptor < 0)
        fail(path, std::strerror(errno));
    if (::flock(m_descriptor, LOCK_EX | LOCK_NB) == 0) // nobody else is at work
        removeHalfWritten(path);
    ::flock(m_descriptor, LOCK_SH | LOCK_NB); // a training may hold it for hours, and need not be waited for
}

SharedFolder::~SharedFolder()
{
    ::close(m_descriptor);
}

} // namespace tessera::models
