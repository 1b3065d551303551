#include "core/sampling/guessdepth.h"

#include <algorithm>

namespace tessera::core
{

namespace
{

constexpr double kShare = 0.8; // of a pass' least cost, spent on guesses: near the best for the models measured
constexpr double kForgotten = 1.0 / 12; // of the past with every pass
constexpr double kGrowth = 1.0 / 12;    // of the greatest depth with every pass that pays

} // namespace

GuessDepth::GuessDepth(double tokenCost) : m_tokenCost(tokenCost), m_most(kShare / tokenCost), m_depth(m_most) {}

int GuessDepth::tokens(int windows) const
{
    return int(m_depth / windows);
}

void GuessDepth::pass(int tokens)
{
    if (m_resting > 0) {
        if (--m_resting == 0) {
            m_steps = kCreditAgain;
            m_passes = 0;
            m_depth = m_most;
        }
        return;
    }
    m_passes += 1 + m_tokenCost * tokens;
    m_depth = m_passes > m_steps ? m_depth / 2 : std::min(m_most, m_depth + kGrowth * m_most);
    if (m_depth < 1 && m_most >= 1) {
        m_depth = 0;
        m_resting = m_nextRest;
        m_nextRest *= 2;
    }
    m_steps *= 1 - kForgotten;
    m_passes *= 1 - kForgotten;
}

} // namespace tessera::core
