#include "models/training/slicedwasserstein.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

namespace tessera::models
{

namespace
{

constexpr int64_t kPatch = 7;

// Finest first; the last is what remains of the low frequencies. [1, 3, side, side] each.
std::vector<at::Tensor> pyramidOf(const at::Tensor &picture, int64_t smallest)
{
    std::vector<at::Tensor> levels;
    at::Tensor rest = picture.unsqueeze(0);
    for (; rest.size(3) / 2 >= smallest; rest = at::avg_pool2d(rest, 2, 2)) {
        const at::Tensor smaller = at::avg_pool2d(rest, 2, 2);
        levels.push_back(rest - at::upsample_bilinear2d(smaller, {rest.size(2), rest.size(3)}, false));
    }
    levels.push_back(rest);
    return levels;
}

// [patches, 3 * 7 * 7]
at::Tensor patchesAt(const at::Tensor &level, const at::Tensor &places)
{
    const at::Tensor all = level[0].unfold(1, kPatch, 1).unfold(2, kPatch, 1); // a view: [3, rows, columns, 7, 7]
    const at::Tensor rows = at::floor_divide(places, all.size(2)), columns = at::remainder(places, all.size(2));
    const at::Tensor taken = at::index(all, {std::nullopt, rows, columns}); // [3, patches, 7, 7]
    return taken.transpose(0, 1).reshape({places.size(0), -1});
}

at::Tensor normalised(const at::Tensor &patches)
{
    const at::Tensor channels = patches.reshape({patches.size(0), 3, kPatch * kPatch});
    const at::Tensor mean = channels.mean(at::IntArrayRef({0, 2}), true),
                     spread = channels.std(at::IntArrayRef({0, 2}), true, true).clamp_min(1e-6);
    return ((channels - mean) / spread).reshape(patches.sizes());
}

at::Tensor directions(const SwdSettings &settings)
{
    auto generator = at::make_generator<at::CPUGeneratorImpl>(settings.seed);
    const at::Tensor random = at::randn({3 * kPatch * kPatch, settings.projections}, generator, at::kFloat);
    return random / random.norm(2, 0, true);
}

double distance(const at::Tensor &a, const at::Tensor &b, const at::Tensor &directions)
{
    const at::Tensor left = std::get<0>(at::matmul(normalised(a), directions).sort(0));
    const at::Tensor right = std::get<0>(at::matmul(normalised(b), directions).sort(0));
    return (left - right).abs().mean().item<double>();
}

} // namespace

std::vector<double> slicedWasserstein(const std::vector<at::Tensor> &a, const std::vector<at::Tensor> &b,
                                      const SwdSettings &settings)
{
    TORCH_CHECK(!a.empty() && a.size() == b.size(), "sliced Wasserstein: ", a.size(), " against ", b.size(),
                " pictures");
    auto generator = at::make_generator<at::CPUGeneratorImpl>(settings.seed + 1);
    std::vector<std::vector<at::Tensor>> left, right; // by level
    for (size_t i = 0; i < a.size(); ++i) {
        const auto levelsA = pyramidOf(a[i], settings.smallest), levelsB = pyramidOf(b[i], settings.smallest);
        left.resize(levelsA.size());
        right.resize(levelsA.size());
        for (size_t level = 0; level < levelsA.size(); ++level) {
            const int64_t side = levelsA[level].size(3) - kPatch + 1;
            const at::Tensor places = at::randint(side * side, {settings.perPicture}, generator, at::kLong);
            left[level].push_back(patchesAt(levelsA[level], places));
            right[level].push_back(patchesAt(levelsB[level], places));
        }
    }
    const at::Tensor along = directions(settings);
    std::vector<double> distances;
    for (size_t level = 0; level < left.size(); ++level)
        distances.push_back(distance(at::cat(left[level]), at::cat(right[level]), along));
    return distances;
}

at::Tensor blurred(const at::Tensor &picture, double sigma)
{
    const auto reach = int64_t(std::ceil(3 * sigma));
    const at::Tensor at = at::arange(-reach, reach + 1, at::kFloat);
    at::Tensor weights = at::exp(-at * at / (2 * sigma * sigma));
    weights = (weights / weights.sum()).reshape({1, 1, 1, -1});
    const at::Tensor padded = at::replication_pad2d(picture.unsqueeze(1), {reach, reach, reach, reach});
    return at::conv2d(at::conv2d(padded, weights), weights.transpose(2, 3)).squeeze(1);
}

} // namespace tessera::models
