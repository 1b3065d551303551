// Which windows go through the transformer before their turn: what stands above a code in its window is known long
// before the code itself (in wavefront order the row above is a window's width ahead), so windows of several steps can
// be fed in one pass, and a step then appends only the few codes of its own row that were drawn since.
#pragma once

#include <cstddef>
#include <vector>

#include "core/sampling/engine.h"
#include "core/sampling/grid.h"
#include "core/sampling/windowplan.h"

namespace tessera::core
{

// Follows the steps of one plan, which must outlive it.
class FeedAhead
{
public:
    // `caches`: the most that may be open before their windows' turn; `perWindow` of them a window.
    FeedAhead(const WindowPlan &plan, int steps, size_t caches, size_t perWindow);

    // The windows to feed beside those of `step`, each by the code that opens it, in the plan's order. Of whole steps,
    // as many of the next ones as the caches suffice for; none where `step` opens no window, or its windows were fed
    // ahead. REQUIRES: steps come in the plan's order; not every one must.
    std::vector<const PlannedCode *> beside(const PlanStep &step);

    // From now on nothing is fed ahead.
    void giveUp() { m_steps = 1; }

private:
    const WindowPlan &m_plan;
    int m_steps; // that a pass serves, its own included
    const size_t m_windows;
    Grid<int> m_stepOf; // by cell; empty: nothing is fed ahead
    int m_fed = 0;      // windows of the steps before this one were fed
};

// The limits of an engine for so many caches a window.
FeedAhead feedAheadFor(const WindowPlan &plan, const TransformerEngine &engine, size_t perWindow);

} // namespace tessera::core
