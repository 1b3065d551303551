#include "models/training/losses.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

namespace tessera::models
{

namespace
{

at::Tensor enlarged(const at::Tensor &x, const at::Tensor &like)
{
    return at::upsample_bilinear2d(x, {like.size(2), like.size(3)}, false);
}

} // namespace

at::Tensor l1Loss(const at::Tensor &x, const at::Tensor &target)
{
    return (x.to(at::kFloat) - target.to(at::kFloat)).abs().mean();
}

at::Tensor laplacianPyramidLoss(const at::Tensor &x, const at::Tensor &target, int levels)
{
    TORCH_CHECK(x.sizes() == target.sizes(), "Laplacian pyramid: ", x.sizes(), " against ", target.sizes());
    // The pyramid is linear: that of the difference is the difference of the pyramids.
    at::Tensor rest = x.to(at::kFloat) - target.to(at::kFloat);
    at::Tensor sum = at::zeros({}, rest.options());
    double weight = double(1 << (levels - 1)) / double((1 << levels) - 1);
    for (int level = 0; level + 1 < levels; ++level, weight /= 2) {
        const at::Tensor smaller = at::avg_pool2d(rest, 2, 2);
        sum = sum + weight * (rest - enlarged(smaller, rest)).abs().mean();
        rest = smaller;
    }
    return sum + weight * rest.abs().mean();
}

at::Tensor discriminatorHingeLoss(const at::Tensor &realLogits, const at::Tensor &fakeLogits)
{
    const at::Tensor real = at::relu(1 - realLogits.to(at::kFloat)).mean();
    const at::Tensor fake = at::relu(1 + fakeLogits.to(at::kFloat)).mean();
    return 0.5 * (real + fake);
}

at::Tensor generatorLoss(const at::Tensor &fakeLogits)
{
    return -fakeLogits.to(at::kFloat).mean();
}

at::Tensor featureMatchingLoss(const std::vector<at::Tensor> &fake, const std::vector<at::Tensor> &real)
{
    TORCH_CHECK(!fake.empty() && fake.size() == real.size(), "feature matching: ", fake.size(), " generated and ",
                real.size(), " real stages");
    at::Tensor sum;
    for (size_t stage = 0; stage < fake.size(); ++stage) {
        const at::Tensor term = l1Loss(fake[stage], real[stage].detach());
        sum = sum.defined() ? sum + term : term;
    }
    return sum / double(fake.size());
}

at::Tensor lossGradient(const at::Tensor &loss, const at::Tensor &x)
{
    return gradientThrough(loss, {}, x);
}

at::Tensor gradientThrough(const at::Tensor &output, const at::Tensor &outputGradient, const at::Tensor &weight)
{
    const std::vector<at::Tensor> gradients =
        torch::autograd::grad({output}, {weight}, {outputGradient}, true, false, true);
    return gradients[0].defined() ? gradients[0] : at::zeros_like(weight);
}

at::Tensor adaptiveWeight(const at::Tensor &reconstructionGradient, const at::Tensor &adversarialGradient,
                          double maximum)
{
    const at::Tensor ratio = reconstructionGradient.detach().to(at::kFloat).norm()
                             / (adversarialGradient.detach().to(at::kFloat).norm() + 1e-4);
    return at::nan_to_num(ratio, 0.0, 0.0, 0.0).clamp(0, maximum);
}

} // namespace tessera::models
