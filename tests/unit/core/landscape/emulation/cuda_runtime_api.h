// As much of the CUDA runtime as the landscapes' painter asks for, on the processor: memory of a GPU is memory, and
// what is queued on a stream is done at once. Allocations beyond `emulatedMemory` bytes fail.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned countX, unsigned countY = 1, unsigned countZ = 1) : x(countX), y(countY), z(countZ) {}
};

enum cudaError_t { cudaSuccess = 0, cudaErrorMemoryAllocation = 2 };
enum cudaMemcpyKind { cudaMemcpyHostToDevice = 1, cudaMemcpyDeviceToHost = 2 };
inline constexpr unsigned cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2;

struct EmulatedStream {};
struct EmulatedEvent {};
using cudaStream_t = EmulatedStream *;
using cudaEvent_t = EmulatedEvent *;

inline std::size_t emulatedMemory = std::size_t(1) << 31;

inline const char *cudaGetErrorString(cudaError_t error)
{
    return error == cudaSuccess ? "no error" : "out of memory";
}
inline cudaError_t cudaGetLastError()
{
    return cudaSuccess;
}
inline cudaError_t cudaSetDevice(int)
{
    return cudaSuccess;
}

// Filled with what no picture holds, so that it shows what was never written.
inline cudaError_t cudaMalloc(void **memory, std::size_t bytes)
{
    if (bytes > emulatedMemory)
        return cudaErrorMemoryAllocation;
    *memory = std::malloc(bytes);
    std::memset(*memory, 0xcd, bytes);
    return cudaSuccess;
}
inline cudaError_t cudaMallocHost(void **memory, std::size_t bytes)
{
    return cudaMalloc(memory, bytes);
}
inline cudaError_t cudaFree(void *memory)
{
    std::free(memory);
    return cudaSuccess;
}
inline cudaError_t cudaFreeHost(void *memory)
{
    return cudaFree(memory);
}
inline cudaError_t cudaMemcpyAsync(void *to, const void *from, std::size_t bytes, cudaMemcpyKind, cudaStream_t)
{
    std::memcpy(to, from, bytes);
    return cudaSuccess;
}
inline cudaError_t cudaMemsetAsync(void *to, int value, std::size_t bytes, cudaStream_t)
{
    std::memset(to, value, bytes);
    return cudaSuccess;
}

inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned)
{
    *stream = new EmulatedStream;
    return cudaSuccess;
}
inline cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    delete stream;
    return cudaSuccess;
}
inline cudaError_t cudaStreamSynchronize(cudaStream_t)
{
    return cudaSuccess;
}
inline cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned)
{
    *event = new EmulatedEvent;
    return cudaSuccess;
}
inline cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    delete event;
    return cudaSuccess;
}
inline cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t)
{
    return cudaSuccess;
}
inline cudaError_t cudaEventSynchronize(cudaEvent_t)
{
    return cudaSuccess;
}
