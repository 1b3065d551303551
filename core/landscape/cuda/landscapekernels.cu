// The pixel functions of the landscape generator as one whole for a GPU, and the kernels that call them for every
// pixel. What no kernel calls is left out by the compiler.
#include "core/landscape/cuda/landscapekernels.h"

// nvcc leaves functions for the processor under the names of all device functions, which do nothing but end the
// program. In a namespace of their own they cannot be taken for the processor's.
#define core landscape_gpu
#include "core/landscape/clouds.cpp"
#include "core/landscape/exposure.cpp"
#include "core/landscape/groundshading.cpp"
#include "core/landscape/house.cpp"
#include "core/landscape/march.cpp"
#include "core/landscape/pixels.cpp"
#include "core/landscape/shading.cpp"
#include "core/landscape/sky.cpp"
#include "core/landscape/spritebuilt.cpp"
#include "core/landscape/spriteplants.cpp"
#include "core/landscape/sprites.cpp"
#include "core/landscape/spritesectors.cpp"
#include "core/landscape/stonebridge.cpp"
#include "core/landscape/structures.cpp"
#include "core/landscape/surface.cpp"
#include "core/landscape/terrain.cpp"
#include "core/landscape/walk.cpp"
#undef core

#ifndef TESSERA_LAUNCH // a test that runs the kernels on the processor has its own
#define TESSERA_LAUNCH(kernel, grid, block, stream, batch) kernel<<<grid, block, 0, stream>>>(batch)
#endif

