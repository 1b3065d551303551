// For tests that compare with what Python's torch writes.
#pragma once

#include <cstdlib>
#include <string>

namespace tessera::tests
{

// Whether this Python finds torch and numpy: build/venv may hold a Python alone. Does not import them, which takes
// seconds.
inline bool hasTorch(const std::string &python)
{
    const std::string command = "'" + python
                                + "' -c 'from importlib.util import find_spec as found; "
                                  "assert found(\"torch\").origin and found(\"numpy\").origin' 2>/dev/null";
    return std::system(command.c_str()) == 0;
}

inline constexpr const char *kNoTorch =
    "Python's torch is not in build/venv: packaging/setup.sh installs it there where neither CMAKE_PREFIX_PATH nor "
    "Torch_DIR names a LibTorch";

} // namespace tessera::tests
