// Which window each code is drawn from, decided before sampling (Esser et al. 2021, sec. 3.2: sliding
// attention window).
//
// exact:   the window of cell (i, j) starts at clamp(i - w/2, 0, H - w), clamp(j - w/2, 0, W - w) (the paper)
// block:N  starts are multiples of N codes (and the last one that fits), the nearest to the exact ones:
//          fewer windows, each with a longer-lived cache; an approximation.
//
// Keys and values of a token depend only on the window's origin and on what stands before the token in that
// window, and all of that is final when the token is reached; so one append-only cache per origin is exact.
//
// A model may write a window's codes in another order than row by row (models/permuter.h). Sliding windows are
// not defined for those, by the paper's authors neither: such a canvas is one window.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/sampling/grid.h"

namespace tessera::core
{

struct WindowPolicy {
    enum class Kind { Exact, Block };
    Kind kind = Kind::Exact;
    int step = 1; // codes; Block only, 1..window
    bool operator==(const WindowPolicy &) const = default;
};

// One code to draw.
struct PlannedCode {
    Cell cell;
    Cell origin;               // upper left cell of its window
    int window = 0;            // index of the origin among the plan's windows, in order of first use
    int firstNew = 0;          // position in the window of its first code that its cache lacks
    int localPosition = 0;     // of the cell; codes [firstNew, localPosition) are appended before the draw
    bool opensWindow = false;  // first use of this window: the prefix must be fed as well
    bool closesWindow = false; // last use: the cache can go
};

// A batch of cells that do not depend on each other and share no window, in raster order.
struct PlanStep {
    std::vector<PlannedCode> codes;
};

struct WindowPlan {
    GridSize canvas;
    int window = 16; // codes per side
    WindowPolicy policy;
    int windows = 0; // number of distinct origins
    // The order of a window's codes: order[t] is the place, counted row by row, of the code at position t. Empty:
    // row by row.
    std::vector<int64_t> order;
    std::vector<PlanStep> steps;

    // The cell at a position of the window that begins at `origin`.
    Cell cellAt(Cell origin, int position) const;

    // Codes to draw.
    int codes() const;
    // Tokens that pass through the transformer, with `prefixLength` tokens before each window's codes.
    int64_t tokenForwards(int64_t prefixLength) const;
    // Most caches alive at once.
    int liveWindows() const;
};

// The window's upper left cell for a cell. REQUIRES: both sides of the canvas at least `window`.
Cell windowOrigin(Cell cell, GridSize canvas, int window, WindowPolicy policy);

// Raster order, one code a step (`wavefront` false), or steps of independent cells: row i runs `window`
// columns behind row i - 1, so that window * (rows - 1) + columns steps suffice. Cells set in `locked` (size
// of the canvas, or empty) are not drawn and take no step. With an `order` (as WindowPlan::order) codes are drawn
// in it, one a step. Throws Error (InvalidArgument) for a canvas below one window, or other than one window where
// there is an order, a policy's step outside 1..window, or `locked` of another size.
WindowPlan planWindows(GridSize canvas, int window, WindowPolicy policy, bool wavefront = false,
                       const Grid<uint8_t> &locked = {}, std::vector<int64_t> order = {});

// A policy may make codes so much less likely, in percent of exact's nats per code, and still be taken unasked.
inline constexpr double kMostWindowPrice = 0.5;

// For a canvas larger than one window the fastest policy whose price, by block's step, is at most kMostWindowPrice;
// exact where none is known or low enough.
inline WindowPolicy automaticWindow(GridSize canvas, int window, const std::map<int, double> &prices)
{
    if (canvas == GridSize{window, window}) {
        return {};
    }
    for (auto price = prices.rbegin(); price != prices.rend(); ++price) { // the longest step has the fewest windows
        if (price->first <= window && price->second <= kMostWindowPrice) {
            return {WindowPolicy::Kind::Block, price->first};
        }
    }
    return {};
}

} // namespace tessera::core
