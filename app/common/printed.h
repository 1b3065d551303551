// What a program prints is its result: it arrives, or the program fails.
#pragma once

#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace tessera::app
{

// First thing in main. A standard stream that was closed becomes one that takes nothing, so that no file which is
// opened later gets its number, and with it what is printed.
inline void occupyStandardStreams()
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream)
        if (::fcntl(stream, F_GETFD) < 0) [[maybe_unused]]
            const int opened = ::open("/dev/null", O_RDONLY); // takes the lowest free number
}

// Whether all that was printed went out, or to a reader that closed its pipe because it has read enough. SIGPIPE must
// be ignored.
inline bool printedAll()
{
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
        return true;
    pollfd output{STDOUT_FILENO, 0, 0};
    return ::poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

} // namespace tessera::app
