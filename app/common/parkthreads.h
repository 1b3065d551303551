// LibTorch's threads wait for each other by spinning unless the OpenMP runtime is told otherwise, and a spinning thread
// takes the core that painting, or anything else, needs: steps then take ten times as long. The runtime reads its
// setting while the program is loaded, so the only way to set it from inside is to set it and start over.
#pragma once

#include <climits>
#include <cstdlib>
#include <unistd.h>

namespace tessera::app
{

// First line of main. Returns at once when the user, or the start before, has chosen a policy.
inline void parkWaitingThreads(char **arguments)
{
    if (std::getenv("OMP_WAIT_POLICY"))
        return;
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
    char program[PATH_MAX] = {}; // not /proc/self/exe itself: process lists would call the program "exe"
    if (::readlink("/proc/self/exe", program, sizeof program - 1) > 0)
        ::execv(program, arguments); // comes back only when it fails; then threads spin, and all still works
}

} // namespace tessera::app
