#include "models/groupnorm.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#ifdef TESSERA_MODELS_CUDA
#include "models/cuda/fusednorm.h"
#endif

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

GroupMoments momentsOf(const Plane &plane, int64_t groups)
{
    const std::vector<float> rough = roughMeans(plane, groups);
    const std::vector<double> sums = summed(plane, rough);
    const int64_t share = plane.channels / groups;
    GroupMoments moments{double(plane.pixels * share), {}, {}};
    for (int64_t group = 0; group < groups; ++group) {
        double sum = 0, squares = 0;
        for (int64_t c = group * share; c < (group + 1) * share; ++c) {
            sum += sums[size_t(c)];
            squares += sums[size_t(plane.channels + c)];
        }
        const double off = sum / moments.count;
        moments.mean.push_back(double(rough[size_t(group * share)]) + off);
        moments.variance.push_back(std::max(0.0, squares / moments.count - off * off));
    }
    return moments;
}

// (x - mean) * scale + bias, each of them by channel.
struct Affine {
    std::vector<float> means;
    std::vector<float> scales;
    const float *bias;
};

Affine affine(const GroupMoments &moments, int64_t channels, double epsilon, const float *weight, const float *bias)
{
    const int64_t share = channels / int64_t(moments.mean.size());
    Affine result{{}, {}, bias};
    for (int64_t c = 0; c < channels; ++c) {
        const auto group = size_t(c / share);
        result.means.push_back(float(moments.mean[group]));
        result.scales.push_back(float(1 / std::sqrt(moments.variance[group] + epsilon)) * weight[c]);
    }
    return result;
}

void apply(const Plane &plane, const Affine &affine, float *out)
{
    const float *mean = affine.means.data(), *scale = affine.scales.data(), *bias = affine.bias;
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

// The layout that the loops above read.
bool isPlain(const at::Tensor &x)
{
    return x.is_cpu() && x.scalar_type() == at::kFloat && !x.is_contiguous()
           && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

bool isPlainInference(const at::Tensor &x, const at::Tensor &weight)
{
    const bool graded = c10::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad());
    return !graded && isPlain(x) && weight.scalar_type() == at::kFloat;
}

Plane planeOf(const at::Tensor &x, int64_t picture)
{
    const int64_t channels = x.size(1), pixels = x.size(2) * x.size(3);
    return {x.const_data_ptr<float>() + picture * pixels * channels, pixels, channels};
}

// For the layouts and devices whose loops LibTorch has to choose.
GroupMoments momentsByLibrary(const at::Tensor &x, int64_t groups)
{
    const at::Tensor values = x.reshape({groups, -1}).to(at::kFloat);
    const auto [variance, mean] = at::var_mean(values, at::OptionalIntArrayRef({1}), at::Scalar(0));
    const at::Tensor means = mean.to(at::kCPU, at::kDouble), variances = variance.to(at::kCPU, at::kDouble);
    GroupMoments moments{double(values.size(1)), {}, {}};
    moments.mean.assign(means.const_data_ptr<double>(), means.const_data_ptr<double>() + groups);
    moments.variance.assign(variances.const_data_ptr<double>(), variances.const_data_ptr<double>() + groups);
    return moments;
}

// Autocast would widen the map to float32 for it, three times the memory traffic, though the GPU's kernel sums in
// float32 whatever it reads.
at::Tensor groupNormByLibrary(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                              double epsilon)
{
    if (!x.is_cuda())
        return at::group_norm(x, groups, weight, bias, epsilon);
    const c10::impl::ExcludeDispatchKeyGuard noAutocast(c10::autocast_dispatch_keyset);
    return at::group_norm(x, groups, weight.to(x.scalar_type()), bias.to(x.scalar_type()), epsilon);
}

at::Tensor byChannel(const std::vector<double> &ofGroups, const at::Tensor &x)
{
    const at::Tensor values = at::tensor(ofGroups, at::kDouble).to(x.device(), at::kFloat);
    return values.repeat_interleave(x.size(1) / values.size(0));
}

} // namespace

void GroupMoments::add(const GroupMoments &part)
{
    if (count == 0) {
        *this = part;
        return;
    }
    const double all = count + part.count, share = part.count / all;
    for (size_t group = 0; group < mean.size(); ++group) {
        const double gap = part.mean[group] - mean[group];
        mean[group] += gap * share;
        variance[group] += (part.variance[group] - variance[group]) * share + gap * gap * share * (1 - share);
    }
    count = all;
}

GroupMoments groupMoments(const at::Tensor &x, int64_t groups)
{
    const at::Tensor dense = x.contiguous(x.suggest_memory_format());
    return isPlain(dense) ? momentsOf(planeOf(dense, 0), groups) : momentsByLibrary(dense, groups);
}

at::Tensor groupNorm(const at::Tensor &x, const GroupMoments &moments, const at::Tensor &weight, const at::Tensor &bias,
                     double epsilon)
{
    if (!isPlainInference(x, weight)) // with its statistics given, a group normalisation is a batch normalisation
        return at::batch_norm(x, weight, bias, byChannel(moments.mean, x), byChannel(moments.variance, x), false, 0,
                              epsilon, false);
    const at::Tensor result = at::empty_like(x), plainWeight = weight.contiguous(), plainBias = bias.contiguous();
    const Affine with =
        affine(moments, x.size(1), epsilon, plainWeight.const_data_ptr<float>(), plainBias.const_data_ptr<float>());
    apply(planeOf(x, 0), with, result.data_ptr<float>());
    return result;
}

at::Tensor groupNorm(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                     double epsilon)
{
#ifdef TESSERA_MODELS_CUDA
    if (cuda::suitsFusedNorm(x, weight, bias))
        return cuda::fusedGroupNorm(x, groups, weight, bias, epsilon, false);
#endif
    if (!isPlainInference(x, weight))
        return groupNormByLibrary(x, groups, weight, bias, epsilon);
    const at::Tensor result = at::empty_like(x), plainWeight = weight.contiguous(), plainBias = bias.contiguous();
    for (int64_t picture = 0; picture < x.size(0); ++picture) {
        const Plane plane = planeOf(x, picture);
        const Affine with = affine(momentsOf(plane, groups), plane.channels, epsilon,
                                   plainWeight.const_data_ptr<float>(), plainBias.const_data_ptr<float>());
        apply(plane, with, result.data_ptr<float>() + picture * plane.pixels * plane.channels);
    }
    return result;
}

at::Tensor groupNormSilu(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                         double epsilon)
{
#ifdef TESSERA_MODELS_CUDA
    if (cuda::suitsFusedNorm(x, weight, bias))
        return cuda::fusedGroupNorm(x, groups, weight, bias, epsilon, true);
#endif
    return at::silu(groupNorm(x, groups, weight, bias, epsilon));
}

} // namespace tessera::models
