#include "core/map/labelmap.h"

#include "models/error.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cstring>

namespace tessera::core
{

LabelMap::LabelMap(int mapWidth, int mapHeight, uint8_t label) : width(mapWidth), height(mapHeight)
{
    if (width < 1 || height < 1 || width > kMaxSidePixels || height > kMaxSidePixels) {
        throw Error(ErrorCode::InvalidArgument, "A map of " + std::to_string(width) + " x " + std::to_string(height)
                                                    + " pixels is not possible: each side must be 1 to "
                                                    + std::to_string(kMaxSidePixels) + " pixels long");
    }
    labels.assign(size_t(width) * size_t(height), label);
}

void LabelMap::fill(uint8_t label)
{
    std::fill(labels.begin(), labels.end(), label);
}

LabelMap LabelMap::resizedNearest(int newWidth, int newHeight) const
{
    LabelMap resized(newWidth, newHeight);
    // OpenCV only reads through the first header.
    const cv::Mat source(height, width, CV_8UC1, const_cast<uint8_t *>(labels.data()));
    cv::Mat target(newHeight, newWidth, CV_8UC1, resized.labels.data());
    cv::resize(source, target, target.size(), 0, 0, cv::INTER_NEAREST);
    return resized;
}

LabelMap LabelMap::cropped(const PixelRect &area) const
{
    LabelMap part(area.width, area.height);
    for (int y = 0; y < area.height; ++y) {
        std::memcpy(part.row(y), row(area.y + y) + area.x, size_t(area.width));
    }
    return part;
}

std::array<size_t, 256> LabelMap::histogram() const
{
    std::array<size_t, 256> counts{};
    for (const uint8_t label : labels) {
        ++counts[label];
    }
    return counts;
}

} // namespace tessera::core
