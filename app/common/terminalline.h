// The line of a terminal that a program draws again and again.
#pragma once

#include <cstdio>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

namespace tessera::app
{

// As much of UTF-8 text as so many columns hold, a character in each. Inside a character nothing is cut.
inline std::string cutToColumns(const std::string &text, size_t columns)
{
    const auto continues = [](char byte) { return (byte & 0xc0) == 0x80; };
    size_t end = 0;
    for (size_t column = 0; end < text.size() && column < columns; ++column)
        for (++end; end < text.size() && continues(text[end]);)
            ++end;
    return text.substr(0, end);
}

// Draws on stderr, over what was there. A line that is longer than the terminal is wide would wrap, and the next one
// could not replace it: the rest is left out.
inline void drawTerminalLine(const std::string &text)
{
    winsize size{};
    const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    std::fprintf(stderr, "\r\x1b[K%s", cutToColumns(text, (known ? size.ws_col : 80u) - 1).c_str());
    std::fflush(stderr);
}

} // namespace tessera::app