namespace tessera::core::cuda
{

namespace
{

using landscape_gpu::Exposure;
using landscape_gpu::Ground;
using landscape_gpu::Heights;
using landscape_gpu::LogSums;
using landscape_gpu::PicturePlanes;
using landscape_gpu::Scene;
using landscape_gpu::Vec3;

static_assert(sizeof(Exposure) <= kExposureBytes);
static_assert(sizeof(Vec3) == 3 * sizeof(float));

constexpr int kWarp = 32;
constexpr int kStripRows = 16; // of a column, whose rays are followed one after the other from the lowest up
constexpr int kReachWarps = 4;
// Threads of one warp look at a tile of 8 x 4 pixels, those of a block at one of 16 x 8: what is near each other is
// alike.
constexpr int kTileColumns = 16;
constexpr int kTileRows = 8;
constexpr int kThreads = kTileColumns * kTileRows;
constexpr int kSumThreads = 256;
constexpr int kEdgeBlocks = 1056; // eight for each of the many processors of a large GPU; more take turns

__device__ const Scene &sceneOf(const LandscapeBatch &batch, int picture)
{
    return static_cast<const Scene *>(batch.scenes)[picture];
}

__device__ Ground groundOf(const LandscapeBatch &batch, int picture)
{
    return {sceneOf(batch, picture), nullptr, Heights::Whole};
}

__device__ Exposure &exposureOfPicture(const LandscapeBatch &batch, int picture)
{
    return static_cast<Exposure *>(batch.exposures)[picture];
}

// The planes of one picture.
__device__ PicturePlanes planesOf(const LandscapeBatch &batch, int picture)
{
    const std::size_t pixels = static_cast<std::size_t>(batch.width) * batch.height, first = picture * pixels;
    return {batch.width,
            batch.height,
            batch.reached + batch.lands[picture] * pixels,
            nullptr,
            reinterpret_cast<Vec3 *>(batch.radiance) + first,
            reinterpret_cast<Vec3 *>(batch.shown) + first,
            batch.object + first,
            batch.material + first,
            batch.depth + first,
            batch.rgb + 3 * first};
}

struct PixelPlace {
    int x;
    int y;
    bool inside;
};

// The pixel of a thread in a grid of tiles.
__device__ PixelPlace pixelOfThread(const LandscapeBatch &batch)
{
    const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
    PixelPlace place;
    place.x = blockIdx.x * kTileColumns + warp % 2 * 8 + lane % 8;
    place.y = blockIdx.y * kTileRows + warp / 2 * 4 + lane / 8;
    place.inside = place.x < batch.width && place.y < batch.height;
    return place;
}

__global__ void __launch_bounds__(kWarp *kReachWarps) reachKernel(LandscapeBatch batch)
{
    const int picture = blockIdx.z, x = blockIdx.x * kWarp + threadIdx.x;
    const int first = (blockIdx.y * kReachWarps + threadIdx.y) * kStripRows;
    if (batch.lands[picture] != picture || x >= batch.width)
        return;
    const Ground ground = groundOf(batch, picture);
    const PicturePlanes planes = planesOf(batch, picture);
    const int last = std::min(first + kStripRows, batch.height) - 1;
    float below = 0;
    for (int y = last; y >= first; --y) {
        reachPixel(ground, planes, x, y, below);
        below = planes.reached[planes.at(x, y)];
    }
}

__global__ void __launch_bounds__(kThreads) shadeKernel(LandscapeBatch batch)
{
    const PixelPlace pixel = pixelOfThread(batch);
    if (pixel.inside)
        shadePixel(groundOf(batch, blockIdx.z), planesOf(batch, blockIdx.z), pixel.x, pixel.y);
}

// One block for each picture. Every thread adds the same pixels in the same order, and so does the tree after them.
__global__ void __launch_bounds__(kSumThreads) exposureKernel(LandscapeBatch batch)
{
    __shared__ LogSums parts[kSumThreads];
    const int picture = blockIdx.x, thread = threadIdx.x;
    const PicturePlanes planes = planesOf(batch, picture);
    LogSums sums;
    for (int i = thread; i < batch.width * batch.height; i += kSumThreads)
        sums.add(planes.radiance[i]);
    parts[thread] = sums;
    for (int half = kSumThreads / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half)
            parts[thread].add(parts[thread + half]);
    }
    if (thread == 0)
        exposureOfPicture(batch, picture) = exposureOf(sceneOf(batch, picture), planes, parts[0]);
}

__global__ void __launch_bounds__(kThreads) showKernel(LandscapeBatch batch)
{
    const PixelPlace pixel = pixelOfThread(batch);
    const PicturePlanes planes = planesOf(batch, blockIdx.z);
    if (pixel.inside)
        showPixel(planes, exposureOfPicture(batch, blockIdx.z), planes.at(pixel.x, pixel.y));
}

// In any order: each pixel that is found is smoothed by itself.
__global__ void __launch_bounds__(kThreads) findEdgesKernel(LandscapeBatch batch)
{
    const PixelPlace pixel = pixelOfThread(batch);
    const PicturePlanes planes = planesOf(batch, blockIdx.z);
    const int rays = pixel.inside ? raysBeside(planes, pixel.x, pixel.y) : 0;
    if (rays == 0)
        return;
    const std::uint32_t which =
        (static_cast<std::uint32_t>(blockIdx.z) * batch.height + pixel.y) * batch.width + pixel.x;
    batch.edges[atomicAdd(batch.edgeCount, 1u)] = which << 2 | static_cast<std::uint32_t>(rays);
}

__global__ void __launch_bounds__(kThreads) smoothKernel(LandscapeBatch batch)
{
    const std::uint32_t count = *batch.edgeCount, pixels = batch.width * batch.height;
    for (std::uint32_t i = blockIdx.x * kThreads + threadIdx.x; i < count; i += gridDim.x * kThreads) {
        const std::uint32_t which = batch.edges[i] >> 2, picture = which / pixels, pixel = which % pixels;
        smoothPixel(groundOf(batch, picture), planesOf(batch, picture), exposureOfPicture(batch, picture),
                    pixel % batch.width, pixel / batch.width, batch.edges[i] & 3);
    }
}

__global__ void __launch_bounds__(kThreads) developKernel(LandscapeBatch batch)
{
    const PixelPlace pixel = pixelOfThread(batch);
    const PicturePlanes planes = planesOf(batch, blockIdx.z);
    if (pixel.inside)
        developPixel(sceneOf(batch, blockIdx.z), planes, exposureOfPicture(batch, blockIdx.z),
                     planes.at(pixel.x, pixel.y));
}

unsigned parts(int size, int part)
{
    return static_cast<unsigned>((size + part - 1) / part);
}

} // namespace

void paintLandscapes(const LandscapeBatch &batch, cudaStream_t stream)
{
    const auto pictures = static_cast<unsigned>(batch.pictures);
    const dim3 strips(parts(batch.width, kWarp), parts(batch.height, kStripRows * kReachWarps), pictures);
    const dim3 reachers(kWarp, kReachWarps);
    const dim3 tiles(parts(batch.width, kTileColumns), parts(batch.height, kTileRows), pictures);
    cudaMemsetAsync(batch.edgeCount, 0, sizeof(std::uint32_t), stream);
    TESSERA_LAUNCH(reachKernel, strips, reachers, stream, batch);
    TESSERA_LAUNCH(shadeKernel, tiles, kThreads, stream, batch);
    TESSERA_LAUNCH(exposureKernel, pictures, kSumThreads, stream, batch);
    TESSERA_LAUNCH(showKernel, tiles, kThreads, stream, batch);
    TESSERA_LAUNCH(findEdgesKernel, tiles, kThreads, stream, batch);
    TESSERA_LAUNCH(smoothKernel, kEdgeBlocks, kThreads, stream, batch);
    TESSERA_LAUNCH(developKernel, tiles, kThreads, stream, batch);
}

std::size_t sceneBytes()
{
    return sizeof(Scene);
}

} // namespace tessera::core::cuda
