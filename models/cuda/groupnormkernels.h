// CUDA kernels of group normalisation, forwards and backwards, with SiLU behind it or without, behind plain pointers to
// device memory; nothing of LibTorch. Maps are [pictures, pixels, channels], channels adjacent. Every function only
// queues work on the stream; errors show in cudaGetLastError(). Sums are taken in a fixed order: equal inputs give
// equal bits.
#pragma once

#include <cstddef>

#include <cuda_runtime_api.h>

namespace tessera::models::cuda
{

enum class Format { Float32, BFloat16, Float16 }; // of maps and their gradients

struct NormShape {
    int pictures; // at most 65535
    int pixels;   // of one picture; pixels * channels < 2^31
    int channels; // a multiple of groups
    int groups;
};

// Of one group of one picture.
struct GroupStatistics {
    float mean;
    float low;   // what rounding the mean left of it
    float scale; // 1 / deviation
};

struct NormParameters {
    const float *weight, *bias; // [channels]
};

// Floats that each of the two functions below needs for sums of its own.
size_t normWorkspace(Format format, NormShape shape);

// y = f((x - mean) / sqrt(variance + epsilon) * weight + bias), f SiLU or nothing, and the statistics [pictures,
// groups]. REQUIRES: x and y begin at multiples of 16 bytes, as the workspace does.
void normForward(Format format, const void *x, NormParameters parameters, double epsilon, NormShape shape, bool silu,
                 float *workspace, GroupStatistics *statistics, void *y, cudaStream_t stream);

// The gradients by x [pictures, pixels, channels], weight [channels] and bias [channels], from y's (`upstream`).
// REQUIRES: as above, of x, upstream and ofX.
void normBackward(Format format, const void *x, const void *upstream, const GroupStatistics *statistics,
                  NormParameters parameters, NormShape shape, bool silu, float *workspace, void *ofX, float *ofWeight,
                  float *ofBias, cudaStream_t stream);

} // namespace tessera::models::cuda
