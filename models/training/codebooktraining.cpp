#include "models/training/codebooktraining.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

namespace tessera::models
{

namespace
{

constexpr int kLloydIterations = 10;
constexpr double kUsageDecay = 0.98;

at::Tensor flattened(const at::Tensor &latents)
{
    return latents.detach().to(at::kFloat).permute({0, 2, 3, 1}).reshape({-1, latents.size(1)});
}

at::Tensor squaredDistances(const at::Tensor &points, const at::Tensor &centres) // [points, centres]
{
    return points.square().sum(1, true) + centres.square().sum(1) - 2 * at::matmul(points, centres.t());
}

// Arthur and Vassilvitskii 2007: each seed is drawn with odds of its squared distance to the seeds before.
at::Tensor plusPlusSeeds(const at::Tensor &points, int64_t count, at::Generator &generator)
{
    at::Tensor centres = at::empty({count, points.size(1)});
    at::Tensor nearest = at::ones({points.size(0)});
    for (int64_t i = 0; i < count; ++i) {
        const int64_t chosen = at::multinomial(nearest, 1, false, generator).item<int64_t>();
        centres[i].copy_(points[chosen]);
        const at::Tensor distance = (points - points[chosen]).square().sum(1).clamp_min(1e-12);
        nearest = i == 0 ? distance : at::minimum(nearest, distance);
    }
    return centres;
}

} // namespace

CodebookTraining::CodebookTraining(int64_t codes, int64_t embedDim)
    : m_codes(codes)
    , m_ring(at::empty({kMostLatents, embedDim}))
    , m_usage(at::full({codes}, 1.0 / double(codes)))
{}

void CodebookTraining::remember(const at::Tensor &latents)
{
    const c10::NoGradGuard noGradients;
    const at::Tensor rows = flattened(latents).cpu();
    for (int64_t done = 0; done < rows.size(0);) {
        const int64_t count = std::min(rows.size(0) - done, kMostLatents - m_next);
        m_ring.slice(0, m_next, m_next + count).copy_(rows.slice(0, done, done + count));
        m_next = (m_next + count) % kMostLatents;
        m_filled = std::min(kMostLatents, m_filled + count);
        done += count;
    }
}

void CodebookTraining::initialise(at::Tensor codebook, uint64_t seed) const
{
    const c10::NoGradGuard noGradients;
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    const at::Tensor points = m_ring.slice(0, 0, m_filled);
    at::Tensor centres = plusPlusSeeds(points, m_codes, generator);
    for (int iteration = 0; iteration < kLloydIterations; ++iteration) {
        const at::Tensor nearest = squaredDistances(points, centres).argmin(1);
        const at::Tensor counts = at::zeros({m_codes}).index_add_(0, nearest, at::ones({m_filled}));
        const at::Tensor sums = at::zeros_like(centres).index_add_(0, nearest, points);
        centres = at::where(counts.unsqueeze(1) > 0, sums / counts.clamp_min(1).unsqueeze(1), centres);
    }
    codebook.copy_(centres);
}

void CodebookTraining::count(const at::Tensor &codes)
{
    const c10::NoGradGuard noGradients;
    const at::Tensor share =
        at::bincount(codes.reshape({-1}).cpu(), {}, m_codes).to(at::kFloat).div(double(codes.numel()));
    m_usage.mul_(kUsageDecay).add_(share, 1 - kUsageDecay);
}

at::Tensor CodebookTraining::restart(at::Tensor codebook, const at::Tensor &latents, double below, uint64_t seed)
{
    const c10::NoGradGuard noGradients;
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    const at::Tensor rows = at::nonzero(m_usage < below / double(m_codes)).reshape({-1});
    if (rows.numel() == 0)
        return rows;
    const at::Tensor points = flattened(latents).cpu();
    const at::Tensor chosen = points.index_select(0, at::randint(points.size(0), {rows.numel()}, generator, at::kLong));
    const at::Tensor noise = at::randn(chosen.sizes(), generator, at::kFloat) * (0.01 * points.std(0, true, true));
    codebook.index_copy_(0, rows.to(codebook.device()), (chosen + noise).to(codebook.device()));
    m_usage.index_fill_(0, rows, 1.0 / double(m_codes));
    return rows;
}

StateDict CodebookTraining::state() const
{
    return {
        {"usage", m_usage}, {"latents", m_ring.slice(0, 0, m_filled)}, {"next", at::scalar_tensor(m_next, at::kLong)}};
}

void CodebookTraining::restore(const StateDict &state)
{
    const auto latents = state.find("latents");
    const int64_t filled = latents == state.end() ? 0 : std::min(latents->second.size(0), kMostLatents);
    StateDictSource source(state, "", "The checkpoint's codebook");
    const at::Tensor usage = source.take("usage", {m_codes}, Init::Zero);
    const at::Tensor remembered = source.take("latents", {filled, m_ring.size(1)}, Init::Zero);
    const at::Tensor next = source.take("next", {}, Init::Zero);
    source.finish();
    m_usage.copy_(usage);
    m_ring.slice(0, 0, filled).copy_(remembered);
    m_filled = filled;
    m_next = next.item<int64_t>() % kMostLatents;
}

double CodebookTraining::perplexity() const
{
    const at::Tensor p = m_usage / m_usage.sum();
    return (p * (p + 1e-12).log()).sum().neg().exp().item<double>();
}

} // namespace tessera::models
