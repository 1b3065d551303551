#pragma once

#include "models/error.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <unistd.h>

namespace tessera::models
{

// A file that appears under its name only when it is complete: bytes go to a temporary sibling, commit()
// makes them durable and renames it. Without commit() the sibling is removed. Throws Error (FileWrite). One
// thread.
class WholeFile
{
public:
    explicit WholeFile(std::filesystem::path path)
        : m_path(std::move(path))
        , m_temporary(m_path.string() + ".part" + std::to_string(::getpid()))
    {
        m_file = std::fopen(m_temporary.c_str(), "wb");
        if (!m_file)
            fail("cannot be created");
    }
    ~WholeFile()
    {
        if (m_file)
            std::fclose(m_file);
        if (!m_temporary.empty())
            std::remove(m_temporary.c_str());
    }
    WholeFile(const WholeFile &) = delete;
    WholeFile &operator=(const WholeFile &) = delete;

    const std::filesystem::path &path() const { return m_path; }

    void write(const void *data, std::size_t size)
    {
        if (std::fwrite(data, 1, size, m_file) != size)
            fail("cannot be written");
    }

    // Replaces bytes already written, then continues at the end.
    void rewrite(long offset, const void *data, std::size_t size)
    {
        if (std::fseek(m_file, offset, SEEK_SET) != 0)
            fail("cannot be written");
        write(data, size);
        if (std::fseek(m_file, 0, SEEK_END) != 0)
            fail("cannot be written");
    }

    void commit()
    {
        if (std::fflush(m_file) != 0 || ::fsync(::fileno(m_file)) != 0)
            fail("cannot be written");
        std::FILE *file = m_file;
        m_file = nullptr;
        if (std::fclose(file) != 0)
            fail("cannot be written");
        if (std::rename(m_temporary.c_str(), m_path.c_str()) != 0)
            fail("cannot take its name");
        m_temporary.clear();
    }

private:
    [[noreturn]] void fail(const char *what) const
    {
        throw Error(ErrorCode::FileWrite, m_path.string() + " " + what + ": " + std::strerror(errno));
    }

    std::filesystem::path m_path;
    std::string m_temporary;
    std::FILE *m_file = nullptr;
};

} // namespace tessera::models
