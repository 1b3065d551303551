// A hand in a hurry: fat brush, few strokes, and one of four habits.
#pragma once

#include <string>
#include <utility>

#include "tests/data/hand.h"

namespace tessera::tests
{

inline constexpr int kCrudeSide = 256;

struct Habit {
    double brush;  // pixels
    double rough;  // how lines shake
    bool scrubbed; // strokes back and forth on the bare canvas, which leave gaps; else outlines that are filled
    bool detailed; // small things as well
    int clouds;    // at most
    int holes;     // wiped out at last
    double lift;   // pixels that the horizon goes up by
    bool mirrored; // left and right exchanged
};

class CrudeBrush
{
public:
    CrudeBrush(const LabelSet &set, unsigned seed, const Habit &habit);

    const LabelMap &map() const { return m_hand.map(); }
    bool detailed() const { return m_habit.detailed; }
    double between(double low, double high) { return m_hand.between(low, high); }

    void sky(const char *label = "sky");
    void clouds();
    // Everything below a line around `y` that goes up and down by `rise` in so many bumps; sharp ones for mountains.
    void land(const char *label, double y, double rise, int bumps);
    // Snow or rock on some of the places where the last land() was highest.
    void caps(const char *label, double size);
    // A lump around a place.
    void blob(const char *label, double x, double y, double wide, double tall);
    // Small lumps in a row.
    void lumps(const char *label, int count, double y, double scatter, double size);
    // A band that winds from a place down to the lower edge and gets wider.
    void winding(const char *label, double x, double y, double width);
    // A straight piece, as of a bridge, a wall or a fence.
    void bar(const char *label, PixelPoint from, PixelPoint to, double width);
    void house(double x, double foot, double size);
    void wipe();

private:
    // Where the habit has a place of the scene.
    PixelPoint placed(double x, double y) const;
    void scrub(const char *label, const Points &top);

    Hand m_hand;
    Habit m_habit;
    Points m_top; // of the last land()
};

} // namespace tessera::tests
