#include "core/sampling/guessdepth.h"

#include <algorithm>

namespace tessera::core
{

namespace
{

constexpr double kShare = 0.8; // of a pass' least cost, spent on guesses: near the best for the models measured
constexpr double kForgotten = 1.0 / 12; // of the past with every pass
constexpr double kCredit = 4;           // passes' worth of trust at first, while there are no good guesses yet
constexpr double kGrowth = 1.0 / 12;    // of the greatest depth with every pass that pays
constexpr double kTolerance = 1.02;     // what has failed is tried again once it makes up no more than this of the past

} // namespace

GuessDepth::GuessDepth(double tokenCost)
    : m_tokenCost(tokenCost)
    , m_most(kShare / tokenCost)
    , m_depth(m_most)
    , m_steps(kCredit)
    , m_passes(0)
{}

int GuessDepth::tokens(int windows) const
{
    return int(m_depth / windows);
}

void GuessDepth::step(int tokens)
{
    m_steps += 1 + m_tokenCost * tokens;
}

void GuessDepth::pass(int tokens)
{
    m_passes += 1 + m_tokenCost * tokens;
    m_depth = m_passes > kTolerance * m_steps ? m_depth / 2 : std::min(m_most, m_depth + kGrowth * m_most);
    m_steps *= 1 - kForgotten;
    m_passes *= 1 - kForgotten;
}

} // namespace tessera::core
