// Want of memory, in all the words that LibTorch has for it.
#pragma once

#include <exception>

namespace tessera::models
{

// Of main memory or a GPU's, also where cuBLAS or cuDNN want it for themselves.
bool isWantOfMemory(const std::exception &failure);

} // namespace tessera::models
