#include "models/groupnorm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

namespace tessera::models
{

namespace
{

constexpr int64_t kBlock = 4096; // pixels summed by one task
constexpr int64_t kRun = 64;     // pixels summed in float32 before the sums go into doubles

// One picture: pixels x channels, channels adjacent.
struct Plane {
    const float *values;
    int64_t pixels;
    int64_t channels;
};

// About the mean of each channel's group, from pixels spread over the picture. Sums of what is left lose no digits.
std::vector<float> roughMeans(const Plane &plane, int64_t groups)
{
    const int64_t share = plane.channels / groups, samples = std::min(plane.pixels, kRun);
    std::vector<float> means(size_t(plane.channels));
    for (int64_t group = 0; group < groups; ++group) {
        double sum = 0;
        for (int64_t i = 0; i < samples; ++i)
            for (int64_t c = group * share; c < (group + 1) * share; ++c)
                sum += plane.values[i * plane.pixels / samples * plane.channels + c];
        std::fill_n(means.begin() + group * share, share, float(sum / double(samples * share)));
    }
    return means;
}

// Sums of the differences from `means` and of their squares, by channel: [2, channels].
void sumBlock(const Plane &plane, const std::vector<float> &means, int64_t first, int64_t last, double *sums)
{
    std::vector<float> run(size_t(2 * plane.channels));
    float *sum = run.data(), *squares = sum + plane.channels;
    const float *mean = means.data();
    for (int64_t begin = first; begin < last; begin += kRun) {
        std::fill(run.begin(), run.end(), 0.f);
        for (int64_t pixel = begin; pixel < std::min(begin + kRun, last); ++pixel) {
            const float *value = plane.values + pixel * plane.channels;
#pragma omp simd
            for (int64_t c = 0; c < plane.channels; ++c) {
                const float difference = value[c] - mean[c];
                sum[c] += difference;
                squares[c] += difference * difference;
            }
        }
        for (size_t i = 0; i < run.size(); ++i)
            sums[i] += double(run[i]);
    }
}

// [2, channels], summed in the order of the blocks: threads cannot change the result.
std::vector<double> summed(const Plane &plane, const std::vector<float> &means)
{
    const int64_t blocks = (plane.pixels + kBlock - 1) / kBlock, width = 2 * plane.channels;
    std::vector<double> all(size_t(blocks * width));
    at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; ++block)
            sumBlock(plane, means, block * kBlock, std::min((block + 1) * kBlock, plane.pixels),
                     &all[size_t(block * width)]);
    });
    for (int64_t block = 1; block < blocks; ++block)
        for (int64_t i = 0; i < width; ++i)
            all[size_t(i)] += all[size_t(block * width + i)];
    all.resize(size_t(width));
    return all;
}

// What (x - mean) * scale is, for each channel of a group.
void finishGroups(const Plane &plane, int64_t groups, double epsilon, const std::vector<double> &sums,
                  std::vector<float> &means, std::vector<float> &scales)
{
    const int64_t share = plane.channels / groups;
    const double count = double(plane.pixels * share);
    for (int64_t group = 0; group < groups; ++group) {
        double sum = 0, squares = 0;
        for (int64_t c = group * share; c < (group + 1) * share; ++c) {
            sum += sums[size_t(c)];
            squares += sums[size_t(plane.channels + c)];
        }
        const double off = sum / count, variance = std::max(0.0, squares / count - off * off);
        const auto scale = float(1 / std::sqrt(variance + epsilon));
        for (int64_t c = group * share; c < (group + 1) * share; ++c) {
            means[size_t(c)] = float(double(means[size_t(c)]) + off);
            scales[size_t(c)] = scale;
        }
    }
}

void apply(const Plane &plane, const std::vector<float> &means, const std::vector<float> &scales, const float *bias,
           float *out)
{
    const float *mean = means.data(), *scale = scales.data();
    at::parallel_for(0, plane.pixels, kBlock, [&](int64_t begin, int64_t end) {
        for (int64_t pixel = begin; pixel < end; ++pixel) {
            const float *value = plane.values + pixel * plane.channels;
            float *result = out + pixel * plane.channels;
#pragma omp simd
            for (int64_t c = 0; c < plane.channels; ++c)
                result[c] = (value[c] - mean[c]) * scale[c] + bias[c];
        }
    });
}

bool isPlainInference(const at::Tensor &x, const at::Tensor &weight)
{
    const bool graded = c10::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad());
    return !graded && x.is_cpu() && x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat
           && !x.is_contiguous() && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

} // namespace

at::Tensor groupNorm(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                     double epsilon)
{
    if (!isPlainInference(x, weight))
        return at::group_norm(x, groups, weight, bias, epsilon);
    const int64_t channels = x.size(1), pixels = x.size(2) * x.size(3);
    const at::Tensor result = at::empty_like(x), plainWeight = weight.contiguous(), plainBias = bias.contiguous();
    const auto *factors = plainWeight.const_data_ptr<float>();
    for (int64_t picture = 0; picture < x.size(0); ++picture) {
        const int64_t offset = picture * pixels * channels;
        const Plane plane{x.const_data_ptr<float>() + offset, pixels, channels};
        std::vector<float> means = roughMeans(plane, groups);
        std::vector<float> scales(means.size());
        finishGroups(plane, groups, epsilon, summed(plane, means), means, scales);
        for (int64_t c = 0; c < channels; ++c)
            scales[size_t(c)] *= factors[c];
        apply(plane, means, scales, plainBias.const_data_ptr<float>(), result.data_ptr<float>() + offset);
    }
    return result;
}

} // namespace tessera::models
