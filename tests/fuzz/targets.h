// What a fuzzing target is: one function that must survive every input. Programs of Clang's libFuzzer and the one in
// driver.cpp both call it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace tessera::fuzz
{

// Ends the program, with the input kept, where a reader breaks its promise.
inline void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

inline std::string textOf(const uint8_t *data, size_t size)
{
    return {reinterpret_cast<const char *>(data), size};
}

} // namespace tessera::fuzz
