#pragma once

namespace tessera::train
{

// How many threads LibTorch computes with; 0 leaves it as it is. Call it before the first computation.
void setThreads(int threads);

} // namespace tessera::train
