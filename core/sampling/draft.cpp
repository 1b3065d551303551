#include "core/sampling/draft.h"

#include <algorithm>
#include <utility>

namespace tessera::core
{

namespace
{

constexpr double kLearned = 1.0 / 8; // weight of the latest guess of a kind

} // namespace

Draft::Draft(CodeGrid guesses) : m_guesses(std::move(guesses)), m_fates(m_guesses.size), m_chances{0.8, 0.6, 0.7, 0.1}
{}

int64_t Draft::at(Cell cell) const
{
    if (m_guesses.at(cell) != kNoCode) {
        return m_guesses.at(cell);
    }
    const int64_t above = cell.row > 0 ? m_guesses.at({cell.row - 1, cell.column}) : kNoCode;
    const int64_t left = cell.column > 0 ? m_guesses.at({cell.row, cell.column - 1}) : kNoCode;
    return above != kNoCode ? above : std::max(left, int64_t{0});
}

void Draft::revise(Cell cell, int64_t code)
{
    m_guesses.at(cell) = code;
    m_fates.at(cell) = Fate::Revised;
}

void Draft::settle(Cell cell, int64_t code)
{
    const bool right = at(cell) == code;
    double &chance = m_chances[kindOf(cell)];
    chance += kLearned * ((right ? 1.0 : 0.0) - chance);
    m_fates.at(cell) = right ? Fate::Right : Fate::Wrong;
    m_guesses.at(cell) = code;
}

// Where a picture changes it mostly changes in patches, so the row above tells what to expect of the one before.
Draft::Kind Draft::kindOf(Cell cell) const
{
    if (m_guesses.at(cell) == kNoCode) {
        return StandIn;
    }
    return m_fates.at(cell) == Fate::Revised ? Revised : wrongAbove(cell) ? GivenBelowAWrongOne : Given;
}

bool Draft::wrongAbove(Cell cell) const
{
    if (cell.row == 0) {
        return false;
    }
    const int last = std::min(cell.column + 1, m_fates.size.columns - 1);
    for (int column = std::max(cell.column - 1, 0); column <= last; ++column) {
        if (m_fates.at({cell.row - 1, column}) == Fate::Wrong) {
            return true;
        }
    }
    return false;
}

} // namespace tessera::core
