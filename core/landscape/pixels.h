#pragma once

#include "core/landscape/exposure.h"
#include "core/landscape/shading.h"

#include <cstddef>
#include <cstdint>

// The steps from a scene to a picture, one pixel at a time, in the order in which they are taken: each step reads what
// the one before left of all pixels. The processor and a GPU both go this way.
namespace tessera::core
{

inline constexpr int kBesideRays =
    3; // of a pixel that differs much from its neighbours, beside that through its middle
inline constexpr float kNotReached = -1; // stands for "not followed yet"

// A picture in the making: planes of width x height, row by row, which belong to whoever makes it.
struct PicturePlanes {
    int width;
    int height;
    float *reached;       // km to the land or the water through the pixel's middle, without sprites
    float *reachedBeside; // the same for kBesideRays rays of each pixel, kNotReached before; null: not kept
    Vec3 *radiance;
    Vec3 *shown; // the radiance as it would be seen on the screen
    std::uint8_t *object;
    std::uint8_t *material;
    std::uint16_t *depth;
    std::uint8_t *rgb;

    TESSERA_PIXEL std::size_t at(int x, int y) const
    {
        return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x);
    }
};

// As landscape.h describes it.
TESSERA_PIXEL std::uint16_t depthCode(float distanceKm);

// 1. Fills `reached`. In a column each ray passes over the land that the one below it met, so it begins a little before
// that place, `below`, and above the sky there is only sky. 0: it begins at the eye.
TESSERA_PIXEL void reachPixel(const Ground &ground, const PicturePlanes &planes, int x, int y, float below);

// 2. Fills `radiance`, `object`, `material` and `depth`.
TESSERA_PIXEL void shadePixel(const Ground &ground, const PicturePlanes &planes, int x, int y);

// 3. From the sums over the whole `radiance`.
TESSERA_PIXEL Exposure exposureOf(const Scene &scene, const PicturePlanes &planes, const LogSums &sums);

// 4. Fills `shown`.
TESSERA_PIXEL void showPixel(const PicturePlanes &planes, const Exposure &exposure, std::size_t pixel);

// 5. How many more rays a pixel needs to have a smooth edge: it differs so much from its neighbours.
TESSERA_PIXEL int raysBeside(const PicturePlanes &planes, int x, int y);

// 6. Sends them and mixes what they see into `radiance`.
TESSERA_PIXEL void smoothPixel(const Ground &ground, const PicturePlanes &planes, const Exposure &exposure, int x,
                               int y, int rays);

// 7. Fills `rgb`.
TESSERA_PIXEL void developPixel(const Scene &scene, const PicturePlanes &planes, const Exposure &exposure,
                                std::size_t pixel);

} // namespace tessera::core
