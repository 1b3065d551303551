// Files on their way: unless the whole command succeeds they go, and what they would have replaced stays or comes back.
#pragma once

#include <filesystem>
#include <mutex>
#include <utility>
#include <vector>

#include "app/cli/interrupts.h"
#include "core/render/image.h"

namespace tessera::cli
{

// The unfinished picture beside the one being rendered. Unless kept, it goes and what it replaced comes back.
class PreviewFile
{
public:
    explicit PreviewFile(std::filesystem::path path);
    ~PreviewFile();
    PreviewFile(const PreviewFile &) = delete;
    PreviewFile &operator=(const PreviewFile &) = delete;

    void write(const core::Image &picture); // throws what core::writeImage throws
    void keep();
    const std::filesystem::path &path() const { return m_path; }

private:
    void setEarlierAside();
    void takeBack();

    std::filesystem::path m_path;
    std::filesystem::path m_earlier; // where what was there before waits
    bool m_written = false;
    std::mutex m_mutex; // a forced end comes on another thread
    ForcedEndGuard m_guard;
};

// Files written beside their places until all of them are whole.
class StagedFiles
{
public:
    StagedFiles() = default;
    ~StagedFiles();
    StagedFiles(const StagedFiles &) = delete;
    StagedFiles &operator=(const StagedFiles &) = delete;

    // Where to write what belongs to `target`; an empty path stays empty.
    std::filesystem::path add(const std::filesystem::path &target);
    // All take their places; permissions of files that are replaced are kept.
    void commit();

private:
    std::vector<std::pair<std::filesystem::path, std::filesystem::path>> m_files; // staged, target
};

} // namespace tessera::cli
