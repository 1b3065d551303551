// Files that are no checkpoints, though they are called so.
#pragma once

#include <string>

#include "models/checkpoint/bytes.h"

namespace tessera::models
{

// What `source` is, and what to do about it: "it is a web page, ...". Empty where it may be a checkpoint: it begins
// like a pickle.
std::string describeForeignFile(const ByteSource &source);

} // namespace tessera::models
