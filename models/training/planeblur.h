// The Gaussian blur of a plane of numbers. Plain C++, any thread.
#pragma once

#include <vector>

namespace tessera::models
{

// A place outside 0 .. count - 1, mirrored back: the border's pixel comes twice, as with OpenCV's BORDER_REFLECT.
inline int mirroredPlace(int place, int count)
{
    while (place < 0 || place >= count)
        place = place < 0 ? -1 - place : 2 * count - 1 - place;
    return place;
}

// `plane`: width x height, row by row, not empty. The kernel ends at 4 sigma (pixels); borders are mirrored. Nothing
// happens when sigma is 0.
void blurPlane(std::vector<float> &plane, int width, int height, double sigma);

} // namespace tessera::models
