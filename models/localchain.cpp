#include "models/localchain.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

namespace tessera::models
{

namespace
{

// One axis of a chain over a map: what every layer needs of its input, and what of it belongs to the tile.
struct Route {
    std::vector<Span> needed; // of the input of layer k; the last: of the output
    std::vector<Span> own;
};

Span neededBy(const LocalLayer &layer, Span out, int64_t length)
{
    const int64_t first = out.first * layer.down / layer.up - layer.before;
    const int64_t last = (out.last * layer.down + layer.up - 1) / layer.up + layer.after;
    return {std::max<int64_t>(0, first), std::min(length, last)};
}

Route routeFor(const std::vector<LocalLayer> &layers, int64_t length, Span out)
{
    std::vector<int64_t> lengths{length};
    for (const LocalLayer &layer : layers)
        lengths.push_back(lengths.back() * layer.up / layer.down);
    Route route{{out}, {out}};
    for (size_t k = layers.size(); k-- > 0;) {
        const LocalLayer &layer = layers[k];
        const Span own = route.own.front();
        const bool toTheEnd = own.last == lengths[k + 1]; // pixels that a halving leaves over belong to the last tile
        route.own.insert(route.own.begin(),
                         {own.first * layer.down / layer.up, toTheEnd ? lengths[k] : own.last * layer.down / layer.up});
        Span needed = neededBy(layer, route.needed.front(), lengths[k]);
        needed.last = std::max(needed.last, route.own.front().last);
        route.needed.insert(route.needed.begin(), needed);
    }
    return route;
}

// A part of what stands at `at`, for kernels that want their maps dense.
at::Tensor cropped(const at::Tensor &x, const Area &at, const Area &part)
{
    if (at == part)
        return x;
    const at::Tensor view = x.narrow(2, part.rows.first - at.rows.first, part.rows.length())
                                .narrow(3, part.columns.first - at.columns.first, part.columns.length());
    return view.contiguous(x.suggest_memory_format());
}

Span produced(const LocalLayer &layer, Span from, int64_t length)
{
    const int64_t first = from.first * layer.up / layer.down;
    return {first, first + length};
}

} // namespace

LocalInput inputOf(const at::Tensor &map)
{
    const Area all{{0, map.size(2)}, {0, map.size(3)}};
    return {map.size(2), map.size(3), [map, all](const Area &area) { return cropped(map, all, area); }};
}

LocalLayer localLayer(const ResBlock &block)
{
    const auto run = [&block](const at::Tensor &x, const NormFn &normalise) { return forward(block, x, normalise); };
    return {run, 1, 1, 2, 2};
}

double distance(const NormStatistics &one, const NormStatistics &other)
{
    double most = 0;
    for (const auto &[norm, moments] : one) {
        const GroupMoments &others = other.at(norm);
        for (size_t group = 0; group < moments.mean.size(); ++group) {
            const double variance = moments.variance[group] + kGroupNormEpsilon;
            const double otherVariance = others.variance[group] + kGroupNormEpsilon;
            most = std::max({most, std::abs(moments.mean[group] - others.mean[group]) / std::sqrt(otherVariance),
                             std::abs(std::log(variance / otherVariance)) / 2});
        }
    }
    return most;
}

int64_t LocalChain::outputLength(int64_t length) const
{
    for (const LocalLayer &layer : m_layers)
        length = length * layer.up / layer.down;
    return length;
}

int64_t LocalChain::reach() const
{
    constexpr int64_t kFar = int64_t(1) << 30; // in the midst of a map without borders
    const Route route = routeFor(m_layers, 2 * kFar, {outputLength(kFar), outputLength(kFar + 1)});
    const Span needed = route.needed.front();
    return std::max(kFar - needed.first, needed.last - kFar - 1);
}

at::Tensor LocalChain::whole(const at::Tensor &x, const NormFn &normalise) const
{
    at::Tensor map = x;
    for (const LocalLayer &layer : m_layers)
        map = layer.forward(map, normalise);
    return map;
}

at::Tensor LocalChain::tile(const LocalInput &input, const Area &out, const NormStatistics &known,
                            NormStatistics &found) const
{
    const Route rows = routeFor(m_layers, input.rows, out.rows),
                columns = routeFor(m_layers, input.columns, out.columns);
    Area at{rows.needed.front(), columns.needed.front()};
    at::Tensor map = input.part(at);
    for (size_t k = 0; k < m_layers.size(); ++k) {
        const LocalLayer &layer = m_layers[k];
        const NormFn normalise = [&](const GroupNorm &norm, const at::Tensor &part) {
            found[&norm].add(groupMoments(cropped(part, at, {rows.own[k], columns.own[k]}), norm.groups));
            return groupNorm(part, known.at(&norm), norm.weight, norm.bias, kGroupNormEpsilon);
        };
        map = layer.forward(map, normalise);
        const Area from{produced(layer, at.rows, map.size(2)), produced(layer, at.columns, map.size(3))};
        at = {rows.needed[k + 1], columns.needed[k + 1]};
        map = cropped(map, from, at);
    }
    return map;
}

} // namespace tessera::models
