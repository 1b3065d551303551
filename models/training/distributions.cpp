#include "models/training/distributions.h"

#include <ATen/ATen.h>

namespace tessera::models
{

namespace
{

at::Tensor deviations(const at::Tensor &x)
{
    return (x - x.mean(0, true)) / std::sqrt(double(x.size(0) - 1)); // C = D^T D
}

void expectSets(const at::Tensor &a, const at::Tensor &b)
{
    TORCH_CHECK(a.dim() == 2 && b.dim() == 2 && a.size(1) == b.size(1) && a.size(0) > 1 && b.size(0) > 1,
                "sets of features ", a.sizes(), " and ", b.sizes(), ", expected [N, d] with N of at least 2");
}

at::Tensor distances(const at::Tensor &a, const at::Tensor &b)
{
    // Not by products, which lose what is close together.
    return at::_cdist_forward(a.contiguous(), b.contiguous(), 2, 2);
}

// Mean of what lies off the diagonal.
double meanOfOthers(const at::Tensor &kernel)
{
    const double n = double(kernel.size(0));
    return (kernel.sum() - kernel.diag().sum()).item<double>() / (n * (n - 1));
}

} // namespace

double frechetDistance(const at::Tensor &first, const at::Tensor &second)
{
    const at::Tensor a = first.to(at::kCPU, at::kDouble), b = second.to(at::kCPU, at::kDouble);
    expectSets(a, b);
    const at::Tensor da = deviations(a), db = deviations(b);
    // The trace of (C1 C2)^1/2 is the sum of the singular values of D1 D2^T: C1 C2 and D1 D2^T D2 D1^T have the same
    // eigenvalues beside zeros.
    const double cross = at::linalg_svdvals(da.matmul(db.t())).sum().item<double>();
    const double shift = (a.mean(0) - b.mean(0)).square().sum().item<double>();
    return shift + da.square().sum().item<double>() + db.square().sum().item<double>() - 2 * cross;
}

double mmdSquared(const at::Tensor &set, const at::Tensor &reference)
{
    const at::Tensor a = set.to(at::kCPU, at::kDouble), b = reference.to(at::kCPU, at::kDouble);
    expectSets(a, b);
    const at::Tensor within = distances(b, b);
    const at::Tensor pairs = at::triu(at::ones_like(within), 1).to(at::kBool);
    const double width = within.masked_select(pairs).median().item<double>();
    TORCH_CHECK(width > 0, "MMD: more than half of the reference's rows are equal");
    const auto kernel = [&](const at::Tensor &far) { return (far.square() / (-2 * width * width)).exp(); };
    return meanOfOthers(kernel(distances(a, a))) + meanOfOthers(kernel(within))
           - 2 * kernel(distances(a, b)).mean().item<double>();
}

Manifold densityAndCoverage(const at::Tensor &realSet, const at::Tensor &generatedSet, int64_t k)
{
    const at::Tensor real = realSet.to(at::kCPU, at::kDouble), generated = generatedSet.to(at::kCPU, at::kDouble);
    expectSets(real, generated);
    TORCH_CHECK(real.size(0) > k, "density and coverage: ", real.size(0), " real pictures, expected more than ", k);
    // The nearest is the picture itself, at distance 0.
    const at::Tensor radius = std::get<0>(distances(real, real).kthvalue(k + 1, 1)); // [N]
    const at::Tensor inside = distances(real, generated) <= radius.unsqueeze(1);     // [N, M]
    return {inside.to(at::kDouble).sum().item<double>() / double(k * generated.size(0)),
            inside.any(1).to(at::kDouble).mean().item<double>()};
}

} // namespace tessera::models
