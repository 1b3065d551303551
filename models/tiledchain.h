// A chain of local layers over a map too large to hold, with group normalisation's statistics found on the way.
//
// The statistics are not known beforehand, and no normalisation's can be measured before those of the ones ahead of it
// are right. A sample of the map, small enough to be run at once, stands in for it: its statistics are where tiles
// start, and once all of them have told what they found, the sample is gone through again with the differences between
// what was found and what it had itself added at every normalisation. What the differences do to later normalisations
// they do to the sample's nearly as to the map's, so that few rounds suffice; each makes at least one more
// normalisation exact.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <vector>

#include "models/localchain.h"

namespace tessera::models
{

// One thread.
class TiledChain
{
public:
    // `unit`: pixels of a cell's side in the input. Tiles and samples are counted in cells.
    TiledChain(LocalChain chain, LocalInput input, int64_t unit);

    // Starts from the statistics of a map of at most `side` times `side` cells, put together from patches that are
    // spread evenly over the input; of the input itself when it has no more.
    void sampleStatistics(int64_t side);

    // Statistics from elsewhere instead, such as those of much the same input. There is no refine() after this.
    void useStatistics(NormStatistics known);
    const NormStatistics &statistics() const { return m_known; }

    // A part of the output, in its pixels. What statistics it has is gathered. REQUIRES: there are statistics to use.
    at::Tensor tile(const Area &out) { return m_chain.tile(m_input, out, m_known, m_found); }

    // How far the statistics used are from those gathered (models/localchain.h). REQUIRES, like refine(): every tile
    // was made once since sampleStatistics() or refine().
    double error() const { return distance(m_known, m_found); }
    // Corrects the statistics by those gathered, and begins to gather anew.
    void refine();

    // Normalisations of the chain: after as many refinements the statistics are exact.
    size_t normalisations() const { return m_known.size(); }

private:
    void settle();

    LocalChain m_chain;
    LocalInput m_input;
    int64_t m_unit;
    at::Tensor m_sample;
    NormStatistics m_corrections; // from the sample's statistics to the input's, as far as known
    NormStatistics m_sampled;     // the sample's, corrected ones applied ahead
    NormStatistics m_known;       // that tiles are normalised by
    NormStatistics m_found;       // by the tiles since the last change of m_known
};

// Squares of at most `side` that cover `area`, row by row.
std::vector<Area> tilesOf(const Area &area, int64_t side);

// Asked where a stop was requested: whether each tile is to be made once all the same. The answer may change.
using WantedFn = std::function<bool()>;

// How far making tiles came before a stop.
enum class Tiling {
    Refined, // to the end
    Rough,   // each tile was made, by statistics that are not quite those of the whole
    Partial, // tiles are missing
};

// Goes through all `tiles` with `make` until chain.error() is at most `tolerance`. `stop` is looked at between tiles,
// in the first round together with `wanted`. REQUIRES: sampleStatistics() was called; `make` calls chain.tile() for a
// tile, and all tiles cover the output once.
Tiling refineTiles(TiledChain &chain, const std::vector<Area> &tiles, const std::function<void(const Area &)> &make,
                   double tolerance, const std::stop_token &stop, const WantedFn &wanted);

} // namespace tessera::models
