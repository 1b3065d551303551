// CUDA kernels of the landscape generator behind plain pointers to device memory, laid out as pixels.h has them. Every
// function only queues work on the stream; errors show in cudaGetLastError().
#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime_api.h>

namespace tessera::core::cuda
{

// Pictures of one size on their way through the steps of pixels.h, one after the other in each array.
struct LandscapeBatch {
    int pictures; // at most 65535
    int width;
    int height;
    const void *scenes;        // Scene [pictures]
    const std::int32_t *lands; // [pictures]: the picture whose `reached` is this one's, too: itself or an earlier one
    float *reached;            // [pictures, height, width], as the following
    float *radiance;           // three numbers each
    float *shown;              // three numbers each
    std::uint8_t *object;
    std::uint8_t *material;
    std::uint16_t *depth;
    std::uint8_t *rgb;    // three bytes each
    std::uint32_t *edges; // one for each pixel: the pixels that need more rays
    std::uint32_t *edgeCount;
    void *exposures; // [pictures], kExposureBytes each
};

inline constexpr std::size_t kExposureBytes = 16;

// All steps: object, material, depth and rgb become the pictures of the scenes. REQUIRES: fewer than 2^30 pixels in
// all; a Scene has sceneBytes() bytes here, too.
void paintLandscapes(const LandscapeBatch &batch, cudaStream_t stream);

// Size of a Scene as the kernels see it.
std::size_t sceneBytes();

} // namespace tessera::core::cuda
