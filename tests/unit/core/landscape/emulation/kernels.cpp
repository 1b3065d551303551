// The landscapes' kernels as they stand, compiled for the processor: blocks run one after the other, and so do a
// block's threads, unless they wait for each other.
#include <cuda_runtime_api.h>

// The library's headers first: what follows is not for them.
#include <algorithm>
#include <array>
#include <barrier>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

namespace
{

struct Index {
    unsigned x = 0, y = 0, z = 0;
};

thread_local Index threadIdx, blockIdx;
thread_local dim3 gridDim(1);
std::barrier<> *blockBarrier = nullptr; // of the block that runs, where its threads wait for each other

[[maybe_unused]] void __syncthreads()
{
    blockBarrier->arrive_and_wait();
}
[[maybe_unused]] float __saturatef(float x)
{
    return x > 1 ? 1 : x > 0 ? x : 0;
}
template<class T>
T atomicAdd(T *sum, T value)
{
    const T before = *sum;
    *sum += value;
    return before;
}

template<class Kernel, class Batch>
void runThread(Kernel kernel, const Batch &batch, dim3 grid, Index block, Index thread)
{
    gridDim = grid;
    blockIdx = block;
    threadIdx = thread;
    kernel(batch);
}

template<class Kernel, class Batch>
void runBlock(Kernel kernel, const Batch &batch, dim3 grid, dim3 size, Index block, bool together)
{
    if (!together) {
        for (unsigned y = 0; y < size.y; ++y)
            for (unsigned x = 0; x < size.x; ++x)
                runThread(kernel, batch, grid, block, {x, y, 0});
        return;
    }
    std::barrier<> barrier(size.x);
    blockBarrier = &barrier;
    std::vector<std::jthread> threads;
    for (unsigned x = 0; x < size.x; ++x)
        threads.emplace_back([=, &batch] { runThread(kernel, batch, grid, block, {x, 0, 0}); });
}

template<class Kernel, class Batch>
void launch(Kernel kernel, const Batch &batch, dim3 grid, dim3 size, bool together)
{
    for (unsigned z = 0; z < grid.z; ++z)
        for (unsigned y = 0; y < grid.y; ++y)
            for (unsigned x = 0; x < grid.x; ++x)
                runBlock(kernel, batch, grid, size, {x, y, z}, together);
}

} // namespace

#define __CUDACC__
#define __device__
#define __global__
#define __noinline__
#define __shared__ static // one block runs at a time
#define __launch_bounds__(threads)
#define TESSERA_LAUNCH(kernel, grid, block, stream, batch)                                                             \
    static_cast<void>(stream), launch(kernel, batch, grid, block, kernel == exposureKernel)

#include "core/landscape/cuda/landscapekernels.cu"
