// Edges of a picture (Canny 1986), as core's edgeMap() finds them, without OpenCV: machines that train often have none.
// Plain C++, any thread.
#pragma once

#include <cstdint>
#include <vector>

namespace tessera::models
{

// The same numbers as core's EdgeOptions: thresholds are for the length of the Sobel gradient (kernel 1 2 1) of a
// picture in [-1, 1].
struct CannyOptions {
    double sigma = 2; // of the Gaussian blur, pixels; 0: none
    double low = 0.1;
    double high = 0.2;
};

// Gray of an 8-bit RGB pixel in [-1, 1], rounded to one of 256 steps.
float grayOf(const uint8_t *rgb);

// 1 on edges, 0 elsewhere. `gray`: width x height, row by row, in [-1, 1].
std::vector<uint8_t> cannyEdges(std::vector<float> gray, int width, int height, const CannyOptions &options = {});

} // namespace tessera::models
