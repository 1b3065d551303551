// How many guesses a pass should take. Guesses are cheap next to a pass over the weights, and even bad ones pay: what
// is drawn behind them is a better guess for the next pass (Jacobi iteration), the more so the more there are. How well
// that goes differs from model to model and from place to place, so it is watched.
#pragma once

namespace tessera::core
{

// Costs are parts of what a pass costs at least. Deterministic.
class GuessDepth
{
public:
    // `tokenCost`: what a further token adds to a pass (TransformerEngine::tokenCost, for all streams).
    explicit GuessDepth(double tokenCost);

    // For each of `windows` windows that share the next pass.
    int tokens(int windows) const;

    // A step of the plan would have been a pass with so many tokens by itself.
    void step(int tokens) { m_steps += 1 + m_tokenCost * tokens; }
    // A pass was made with so many tokens. While passes cost more than the steps that they served the depth shrinks,
    // otherwise it grows back. When nothing is left of it, it is tried in full again after a while, a longer one each
    // time.
    void pass(int tokens);

private:
    static constexpr double kCredit = 4, kCreditAgain = 2; // passes' worth of trust while there are no good guesses yet

    const double m_tokenCost;
    const double m_most;
    double m_depth;
    // Of the latest passes and their steps, older ones counting less.
    double m_steps = kCredit, m_passes = 0;
    int m_resting = 0;   // passes until it is tried again
    int m_nextRest = 24; // passes
};

} // namespace tessera::core
