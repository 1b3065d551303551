// libtiff prints what it finds in a file on the error stream unless it is told otherwise, and Qt 6.4 does not tell it.
#pragma once

namespace tessera::core
{

// Once Qt's plug-in for TIFF has loaded libtiff; before, it does nothing. Callable from any thread.
void quietLibtiff();

} // namespace tessera::core
