#include "models/training/canny.h"

#include <cmath>
#include <cstdlib>
#include <numbers>

#include "models/training/planeblur.h"

namespace tessera::models
{

namespace
{

// Gradients are rounded to this part of one, as in edgeMap(): slopes that differ by rounding errors alone are equal
// then, and an edge between equal pixels does not jump from row to row. 8 * 4095, the longest, squared twice, fits 32
// bits.
constexpr float kSteps = 4095;

struct Gradient {
    int across = 0, down = 0;
    int squared = 0; // of the length
};

// The gradients of a picture, in a frame of zeros one pixel wide.
struct Slopes {
    int stride = 0;
    std::vector<Gradient> gradients;

    size_t index(int x, int y) const { return size_t(y + 1) * size_t(stride) + size_t(x + 1); }
};

// Sobel's kernels.
Slopes slopesOf(const std::vector<float> &plane, int width, int height)
{
    Slopes slopes{width + 2, std::vector<Gradient>(size_t(width + 2) * size_t(height + 2))};
    for (int y = 0; y < height; ++y) {
        const float *middle = &plane[size_t(y) * size_t(width)];
        const float *above = &plane[size_t(mirroredPlace(y - 1, height)) * size_t(width)];
        const float *below = &plane[size_t(mirroredPlace(y + 1, height)) * size_t(width)];
        for (int x = 0; x < width; ++x) {
            const int left = mirroredPlace(x - 1, width), right = mirroredPlace(x + 1, width);
            const float across =
                above[right] - above[left] + 2 * (middle[right] - middle[left]) + (below[right] - below[left]);
            const float down = below[left] - above[left] + 2 * (below[x] - above[x]) + (below[right] - above[right]);
            Gradient &gradient = slopes.gradients[slopes.index(x, y)];
            gradient.across = int(std::lrint(across * kSteps));
            gradient.down = int(std::lrint(down * kSteps));
            gradient.squared = gradient.across * gradient.across + gradient.down * gradient.down;
        }
    }
    return slopes;
}

// Whether no neighbour in the gradient's direction, rounded to one of eight, is steeper. Of two equal ones along a row
// or a column the first stays.
bool isCrest(const Slopes &slopes, size_t place)
{
    const Gradient &here = slopes.gradients[place];
    const int stride = slopes.stride;
    const double across = std::abs(here.across), down = std::abs(here.down);
    constexpr double kFlat = std::numbers::sqrt2 - 1; // tan 22.5 degrees
    const auto rises = [&](int step, bool equalStays) {
        const int before = slopes.gradients[place - size_t(step)].squared;
        const int after = slopes.gradients[place + size_t(step)].squared;
        return here.squared > before && (here.squared > after || (equalStays && here.squared == after));
    };
    if (down < across * kFlat)
        return rises(1, true);
    if (down > across * (kFlat + 2)) // tan 67.5 degrees
        return rises(stride, true);
    return rises((here.across < 0) != (here.down < 0) ? stride - 1 : stride + 1, false);
}

// Crests above the low threshold that hang together with one above the high one: 1, in the slopes' frame.
std::vector<uint8_t> followedCrests(const Slopes &slopes, double low, double high)
{
    constexpr uint8_t kWeak = 2;
    std::vector<uint8_t> marks(slopes.gradients.size(), 0);
    std::vector<size_t> found;
    for (size_t place = 0; place < marks.size(); ++place) { // the frame's zeros pass no threshold
        const double squared = slopes.gradients[place].squared;
        if (squared <= low * low || !isCrest(slopes, place))
            continue;
        marks[place] = squared > high * high ? 1 : kWeak;
        if (marks[place] == 1)
            found.push_back(place);
    }
    while (!found.empty()) {
        const size_t place = found.back();
        found.pop_back();
        for (const int row : {-slopes.stride, 0, slopes.stride})
            for (const int step : {row - 1, row, row + 1})
                if (uint8_t &mark = marks[place + size_t(step)]; mark == kWeak) {
                    mark = 1;
                    found.push_back(place + size_t(step));
                }
    }
    return marks;
}

} // namespace

float grayOf(const uint8_t *rgb)
{
    const float level = 0.299F * float(rgb[0]) + 0.587F * float(rgb[1]) + 0.114F * float(rgb[2]); // ITU-R BT.601
    return float(int(level + 0.5F)) / 127.5F - 1;
}

std::vector<uint8_t> cannyEdges(std::vector<float> gray, int width, int height, const CannyOptions &options)
{
    if (options.sigma > 0)
        blurPlane(gray, width, height, options.sigma);
    const Slopes slopes = slopesOf(gray, width, height);
    const std::vector<uint8_t> marks = followedCrests(slopes, options.low * kSteps, options.high * kSteps);
    std::vector<uint8_t> edges(size_t(width) * size_t(height));
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            edges[size_t(y) * size_t(width) + size_t(x)] = marks[slopes.index(x, y)] == 1;
    return edges;
}

} // namespace tessera::models
