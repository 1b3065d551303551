// What the codes of a picture will probably be. Noise belongs to the place, so a guess is right exactly when it equals
// what would be drawn; how it was come by cannot change a picture, only how fast it is there.
#pragma once

#include <array>
#include <cstdint>

#include "core/sampling/grid.h"

namespace tessera::core
{

// Guesses, and how far to trust them: chances are learned while the picture is drawn, from how guesses of the same kind
// fared. Deterministic.
class Draft
{
public:
    // Of the whole canvas; kNoCode where there is no guess.
    explicit Draft(CodeGrid guesses);

    // For a cell not yet drawn. Where there is no guess the code of a neighbour stands in for one.
    int64_t at(Cell cell) const;
    // That the guess at a cell not yet drawn is right: 0..1.
    double chance(Cell cell) const { return m_chances[kindOf(cell)]; }

    // A better guess for a cell not yet drawn: what would be drawn if all guesses before it were right.
    void revise(Cell cell, int64_t code);
    // The cell's code is drawn.
    void settle(Cell cell, int64_t code);

private:
    enum class Fate : uint8_t { Open, Revised, Right, Wrong };
    enum Kind { Given, GivenBelowAWrongOne, Revised, StandIn };

    Kind kindOf(Cell cell) const;
    bool wrongAbove(Cell cell) const;

    CodeGrid m_guesses; // codes where they are drawn
    Grid<Fate> m_fates;
    std::array<double, 4> m_chances; // by kind
};

} // namespace tessera::core
