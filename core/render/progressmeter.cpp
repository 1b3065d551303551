#include "core/render/progressmeter.h"

#include <algorithm>

namespace tessera::core
{

namespace
{

constexpr std::chrono::milliseconds kReportEvery{33};

// What a token that goes through the transformer together with many others costs, in tokens that go alone: measured on
// the CPU 1/8 in fp32 and 1/6 in int8.
constexpr double kTogether = 0.125;

} // namespace

ProgressMeter::ProgressMeter(const WindowPlan &plan, int64_t prefixLength, Clock::time_point start)
    : m_cost(plan.canvas)
    , m_start(start)
    , m_lastReport(start - kReportEvery)
{
    for (const PlanStep &step : plan.steps) {
        for (const PlannedCode &code : step.codes) {
            const int64_t before = std::max(0, code.localPosition - code.firstNew - 1);
            m_cost.at(code.cell) = 1 + kTogether * double(before + (code.opensWindow ? prefixLength : 0));
            m_costTotal += m_cost.at(code.cell);
            ++m_total;
        }
    }
}

void ProgressMeter::count(Cell cell)
{
    m_costDone += m_cost.at(cell);
    ++m_done;
}

bool ProgressMeter::due(Clock::time_point now) const
{
    return m_done == 1 || m_done == m_total || now - m_lastReport >= kReportEvery;
}

RenderProgress ProgressMeter::report(Clock::time_point now)
{
    m_lastReport = now;
    const double elapsed = std::chrono::duration<double>(now - m_start).count();
    RenderProgress progress;
    progress.codesDone = m_done;
    progress.codesTotal = m_total;
    progress.codesPerSecond = elapsed > 0 ? m_done / elapsed : 0;
    progress.secondsLeft = m_costDone > 0 ? elapsed * std::max(0.0, m_costTotal - m_costDone) / m_costDone : 0;
    return progress;
}

} // namespace tessera::core
