#pragma once

#include "core/landscape/label.h"
#include "core/landscape/scene.h"

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

namespace tessera::core
{

// A made picture with everything that is known about it. All planes are height x width, row by row.
struct Landscape {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;      // 3 bytes per pixel, sRGB
    std::vector<std::uint8_t> object;   // LandscapeLabel: what a painter would call it (mountain, tree, sea)
    std::vector<std::uint8_t> material; // LandscapeLabel: what it is made of (rock, snow, grass)
    std::vector<std::uint16_t> depth;   // depthCode() of the distance: near is bright, sky is 0
    SceneFacts facts;
};

// 65535 * sqrt(1 / (1 + distance)), distance in km: falls steadily with distance, half of the range is spent
// on the nearest 3 km. Sky (nothing hit) is 0.
std::uint16_t depthCode(float distanceKm);

// The picture of a seed, a pure function: the same on every call and thread of one program. A wider picture
// shows the same field of view; a taller one shows more above and below. One thread; about 0.4 s for 256 x
// 256. Throws std::invalid_argument when a side is not in 1 ... 8192.
Landscape renderLandscape(std::uint32_t seed, int width, int height);

inline constexpr int kMaxLightings = 8;

// The same land, things and view under several suns and weathers; the first is renderLandscape()'s picture. Where
// a ray meets the land is found once, so that each further picture costs less. Throws std::invalid_argument
// besides when `lightings` is not in 1 ... kMaxLightings.
std::vector<Landscape> renderLandscapeLightings(std::uint32_t seed, int lightings, int width, int height);

// Renders `count` pictures on `threads` threads and hands each to `take` in order, one at a time, from one of those
// threads: seeds firstSeed, firstSeed + 1 ..., each under `lightings` suns before the next one. After `stop` no further
// picture is begun and none is handed over. What `take` or a renderer throws ends the run and is thrown again here.
// Returns how many pictures were handed over.
int generateLandscapes(std::uint32_t firstSeed, int count, int width, int height, int threads, std::stop_token stop,
                       const std::function<void(std::uint32_t seed, Landscape &&picture)> &take, int lightings = 1);

} // namespace tessera::core
