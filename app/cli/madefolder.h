// A folder for results, made when it is missing.
#pragma once

#include <atomic>
#include <filesystem>
#include <vector>

#include "app/cli/interrupts.h"

namespace tessera::cli
{

// What was made for it goes again, also when a signal ends the program, unless something was put there meanwhile.
class MadeFolder
{
public:
    // Throws Error (FileWrite).
    explicit MadeFolder(const std::filesystem::path &path);
    ~MadeFolder();
    MadeFolder(const MadeFolder &) = delete;
    MadeFolder &operator=(const MadeFolder &) = delete;

    // The work is done: the folder stays even when empty, since others may be about to put something there.
    void keep() { m_kept = true; }

private:
    void takeBack() const;

    const std::vector<std::filesystem::path> m_missing; // the innermost first
    std::atomic<bool> m_kept = false;
    ForcedEndGuard m_guard;
};

} // namespace tessera::cli
