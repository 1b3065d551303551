// What goes wrong in long runs, as an error that whoever started one understands.
#pragma once

#include <exception>

#include "models/error.h"

namespace tessera::models
{

// An Error as it is. Want of memory, in all the words that LibTorch has for it, becomes OutOfMemory and is told as
// such; of what else LibTorch says the first line is kept, without its page of addresses.
Error explained(const std::exception &failure);

} // namespace tessera::models
