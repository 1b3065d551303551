#include "models/training/labelscores.h"

#include <ATen/ATen.h>

namespace tessera::models
{

LabelScores::LabelScores(int64_t labels) : m_counts(at::zeros({labels, labels}, at::kLong)) {}

void LabelScores::add(const at::Tensor &meant, const at::Tensor &found)
{
    TORCH_CHECK(meant.sizes() == found.sizes(), "labels of ", meant.sizes(), " against ", found.sizes());
    const int64_t labels = m_counts.size(0);
    const at::Tensor painted = meant.reshape({-1}).gt(0);
    const at::Tensor pairs = (meant.reshape({-1}) * labels + found.reshape({-1})).masked_select(painted);
    m_counts += at::bincount(pairs, {}, labels * labels).reshape({labels, labels});
}

double LabelScores::meanIou() const
{
    const at::Tensor right = m_counts.diag().to(at::kDouble), meant = m_counts.sum(1);
    const at::Tensor either = (meant + m_counts.sum(0)).to(at::kDouble) - right;
    const at::Tensor each = (right / either.clamp_min(1)).masked_select(meant > 0);
    return each.numel() == 0 ? 0 : each.mean().item<double>();
}

double LabelScores::accuracy() const
{
    const int64_t all = m_counts.sum().item<int64_t>();
    return all == 0 ? 0 : m_counts.diag().sum().item<double>() / double(all);
}

at::Tensor labelsOfCells(const at::Tensor &labels, int64_t cell, int64_t count)
{
    const int64_t rows = labels.size(0) / cell, columns = labels.size(1) / cell;
    const at::Tensor squares =
        labels.reshape({rows, cell, columns, cell}).permute({0, 2, 1, 3}).reshape({rows, columns, cell * cell});
    at::Tensor votes = at::zeros({rows, columns, count}, at::kLong);
    votes.scatter_add_(2, squares, at::ones_like(squares));
    return votes.argmax(2);
}

} // namespace tessera::models
