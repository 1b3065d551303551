// Files that appear whole or not at all. Everything the program writes for its user goes through here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <sys/types.h>

namespace tessera::models
{

// For writers that need several files at once; WholeFile does both by itself.
//
// The file that a replacement of `path` would replace, links followed. Throws Error (FileWrite) when it may not be: it
// is no ordinary file or not writable.
std::filesystem::path replacedFile(const std::filesystem::path &path);
// An empty file of a name nobody else has, beside `path` and of the same suffix, to write into and rename. Throws Error
// (FileWrite).
std::filesystem::path fileBeside(const std::filesystem::path &path);

// The name holds its old content or all of the new, never a part, whatever fails or whenever the power does: bytes go
// to a temporary file in the same folder; commit() brings them and the new name to the disk. Without commit() nothing
// has changed and no temporary file is left. A symbolic link is followed; permissions of a file that is replaced are
// kept. Throws Error (FileWrite) that names the path and the reason. One thread.
class WholeFile
{
public:
    explicit WholeFile(std::filesystem::path path);
    ~WholeFile();
    WholeFile(const WholeFile &) = delete;
    WholeFile &operator=(const WholeFile &) = delete;

    const std::filesystem::path &path() const { return m_path; }

    void write(const void *data, std::size_t size);
    // Replaces bytes that are already written; later write()s continue at the end.
    void rewrite(uint64_t offset, const void *data, std::size_t size);
    void commit();

private:
    void bringToDisk();

    std::filesystem::path m_path;      // as the user knows it, for messages
    std::filesystem::path m_target;    // what the name finally leads to
    std::filesystem::path m_temporary; // empty once it took its name
    std::optional<mode_t> m_permissions;
    int m_descriptor = -1;
    uint64_t m_bytes = 0;
};

} // namespace tessera::models
