// Several samplings of one engine in step: variations of a picture, for instance. Weights are read once for all of
// them.
#pragma once

#include <functional>
#include <vector>

#include "core/sampling/engine.h"

namespace tessera::core
{

// Runs each task with an engine of its own, all of which stand for `engine`. Whenever every task that is not done wants
// tokens appended, they are appended together, in one batch. Results are those of the tasks one after the other. Tasks
// take turns, one at a time and in order, each on a thread of its own; the engine is used on this thread alone. The
// first task is a turn ahead of the others, so that they find the prefixes that it leaves behind (PrefixStore).
// Blocking. Throws what the first task that failed threw, once all have ended, and Error (OutOfMemory) before any begins
// where the system does not give so many threads. REQUIRES: engine.keepsBitsInChunks().
using EngineTask = std::function<void(TransformerEngine &)>;
void runJointly(TransformerEngine &engine, const std::vector<EngineTask> &tasks);

} // namespace tessera::core
