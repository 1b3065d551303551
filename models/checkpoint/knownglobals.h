// Which names of classes and functions belong in a checkpoint. None is ever looked up: this only decides what is worth
// a word to the user.
#pragma once

#include <string_view>

namespace tessera::models
{

// `name`: "module.name". False for what neither torch, Lightning, omegaconf, plain data nor the original's own programs
// bring along.
bool isKnownGlobal(std::string_view name);

} // namespace tessera::models
