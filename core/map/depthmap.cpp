#include "core/map/depthmap.h"

#include "core/map/labelmap.h"
#include "models/error.h"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>

namespace tessera::core
{
namespace
{

cv::Mat grayOf(const ImageBytes &picture)
{
    const cv::Mat bytes(picture.height, picture.width, CV_8UC(picture.channels),
                        const_cast<uint8_t *>(picture.bytes.data()));
    cv::Mat gray = bytes;
    if (picture.channels != 1) {
        cv::cvtColor(bytes, gray, picture.channels == 3 ? cv::COLOR_RGB2GRAY : cv::COLOR_RGBA2GRAY);
    }
    cv::Mat scaled;
    gray.convertTo(scaled, CV_32F, 1 / 127.5, -1); // [-1, 1]
    return scaled;
}

} // namespace

FieldMap normalizedField(FieldMap field, const std::string &fileName)
{
    if (field.values.empty()) {
        return field;
    }
    if (!std::all_of(field.values.begin(), field.values.end(), [](float value) { return std::isfinite(value); })) {
        throw Error(ErrorCode::FileFormat,
                    "The map " + fileName + " holds values that are not finite; expected a number in every pixel");
    }
    const auto [low, high] = std::minmax_element(field.values.begin(), field.values.end());
    const double start = *low, range = std::max(1e-8, double(*high) - double(*low));
    for (float &value : field.values) {
        value = float((double(value) - start) / range * 2 - 1);
    }
    return field;
}

FieldMap resizedBilinear(const FieldMap &field, int width, int height)
{
    if (width < 1 || height < 1 || width > LabelMap::kMaxSidePixels || height > LabelMap::kMaxSidePixels) {
        throw Error(ErrorCode::InvalidArgument, "A map cannot be scaled to " + std::to_string(width) + " x "
                                                    + std::to_string(height) + " pixels: each side must be 1 to "
                                                    + std::to_string(LabelMap::kMaxSidePixels) + " pixels long");
    }
    FieldMap resized{width, height, std::vector<float>(size_t(width) * size_t(height))};
    const cv::Mat source(field.height, field.width, CV_32FC1, const_cast<float *>(field.values.data()));
    cv::Mat target(height, width, CV_32FC1, resized.values.data());
    cv::resize(source, target, target.size(), 0, 0, cv::INTER_LINEAR);
    return resized;
}

FieldMap edgeMap(const ImageBytes &picture, const EdgeOptions &options)
{
    cv::Mat smooth = grayOf(picture);
    if (options.sigma > 0) {
        cv::GaussianBlur(smooth, smooth, {}, options.sigma, options.sigma, cv::BORDER_REFLECT);
    }
    // OpenCV's Canny takes whole numbers: 12 bits below the point keep the thresholds apart and 8 * 4096
    // still fits.
    constexpr double kScale = 4095;
    cv::Mat dx, dy, edges;
    cv::Sobel(smooth, dx, CV_32F, 1, 0, 3, 1, 0, cv::BORDER_REFLECT);
    cv::Sobel(smooth, dy, CV_32F, 0, 1, 3, 1, 0, cv::BORDER_REFLECT);
    dx.convertTo(dx, CV_16S, kScale);
    dy.convertTo(dy, CV_16S, kScale);
    cv::Canny(dx, dy, edges, options.low * kScale, options.high * kScale, true);
    FieldMap field{picture.width, picture.height, std::vector<float>(size_t(picture.width) * size_t(picture.height))};
    cv::Mat values(field.height, field.width, CV_32FC1, field.values.data());
    edges.convertTo(values, CV_32F, 1 / 255.0);
    return field;
}

} // namespace tessera::core
