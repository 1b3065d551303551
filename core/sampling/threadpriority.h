// The priority of threads that calculate.
#pragma once

#ifdef __linux__
#include <algorithm>

#include <sys/resource.h>
#include <unistd.h>
#endif

namespace tessera::core
{

// Gives the calling thread, and those that it will make, less priority than the main thread, on which windows live.
// Called again it changes nothing.
inline void yieldToWindows()
{
#ifdef __linux__
    constexpr int kNicer = 5;
    const int windows =
        getpriority(PRIO_PROCESS, id_t(getpid())); // on Linux of the main thread, below of the calling one
    setpriority(PRIO_PROCESS, 0, std::min(windows + kNicer, 19));
#endif
}

} // namespace tessera::core
