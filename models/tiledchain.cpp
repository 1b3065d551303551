#include "models/tiledchain.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

namespace tessera::models
{

namespace
{

constexpr int64_t kPatchCells = 4; // of a sample: wide enough that seams are few, small enough to be many

// What a sample of at most `most` pixels takes of an axis: patches of `patch`, evenly spread, or all.
std::vector<Span> sampled(int64_t length, int64_t most, int64_t patch)
{
    const int64_t count = std::max<int64_t>(1, most / patch);
    if (length <= count * patch)
        return {{0, length}};
    std::vector<Span> spans;
    for (int64_t i = 0; i < count; ++i) {
        // On whole patches' borders: halving layers pair the same pixels as in the whole map.
        const int64_t last = (length - patch) / patch, place = count > 1 ? i * last / (count - 1) : last / 2;
        spans.push_back({place * patch, (place + 1) * patch});
    }
    return spans;
}

// What leads from a sample's statistics to others: means in deviations, variances as a ratio, so that it still says the
// same where what comes before changes the sample.
GroupMoments correctionFor(const GroupMoments &sample, const GroupMoments &wanted)
{
    GroupMoments correction{wanted.count, {}, {}};
    for (size_t group = 0; group < sample.mean.size(); ++group) {
        const double variance = sample.variance[group] + kGroupNormEpsilon;
        correction.mean.push_back((wanted.mean[group] - sample.mean[group]) / std::sqrt(variance));
        correction.variance.push_back((wanted.variance[group] + kGroupNormEpsilon) / variance);
    }
    return correction;
}

GroupMoments corrected(GroupMoments moments, const GroupMoments &correction)
{
    for (size_t group = 0; group < moments.mean.size(); ++group) {
        const double variance = moments.variance[group] + kGroupNormEpsilon;
        moments.mean[group] += correction.mean[group] * std::sqrt(variance);
        moments.variance[group] = std::max(0.0, variance * correction.variance[group] - kGroupNormEpsilon);
    }
    return moments;
}

} // namespace

TiledChain::TiledChain(LocalChain chain, LocalInput input, int64_t unit)
    : m_chain(std::move(chain))
    , m_input(std::move(input))
    , m_unit(unit)
{}

void TiledChain::sampleStatistics(int64_t side)
{
    const auto cells = [this](int64_t length) { return std::max<int64_t>(1, length / m_unit); };
    const int64_t mostRows = side * side / std::min(side, cells(m_input.columns));
    const int64_t mostColumns = side * side / std::min(side, cells(m_input.rows));
    std::vector<at::Tensor> bands;
    for (const Span rows : sampled(m_input.rows, mostRows * m_unit, kPatchCells * m_unit)) {
        std::vector<at::Tensor> patches;
        for (const Span columns : sampled(m_input.columns, mostColumns * m_unit, kPatchCells * m_unit))
            patches.push_back(m_input.part({rows, columns}));
        bands.push_back(at::cat(patches, 3));
    }
    m_sample = at::cat(bands, 2);
    m_sample = m_sample.contiguous(m_sample.suggest_memory_format());
    m_corrections.clear();
    settle();
}

void TiledChain::useStatistics(NormStatistics known)
{
    m_known = std::move(known);
    m_found.clear();
}

// Goes through the sample, with each normalisation's statistics corrected before it acts.
void TiledChain::settle()
{
    m_found.clear();
    m_chain.whole(m_sample, [this](const GroupNorm &norm, const at::Tensor &map) {
        const GroupMoments &own = m_sampled[&norm] = groupMoments(map, norm.groups);
        const auto correction = m_corrections.find(&norm);
        m_known[&norm] = correction == m_corrections.end() ? own : corrected(own, correction->second);
        return groupNorm(map, m_known[&norm], norm.weight, norm.bias, kGroupNormEpsilon);
    });
}

void TiledChain::refine()
{
    for (const auto &[norm, moments] : m_found)
        m_corrections[norm] = correctionFor(m_sampled.at(norm), moments);
    settle();
}

std::vector<Area> tilesOf(const Area &area, int64_t side)
{
    std::vector<Area> tiles;
    for (int64_t row = area.rows.first; row < area.rows.last; row += side)
        for (int64_t column = area.columns.first; column < area.columns.last; column += side)
            tiles.push_back(
                {{row, std::min(row + side, area.rows.last)}, {column, std::min(column + side, area.columns.last)}});
    return tiles;
}

Tiling refineTiles(TiledChain &chain, const std::vector<Area> &tiles, const std::function<void(const Area &)> &make,
                   double tolerance, const std::stop_token &stop, const WantedFn &wanted)
{
    for (size_t round = 0; round <= chain.normalisations(); ++round) {
        for (const Area &tile : tiles) {
            if (stop.stop_requested() && (round > 0 || !wanted()))
                return round > 0 ? Tiling::Rough : Tiling::Partial;
            make(tile);
        }
        if (chain.error() <= tolerance)
            break;
        if (stop.stop_requested())
            return Tiling::Rough;
        chain.refine();
    }
    return Tiling::Refined;
}

} // namespace tessera::models
