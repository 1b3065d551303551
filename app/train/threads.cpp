#include "app/train/threads.h"

#include <ATen/Parallel.h>

namespace tessera::train
{

void setThreads(int threads)
{
    if (threads > 0) {
        at::set_num_threads(threads);
    }
}

} // namespace tessera::train
