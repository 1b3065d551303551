#include "models/training/tapdistance.h"

#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#ifdef TESSERA_TRAINING_CUDA
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "models/training/cuda/tapkernels.h"
#endif

namespace tessera::models
{

namespace
{

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr float kNormEps = 1e-10F; // beside the root, as in the original

// The channels of one place.
template<typename T>
float lengthOf(const T *x, int64_t channels)
{
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < channels; ++c) {
        const float value = float(x[c]);
        sum += value * value;
    }
    return std::sqrt(sum);
}

template<typename T>
float placeDistance(const T *x, const T *target, const float *weights, int64_t channels)
{
    const float a = 1 / (lengthOf(x, channels) + kNormEps);
    const float b = 1 / (lengthOf(target, channels) + kNormEps);
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < channels; ++c) {
        const float difference = float(x[c]) * a - float(target[c]) * b;
        sum += weights[c] * difference * difference;
    }
    return sum;
}

// With u = x / |x| and g = 2 weights (u - v): the gradient is (g - u (u . g)) / |x|. Where x is zero, the
// activation before it passes no gradient on anyway.
template<typename T>
void placeGradient(const T *x, const T *target, const float *weights, int64_t channels, float upstream, T *gradient)
{
    const float a = 1 / (lengthOf(x, channels) + kNormEps);
    const float b = 1 / (lengthOf(target, channels) + kNormEps);
    float along = 0;
#pragma omp simd reduction(+ : along)
    for (int64_t c = 0; c < channels; ++c) {
        const float u = float(x[c]) * a;
        along += u * weights[c] * (u - float(target[c]) * b);
    }
    const float factor = a < 1 / kNormEps ? 2 * upstream * a : 0;
    for (int64_t c = 0; c < channels; ++c) {
        const float u = float(x[c]) * a;
        gradient[c] = T(factor * (weights[c] * (u - float(target[c]) * b) - u * along));
    }
}

template<typename T>
at::Tensor distances(const at::Tensor &x, const at::Tensor &target, const at::Tensor &weights)
{
    const int64_t channels = x.size(1), places = x.size(2) * x.size(3);
    const T *values = x.const_data_ptr<T>(), *targets = target.const_data_ptr<T>();
    const float *scale = weights.const_data_ptr<float>();
    at::Tensor result = at::empty({x.size(0)}, at::kFloat);
    float *sums = result.mutable_data_ptr<float>();
    at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
        for (int64_t picture = begin; picture < end; ++picture) {
            double sum = 0;
            for (int64_t place = picture * places; place < (picture + 1) * places; ++place) {
                sum += placeDistance(values + place * channels, targets + place * channels, scale, channels);
            }
            sums[picture] = float(sum / double(places));
        }
    });
    return result;
}

template<typename T>
at::Tensor gradients(const at::Tensor &x, const at::Tensor &target, const at::Tensor &weights,
                     const at::Tensor &upstream)
{
    const int64_t channels = x.size(1), places = x.size(2) * x.size(3);
    const T *values = x.const_data_ptr<T>(), *targets = target.const_data_ptr<T>();
    const float *scale = weights.const_data_ptr<float>(), *ups = upstream.const_data_ptr<float>();
    at::Tensor result = at::empty_like(x);
    T *out = result.mutable_data_ptr<T>();
    at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {
        for (int64_t place = begin * places; place < end * places; ++place) {
            placeGradient(values + place * channels, targets + place * channels, scale, channels,
                          ups[place / places] / float(places), out + place * channels);
        }
    });
    return result;
}

#ifdef TESSERA_TRAINING_CUDA

cuda::Tap tapOf(const at::Tensor &x, const at::Tensor &target, const at::Tensor &weights)
{
    return {x.const_data_ptr(),
            target.const_data_ptr(),
            x.scalar_type() == at::kBFloat16,
            weights.const_data_ptr<float>(),
            int(x.size(1)),
            x.size(0) * x.size(2) * x.size(3)};
}

at::Tensor distancesOnGpu(const at::Tensor &x, const at::Tensor &target, const at::Tensor &weights)
{
    const c10::cuda::CUDAGuard guard(x.device());
    const at::Tensor found = at::empty({x.size(0), x.size(2) * x.size(3)}, weights.options());
    cuda::tapDistances(tapOf(x, target, weights), found.mutable_data_ptr<float>(), c10::cuda::getCurrentCUDAStream());
    C10_CUDA_CHECK(cudaGetLastError());
    return found.mean(1);
}

at::Tensor gradientsOnGpu(const at::Tensor &x, const at::Tensor &target, const at::Tensor &weights,
                          const at::Tensor &upstream)
{
    const c10::cuda::CUDAGuard guard(x.device());
    const int64_t places = x.size(2) * x.size(3);
    at::Tensor result = at::empty_like(x);
    cuda::tapGradients(tapOf(x, target, weights), upstream.const_data_ptr<float>(), places, float(1.0 / double(places)),
                       result.mutable_data_ptr(), c10::cuda::getCurrentCUDAStream());
    C10_CUDA_CHECK(cudaGetLastError());
    return result;
}

#endif

struct TapDistance : torch::autograd::Function<TapDistance> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &target,
                              const at::Tensor &weights)
    {
        context->save_for_backward({x, target, weights});
#ifdef TESSERA_TRAINING_CUDA
        if (x.is_cuda())
            return distancesOnGpu(x, target, weights);
#endif
        return x.scalar_type() == at::kFloat ? distances<float>(x, target, weights)
                                             : distances<at::BFloat16>(x, target, weights);
    }

    static variable_list backward(AutogradContext *context, const variable_list &upstream)
    {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &x = saved[0];
        const at::Tensor up = upstream[0].to(at::kFloat).contiguous();
#ifdef TESSERA_TRAINING_CUDA
        if (x.is_cuda())
            return {gradientsOnGpu(x, saved[1], saved[2], up), at::Tensor(), at::Tensor()};
#endif
        at::Tensor gradient = x.scalar_type() == at::kFloat ? gradients<float>(x, saved[1], saved[2], up)
                                                            : gradients<at::BFloat16>(x, saved[1], saved[2], up);
        return {gradient, at::Tensor(), at::Tensor()};
    }
};

} // namespace

bool hasTapDistance(c10::Device device)
{
#ifdef TESSERA_TRAINING_CUDA
    return device.is_cpu() || device.is_cuda();
#else
    return device.is_cpu();
#endif
}

at::Tensor tapDistance(const at::Tensor &x, const at::Tensor &target, const at::Tensor &weights)
{
    TORCH_CHECK(x.sizes() == target.sizes() && x.scalar_type() == target.scalar_type(), "tap distance: ", x.sizes(),
                " ", x.scalar_type(), " against ", target.sizes(), " ", target.scalar_type());
    TORCH_CHECK(x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16, "tap distance in ", x.scalar_type());
    TORCH_CHECK(target.device() == x.device() && weights.device() == x.device(), "tap distance on ", x.device(), ", ",
                target.device(), " and ", weights.device());
    TORCH_CHECK(hasTapDistance(x.device()) && weights.numel() == x.size(1), "tap distance: ", weights.numel(),
                " weights for ", x.size(1), " channels on ", x.device());
    return TapDistance::apply(x.contiguous(at::MemoryFormat::ChannelsLast),
                              target.detach().contiguous(at::MemoryFormat::ChannelsLast),
                              weights.to(at::kFloat).contiguous());
}

} // namespace tessera::models
