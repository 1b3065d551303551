#include "models/training/degradations.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <ATen/ATen.h>

namespace tessera::models
{

namespace
{

constexpr int64_t kBlock = 8;

// ISO/IEC 10918-1, table K.1.
constexpr std::array<int, 64> kLuminance{16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
                                         14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
                                         18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
                                         49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};

// Rows are the cosines of DCT-II, of length one.
at::Tensor cosines()
{
    at::Tensor result = at::empty({kBlock, kBlock}, at::kFloat);
    auto rows = result.accessor<float, 2>();
    for (int64_t k = 0; k < kBlock; ++k)
        for (int64_t n = 0; n < kBlock; ++n)
            rows[k][n] = float(std::sqrt((k == 0 ? 1.0 : 2.0) / kBlock)
                               * std::cos(std::numbers::pi * double(k) * (double(n) + 0.5) / kBlock));
    return result;
}

// The scale of libjpeg's qualities.
at::Tensor steps(int quality)
{
    const int scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    at::Tensor result = at::empty({kBlock, kBlock}, at::kFloat);
    for (size_t i = 0; i < kLuminance.size(); ++i)
        result.data_ptr<float>()[i] = float(std::clamp((kLuminance[i] * scale + 50) / 100, 1, 255));
    return result;
}

at::Tensor toYCbCr()
{
    return at::tensor({0.299f, 0.587f, 0.114f, -0.168736f, -0.331264f, 0.5f, 0.5f, -0.418688f, -0.081312f})
        .reshape({3, 3});
}

at::Tensor mixed(const at::Tensor &matrix, const at::Tensor &picture)
{
    return at::matmul(matrix, picture.reshape({3, -1})).reshape(picture.sizes());
}

// Sums of |differences| along one direction and their numbers: at borders, and within the two codes beside one.
struct Steps {
    double across = 0, beside = 0;
    double acrossCount = 0, besideCount = 0;

    void add(const at::Tensor &picture, const at::Tensor &windowOfPixel, int64_t dim, int64_t factor)
    {
        const int64_t length = picture.size(dim + 1);
        const at::Tensor step =
            (picture.slice(dim + 1, 1, length) - picture.slice(dim + 1, 0, length - 1)).abs().mean(0).to(at::kDouble);
        const at::Tensor border =
            windowOfPixel.slice(dim, 1, length).ne(windowOfPixel.slice(dim, 0, length - 1)).to(at::kDouble);
        const std::array<int64_t, 2> kernel{dim == 0 ? 2 * factor - 1 : 1, dim == 1 ? 2 * factor - 1 : 1};
        const std::array<int64_t, 2> padding{kernel[0] / 2, kernel[1] / 2};
        const at::Tensor near =
            at::max_pool2d(border.unsqueeze(0).unsqueeze(0), kernel, {1, 1}, padding).squeeze(0).squeeze(0) - border;
        across += (step * border).sum().item<double>();
        acrossCount += border.sum().item<double>();
        beside += (step * near).sum().item<double>();
        besideCount += near.sum().item<double>();
    }
};

} // namespace

at::Tensor blockAverages(const at::Tensor &picture, int64_t cell)
{
    const at::Tensor means = at::avg_pool2d(picture.unsqueeze(0), cell, cell);
    return at::upsample_nearest2d(means, {picture.size(1), picture.size(2)}).squeeze(0);
}

at::Tensor quantisedLikeJpeg(const at::Tensor &picture, int quality)
{
    const at::Tensor dct = cosines(), step = steps(quality);
    const int64_t rows = picture.size(1) / kBlock, columns = picture.size(2) / kBlock;
    const at::Tensor values = mixed(toYCbCr(), picture) * 127.5;
    const at::Tensor blocks = values.reshape({3, rows, kBlock, columns, kBlock}).permute({0, 1, 3, 2, 4});
    const at::Tensor kept = (dct.matmul(blocks).matmul(dct.t()) / step).round() * step;
    const at::Tensor back = dct.t().matmul(kept).matmul(dct).permute({0, 1, 3, 2, 4}).reshape(picture.sizes());
    return mixed(at::linalg_inv(toYCbCr()), back / 127.5).clamp(-1, 1);
}

at::Tensor withColoursOf(const at::Tensor &picture, const at::Tensor &other)
{
    const std::array<int64_t, 2> plane{1, 2};
    const at::Tensor deviation = at::std(picture, at::OptionalIntArrayRef(plane), true, true).clamp_min(1e-3);
    const at::Tensor plain = (picture - picture.mean(plane, true)) / deviation;
    return (plain * at::std(other, at::OptionalIntArrayRef(plane), true, true) + other.mean(plane, true)).clamp(-1, 1);
}

double seamRatio(const at::Tensor &picture, const at::Tensor &windows, int64_t factor)
{
    const at::Tensor ofPixels = windows.repeat_interleave(factor, 0).repeat_interleave(factor, 1); // [H, W]
    TORCH_CHECK(picture.size(1) == ofPixels.size(0) && picture.size(2) == ofPixels.size(1), "seams: a picture of ",
                picture.sizes(), " with windows for ", ofPixels.sizes(), " pixels");
    Steps all;
    all.add(picture, ofPixels, 0, factor);
    all.add(picture, ofPixels, 1, factor);
    if (all.acrossCount == 0 || all.beside == 0)
        return 0;
    return all.across / all.acrossCount / (all.beside / all.besideCount);
}

} // namespace tessera::models
