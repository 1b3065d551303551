// Edges as a smooth field: a condition stage keeps one where it would lose thin lines. Plain C++, any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tessera::models
{

// `lines`: width x height, row by row, a line wherever a pixel is not zero. Each pixel of the result is
// 2 exp(-d / reach) - 1, d being its Euclidean distance to the nearest line in pixels: 1 on lines, towards -1 away from
// them, and -1 everywhere when there is no line. Distances are exact (Felzenszwalb and Huttenlocher 2012, Distance
// transforms of sampled functions); the time grows with the number of pixels alone.
// REQUIRES: lines.size() is width * height, reach > 0.
std::vector<float> edgeField(std::span<const uint8_t> lines, int width, int height, double reach);

} // namespace tessera::models
