// A folder for results, made when it is missing.
#pragma once

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

private:
    void takeBack() const;

    const std::vector<std::filesystem::path> m_missing; // the innermost first
    ForcedEndGuard m_guard;
};

} // namespace tessera::cli
