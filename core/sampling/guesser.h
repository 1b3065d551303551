// Feeds windows guesses of the codes to come, so that one pass gives the logits of many places.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/sampling/draft.h"
#include "core/sampling/grid.h"
#include "core/sampling/guessdepth.h"
#include "core/sampling/openwindow.h"
#include "core/sampling/windowplan.h"

namespace tessera::core
{

// What would be drawn at a place from these logits.
using RedrawFn = std::function<int64_t(Cell cell, std::span<const float> logits)>;

// What passes cost, in parts of what one costs at least.
struct PassCost {
    double token = 0; // a further token, for all streams
    int streams = 1;
};

// Plan and draft must outlive it. One thread.
class Guesser
{
public:
    Guesser(const WindowPlan &plan, Draft &draft, RedrawFn redraw, PassCost cost, int64_t pictureCodes);

    // Says what a step would have cost by itself, and what a pass did (guessdepth.h), in tokens of one stream.
    void step(int tokens) { m_depth.step(tokens); }
    void pass(int tokens) { m_depth.pass(tokens); }

    // Appends guesses to what is fed to the code's window: as many as have paid lately where the window's places follow
    // each other, and further ones as long as they are likely enough to make codes cheaper. A place gets its code from
    // this pass when all guesses before it are right. `windows`: that share the pass. REQUIRES: all codes before this
    // one are fed.
    void feed(OpenWindow &window, const PlannedCode &code, const CodeGrid &codes, int windows);

    // A guess before the code was wrong: what would be drawn from the logits computed behind it gives the next guesses
    // (Jacobi iteration).
    void revise(const OpenWindow &window, const PlannedCode &code);

private:
    void feedUpTo(OpenWindow &window, const PlannedCode &code, const CodeGrid &codes, int position, double &chance);

    const WindowPlan &m_plan;
    Draft &m_draft;
    const RedrawFn m_redraw;
    const PassCost m_cost;
    const size_t m_pictureCodes;
    std::vector<std::vector<int>> m_draws; // by window: positions that the plan draws from it, ascending
    GuessDepth m_depth;
};

} // namespace tessera::core
