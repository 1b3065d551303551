// How many guesses a pass should take. Guesses are cheap next to a pass over the weights, and even bad ones pay: what is drawn
// behind them is a better guess for the next pass (Jacobi iteration). How well that goes differs from model to model and from
// place to place, so it is watched.
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
    void step(int tokens);
    // A pass was made with so many tokens. Passes that cost more than the steps that they served make the depth shrink, others
    // let it grow back.
    void pass(int tokens);

private:
    const double m_tokenCost;
    const double m_most;
    double m_depth;
    // Of the latest passes and their steps, older ones counting less.
    double m_steps, m_passes;
};

} // namespace tessera::core
