#include "models/training/rankcorrelation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <ATen/ATen.h>

namespace tessera::models
{

at::Tensor averageRanks(const at::Tensor &values)
{
    const at::Tensor flat = values.detach().to(at::kCPU, at::kDouble).reshape({-1}).contiguous();
    TORCH_CHECK(!flat.isnan().any().item<bool>(), "ranks of what is no number");
    const double *value = flat.const_data_ptr<double>();
    std::vector<size_t> order(size_t(flat.numel()));
    std::iota(order.begin(), order.end(), size_t(0));
    std::ranges::sort(order, {}, [&](size_t place) { return value[place]; });
    at::Tensor ranks = at::empty_like(flat);
    double *rank = ranks.mutable_data_ptr<double>();
    for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
        while (end < order.size() && value[order[end]] == value[order[begin]])
            ++end;
        for (size_t i = begin; i < end; ++i)
            rank[order[i]] = double(begin + 1 + end) / 2; // mean of begin + 1 ... end
    }
    return ranks;
}

double rankCorrelation(const at::Tensor &a, const at::Tensor &b)
{
    TORCH_CHECK(a.numel() == b.numel(), "ranks of ", a.sizes(), " against ", b.sizes());
    const at::Tensor x = averageRanks(a), y = averageRanks(b);
    const double mean = (double(x.numel()) + 1) / 2; // of ranks, tied or not
    const at::Tensor dx = x - mean, dy = y - mean;
    const double spread = std::sqrt(dx.square().sum().item<double>() * dy.square().sum().item<double>());
    return spread > 0 ? (dx * dy).sum().item<double>() / spread : 0;
}

double rankCorrelationInRows(const at::Tensor &a, const at::Tensor &b)
{
    TORCH_CHECK(a.dim() == 2 && a.sizes() == b.sizes(), "rows of ", a.sizes(), " against ", b.sizes());
    const at::Tensor given = a.cpu(), seen = b.cpu();
    double sum = 0;
    int64_t rows = 0;
    for (int64_t row = 0; row < given.size(0); ++row) {
        if (given[row].eq(given[row][0]).all().item<bool>())
            continue;
        sum += rankCorrelation(given[row], seen[row]);
        ++rows;
    }
    return rows == 0 ? 0 : sum / double(rows);
}

} // namespace tessera::models
