// Layers that look at their neighbourhood alone, run tile by tile over maps too large to hold.
//
// A convolution or an upsampling needs only the pixels around its own, so a tile is right when it is computed with a
// margin that the layers then use up. Group normalisation looks at the whole map, but only for a mean and a variance of
// each group: tiles are normalised by known ones, and tell what they found. Run over the whole map with statistics that
// turn out to be those it has, the tiles are the whole map's result.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/blocks.h"
#include "models/groupnorm.h"

namespace tessera::models
{

// [first, last) pixels of one axis.
struct Span {
    int64_t first = 0;
    int64_t last = 0;
    int64_t length() const { return last - first; }
    bool operator==(const Span &) const = default;
};

struct Area {
    Span rows;
    Span columns;
    bool operator==(const Area &) const = default;
};

// A map [1, C, rows, columns] that is made or cut out part by part, and never need be held as a whole.
struct LocalInput {
    int64_t rows = 0;
    int64_t columns = 0;
    std::function<at::Tensor(const Area &)> part; // dense
};
LocalInput inputOf(const at::Tensor &map);

// A layer on maps [1, C, H, W], whose output pixels depend on input pixels near them.
struct LocalLayer {
    // Treats the borders of what it is given as the map's own; normalises by `normalise`, on maps of the input's size.
    std::function<at::Tensor(const at::Tensor &x, const NormFn &normalise)> forward;
    // Output pixels [a, b) stand over input pixels [a down / up, b down / up), and look at `before` and `after` more.
    int64_t up = 1;
    int64_t down = 1;
    int64_t before = 0;
    int64_t after = 0;
};

// Of a block that must outlive it.
LocalLayer localLayer(const ResBlock &block);

// Moments of the maps that normalisations saw; each normalisation is known by its address.
using NormStatistics = std::map<const GroupNorm *, GroupMoments>;

// How far two of the same normalisations are apart: the largest difference of a group's means, in deviations, or of the
// logarithms of its deviations.
double distance(const NormStatistics &one, const NormStatistics &other);

// Constant after construction.
class LocalChain
{
public:
    explicit LocalChain(std::vector<LocalLayer> layers) : m_layers(std::move(layers)) {}

    // The sides of the output for an input of `length` pixels.
    int64_t outputLength(int64_t length) const;
    // Input pixels beyond its own on which an output pixel may depend, at most. REQUIRES: no layer halves.
    int64_t reach() const;

    // All at once.
    at::Tensor whole(const at::Tensor &x, const NormFn &normalise = normalised) const;

    // The `out` part of the output for `input`, normalised by `known`. Moments of the part of each map that stands
    // under `out` are added to `found`. REQUIRES: `known` has all normalisations of the chain; the borders of `out`
    // stand on borders of input pixels of every layer, or of the map.
    at::Tensor tile(const LocalInput &input, const Area &out, const NormStatistics &known, NormStatistics &found) const;

private:
    std::vector<LocalLayer> m_layers;
};

} // namespace tessera::models
