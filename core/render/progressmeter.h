// How far a render is, how fast, and how long it will take.
#pragma once

#include <chrono>

#include "core/render/render.h"
#include "core/sampling/windowplan.h"

namespace tessera::core
{

// Codes do not cost the same: one that opens a window pays for the window's whole prefix. The estimate weighs each code
// by the tokens it sends through the transformer; those that go together, in one pass, count a part each.
class ProgressMeter
{
public:
    using Clock = std::chrono::steady_clock;

    ProgressMeter(const WindowPlan &plan, int64_t prefixLength, Clock::time_point start = Clock::now());

    // The codes begin at `now`: what came before is no part of their speed.
    void begin(Clock::time_point now) { m_start = now; }
    // Counts the code drawn at `cell`.
    void count(Cell cell);
    // Whether a report is due at `now`: the last one is at least 1/30 s old, or the first or the last code has been
    // drawn.
    bool due(Clock::time_point now) const;
    // Values for codesDone, codesTotal, codesPerSecond, secondsLeft.
    RenderProgress report(Clock::time_point now);

private:
    Grid<double> m_cost; // in tokens that go alone; 0 where nothing is drawn
    double m_costDone = 0;
    double m_costTotal = 0;
    int m_done = 0;
    int m_total = 0;
    Clock::time_point m_start;
    Clock::time_point m_lastReport;
};

} // namespace tessera::core
