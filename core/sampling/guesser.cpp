#include "core/sampling/guesser.h"

#include <algorithm>
#include <utility>

#include "core/sampling/distribution.h"

namespace tessera::core
{

namespace
{

// Guesses in a pass: enough to hide what a pass costs at least, few enough that progress is seen.
constexpr int kMostGuesses = 64;
// Guesses must be likely to save so many times what they cost.
constexpr double kMargin = 1.2;

} // namespace

Guesser::Guesser(const WindowPlan &plan, Draft &draft, RedrawFn redraw, PassCost cost, int64_t pictureCodes)
    : m_plan(plan)
    , m_draft(draft)
    , m_redraw(std::move(redraw))
    , m_cost(cost)
    , m_pictureCodes(size_t(pictureCodes))
    , m_draws(size_t(plan.windows))
    , m_depth(cost.token)
{
    for (const PlanStep &step : plan.steps) {
        for (const PlannedCode &code : step.codes) {
            m_draws[size_t(code.window)].push_back(code.localPosition);
        }
    }
}

void Guesser::feed(OpenWindow &window, const PlannedCode &code, const CodeGrid &codes, int windows)
{
    const std::vector<int> &draws = m_draws[size_t(code.window)];
    double chance = 1, expected = 1;
    double cost = 1.0 / windows + m_cost.token * std::max(1, code.localPosition - window.agreed);
    int tried = m_depth.tokens(windows), left = kMostGuesses / (m_cost.streams * windows);
    for (auto next = std::ranges::upper_bound(draws, code.localPosition); next != draws.end(); ++next) {
        const size_t before = window.fed.size();
        const int tokens = *next - int(before);
        if (tokens > left) {
            return;
        }
        feedUpTo(window, code, codes, *next, chance);
        const bool pays = chance * cost > kMargin * m_cost.token * tokens * expected;
        if (!pays && (tokens > 1 || tried <= 0)) {
            window.fed.resize(before);
            return;
        }
        expected += chance;
        cost += m_cost.token * tokens;
        left -= tokens;
        --tried;
    }
}

// `chance` is multiplied with that of the guesses being right.
void Guesser::feedUpTo(OpenWindow &window, const PlannedCode &code, const CodeGrid &codes, int position, double &chance)
{
    while (int(window.fed.size()) < position) {
        const Cell cell = m_plan.cellAt(code.origin, int(window.fed.size()));
        const int64_t drawn = codes.at(cell);
        if (drawn == kNoCode) {
            chance *= m_draft.chance(cell);
        }
        window.fed.push_back(drawn == kNoCode ? m_draft.at(cell) : drawn);
    }
}

void Guesser::revise(const OpenWindow &window, const PlannedCode &code)
{
    const std::vector<int> &draws = m_draws[size_t(code.window)];
    for (auto next = std::ranges::upper_bound(draws, code.localPosition); next != draws.end(); ++next) {
        const float *row = window.rowAhead(*next, m_pictureCodes);
        if (!row) {
            return;
        }
        const std::span<const float> logits(row, m_pictureCodes);
        if (isDistribution(logits)) {
            const Cell cell = m_plan.cellAt(code.origin, *next);
            m_draft.revise(cell, m_redraw(cell, logits));
        }
    }
}

} // namespace tessera::core
