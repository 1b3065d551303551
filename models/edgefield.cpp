#include "models/edgefield.h"

#include <algorithm>
#include <cmath>

namespace tessera::models
{

namespace
{

constexpr int kNone = -1; // no line in the column

// Of each pixel: the distance to the nearest line of its column.
std::vector<int> columnDistances(std::span<const uint8_t> lines, int width, int height)
{
    std::vector<int> distances(lines.size());
    std::vector<int> nearest(size_t(width), kNone);
    const auto step = [&](size_t pixel, int &distance) {
        if (lines[pixel] != 0)
            distance = 0;
        else if (distance != kNone)
            ++distance;
    };
    for (size_t row = 0; row < lines.size(); row += size_t(width)) {
        for (size_t x = 0; x < size_t(width); ++x) {
            step(row + x, nearest[x]);
            distances[row + x] = nearest[x];
        }
    }
    std::ranges::fill(nearest, kNone);
    for (int y = height - 1; y >= 0; --y) {
        for (size_t x = 0; x < size_t(width); ++x) {
            const size_t pixel = size_t(y) * size_t(width) + x;
            step(pixel, nearest[x]);
            if (nearest[x] != kNone && (distances[pixel] == kNone || nearest[x] < distances[pixel]))
                distances[pixel] = nearest[x];
        }
    }
    return distances;
}

// The parabolas (x - at)^2 + height of a row that are lowest somewhere, from left to right.
struct Parabola {
    int64_t at = 0;
    int64_t height = 0;
    double from = 0; // where it becomes the lowest
};

void raiseEnvelope(const int *distances, int width, std::vector<Parabola> &envelope)
{
    envelope.clear();
    for (int x = 0; x < width; ++x) {
        if (distances[x] == kNone)
            continue;
        Parabola next{x, int64_t(distances[x]) * distances[x], 0};
        while (!envelope.empty()) {
            const Parabola &last = envelope.back();
            next.from = double(next.height + next.at * next.at - last.height - last.at * last.at)
                        / double(2 * (next.at - last.at));
            if (next.from > last.from)
                break;
            envelope.pop_back();
        }
        if (envelope.empty())
            next.from = -1; // before the first pixel
        envelope.push_back(next);
    }
}

} // namespace

std::vector<float> edgeField(std::span<const uint8_t> lines, int width, int height, double reach)
{
    std::vector<float> field(lines.size(), -1);
    const std::vector<int> distances = columnDistances(lines, width, height);
    std::vector<Parabola> envelope;
    for (int y = 0; y < height; ++y) {
        const size_t row = size_t(y) * size_t(width);
        raiseEnvelope(&distances[row], width, envelope);
        if (envelope.empty())
            break; // a row without a parabola means that no column has a line
        size_t lowest = 0;
        for (int x = 0; x < width; ++x) {
            while (lowest + 1 < envelope.size() && envelope[lowest + 1].from <= x)
                ++lowest;
            const int64_t across = x - envelope[lowest].at;
            const double distance = std::sqrt(double(across * across + envelope[lowest].height));
            field[row + size_t(x)] = float(2 * std::exp(-distance / reach) - 1);
        }
    }
    return field;
}

} // namespace tessera::models
