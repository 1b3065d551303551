#include "models/training/planeblur.h"

#include <cmath>

namespace tessera::models
{

namespace
{

// The kernel from its middle outwards.
std::vector<float> halfKernel(double sigma)
{
    const auto radius = size_t(std::lround(4 * sigma));
    std::vector<double> weights;
    double sum = 0;
    for (size_t i = 0; i <= radius; ++i) {
        weights.push_back(i == 0 ? 1 : std::exp(-0.5 * double(i * i) / (sigma * sigma)));
        sum += weights.back() * (i == 0 ? 1 : 2);
    }
    std::vector<float> kernel;
    for (const double weight : weights)
        kernel.push_back(float(weight / sum));
    return kernel;
}

void blurRow(float *row, int width, const std::vector<float> &kernel, std::vector<float> &padded)
{
    const int radius = int(kernel.size()) - 1;
    padded.resize(size_t(width + 2 * radius));
    for (int x = -radius; x < width + radius; ++x)
        padded[size_t(x + radius)] = row[mirroredPlace(x, width)];
    const float *middle = padded.data() + radius;
    for (int x = 0; x < width; ++x)
        row[x] = kernel[0] * middle[x];
    for (int k = 1; k <= radius; ++k)
        for (int x = 0; x < width; ++x)
            row[x] += kernel[size_t(k)] * (middle[x - k] + middle[x + k]);
}

// Row `y` of the result, blurred downwards.
void blurDown(const std::vector<float> &plane, float *result, int y, int width, int height,
              const std::vector<float> &kernel)
{
    const auto row = [&](int place) { return &plane[size_t(mirroredPlace(place, height)) * size_t(width)]; };
    for (int x = 0; x < width; ++x)
        result[x] = kernel[0] * row(y)[x];
    for (int k = 1; k < int(kernel.size()); ++k) {
        const float *above = row(y - k), *below = row(y + k);
        for (int x = 0; x < width; ++x)
            result[x] += kernel[size_t(k)] * (above[x] + below[x]);
    }
}

} // namespace

void blurPlane(std::vector<float> &plane, int width, int height, double sigma)
{
    const std::vector<float> kernel = halfKernel(sigma);
    std::vector<float> padded;
    for (int y = 0; y < height; ++y)
        blurRow(&plane[size_t(y) * size_t(width)], width, kernel, padded);
    std::vector<float> result(plane.size());
    for (int y = 0; y < height; ++y)
        blurDown(plane, &result[size_t(y) * size_t(width)], y, width, height, kernel);
    plane = std::move(result);
}

} // namespace tessera::models
