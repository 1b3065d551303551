// Numbers in files and on the command line have a point, wherever the user lives.
#pragma once

#include <clocale>

namespace tessera::app
{

// Call it when Qt's application has been made: that takes over the user's locale, in which 0.9 may be no number.
inline void keepDecimalPoints()
{
    std::setlocale(LC_NUMERIC, "C");
}

} // namespace tessera::app
