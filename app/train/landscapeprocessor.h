// What the landscape generator is compiled for unless TESSERA_LANDSCAPE_ARCH says otherwise.
#pragma once

#include "models/error.h"

namespace tessera::train
{

// Before landscapes are made: a processor without the generator's instructions would end the program without a word.
// Throws Error (Device).
inline void expectLandscapeProcessor()
{
#ifdef TESSERA_LANDSCAPE_AVX2
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        throw Error(ErrorCode::Device,
                    "This processor has no AVX2, which the landscape generator was compiled for: build again with "
                    "-DTESSERA_LANDSCAPE_ARCH=x86-64, or make landscapes on another machine.");
#endif
}

} // namespace tessera::train
