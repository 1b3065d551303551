#include "core/sampling/feedahead.h"

#include <algorithm>

#include <c10/util/Exception.h>

namespace tessera::core
{

namespace
{

Grid<int> stepsByCell(const WindowPlan &plan)
{
    Grid<int> steps(plan.canvas);
    for (size_t i = 0; i < plan.steps.size(); ++i) {
        for (const PlannedCode &code : plan.steps[i].codes) {
            steps.at(code.cell) = int(i);
        }
    }
    return steps;
}

} // namespace

FeedAhead::FeedAhead(const WindowPlan &plan, int steps, size_t caches, size_t perWindow)
    : m_plan(plan)
    , m_steps(steps)
    , m_windows(caches / perWindow)
    , m_stepOf(steps > 1 && m_windows > 0 ? stepsByCell(plan) : Grid<int>())
{}

std::vector<const PlannedCode *> FeedAhead::beside(const PlanStep &step)
{
    std::vector<const PlannedCode *> found;
    if (m_steps <= 1 || m_stepOf.values.empty() || !std::ranges::any_of(step.codes, &PlannedCode::opensWindow)) {
        return found;
    }
    const int now = m_stepOf.at(step.codes.front().cell);
    if (now < m_fed) {
        return found;
    }
    const int end = int(std::min(m_plan.steps.size(), size_t(now) + size_t(m_steps)));
    for (m_fed = now + 1; m_fed < end; ++m_fed) {
        const size_t whole = found.size();
        for (const PlannedCode &code : m_plan.steps[size_t(m_fed)].codes) {
            if (code.opensWindow && code.localPosition > 0) { // a window's first code comes from the prefix itself
                found.push_back(&code);
            }
        }
        if (found.size() > m_windows) {
            found.resize(whole);
            break;
        }
    }
    return found;
}

FeedAhead feedAheadFor(const WindowPlan &plan, const TransformerEngine &engine, size_t perWindow)
{
    const AheadLimits limits = engine.feedsAhead();
    TORCH_CHECK(limits.steps <= 1 || !engine.keepsBitsInChunks(), "an engine feeds ahead or keeps prefixes, not both");
    return {plan, limits.steps, size_t(limits.bytes / std::max<uint64_t>(1, engine.cacheBytes())), perWindow};
}

} // namespace tessera::core
