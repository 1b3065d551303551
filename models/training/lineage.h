// How the models were made that a run builds on.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace tessera::models
{

// A JSON array with an object for each model that the recipe names and that tells how it was made: what TrainRun::notes
// put into its file, and as `for` the recipe's keys that name it. Those follow that these models name for their part,
// and so on, each once. Empty when there is none. Throws what ModelFile::open throws.
std::string lineageOf(const nlohmann::json &recipe);

} // namespace tessera::models
