#include "tests/data/crudebrush.h"

#include <algorithm>

namespace tessera::tests
{

namespace
{

constexpr double kBeyond = 14; // pixels that strokes leave the canvas by

double heightAt(const Points &line, double x)
{
    for (size_t i = 1; i < line.size(); ++i)
        if (x <= line[i].x)
            return line[i - 1].y
                   + (line[i].y - line[i - 1].y)
                         * std::clamp((x - line[i - 1].x) / (line[i].x - line[i - 1].x), 0.0, 1.0);
    return line.back().y;
}

} // namespace

CrudeBrush::CrudeBrush(const LabelSet &set, unsigned seed, const Habit &habit)
    : m_hand(set, kCrudeSide, kCrudeSide, seed)
    , m_habit(habit)
{}

PixelPoint CrudeBrush::placed(double x, double y) const
{
    return {m_habit.mirrored ? kCrudeSide - x : x, y - m_habit.lift * std::max(0.0, 1 - y / kCrudeSide)};
}

void CrudeBrush::sky(const char *label)
{
    if (m_habit.scrubbed)
        scrub(label, {{-kBeyond, -8}, {kCrudeSide + kBeyond, -8}});
    else
        m_hand.cover(label);
}

void CrudeBrush::clouds()
{
    const int count = int(between(0, m_habit.clouds + 0.999));
    for (int i = 0; i < count; ++i) {
        const PixelPoint at{between(20, 236), between(14, 64)};
        const double wide = between(18, 46);
        if (m_habit.detailed)
            m_hand.cloud(at.x, at.y, wide, wide * 0.4);
        else
            m_hand.stroke("cloud", m_hand.shaky({{at.x - wide, at.y}, {at.x + wide, at.y}}, 0.15), m_habit.brush, 0.3);
    }
}

void CrudeBrush::land(const char *label, double y, double rise, int bumps)
{
    y = placed(0, y).y;
    Points line{{-kBeyond, y + between(-rise, rise) / 2}};
    for (int i = 0; i < 2 * bumps; ++i) {
        const double x = kCrudeSide * (i + between(0.2, 0.8)) / (2.0 * bumps);
        line.push_back({x, y + (i % 2 ? 1 : -1) * rise * between(0.3, 1)});
    }
    line.push_back({kCrudeSide + kBeyond, y + between(-rise, rise) / 2});
    m_top = line;
    if (m_habit.scrubbed)
        scrub(label, line);
    else
        m_hand.below(label, line, m_habit.rough, std::max(4.0, m_habit.brush / 3));
}

// Row under row across the canvas, with the pen lifted here and there.
void CrudeBrush::scrub(const char *label, const Points &top)
{
    constexpr double kPiece = 40;
    const double brush = m_habit.brush, spacing = brush * between(0.78, 0.98);
    for (double down = brush / 2; down < kCrudeSide + brush; down += spacing) {
        double before = heightAt(top, -kBeyond) + down;
        for (double x = -kBeyond; x < kCrudeSide + kBeyond; x += kPiece) {
            const double after = heightAt(top, x + kPiece) + down + between(-0.14, 0.14) * brush;
            if (between(0, 1) > 0.06)
                m_hand.stroke(label, {{x, before}, {x + kPiece, after}}, brush, 0.12);
            before = after;
        }
    }
}

void CrudeBrush::caps(const char *label, double size)
{
    for (size_t i = 1; i + 1 < m_top.size(); ++i)
        if (m_top[i].y < m_top[i - 1].y && m_top[i].y < m_top[i + 1].y && between(0, 1) < 0.8)
            m_hand.shape(label,
                         {{m_top[i].x, m_top[i].y - 3},
                          {m_top[i].x + size * between(0.4, 0.8), m_top[i].y + size},
                          {m_top[i].x + size * between(-0.2, 0.2), m_top[i].y + size * between(0.6, 1.4)},
                          {m_top[i].x - size * between(0.4, 0.8), m_top[i].y + size * between(0.7, 1.1)}},
                         0.15, 5);
}

void CrudeBrush::blob(const char *label, double x, double y, double wide, double tall)
{
    constexpr int kCorners = 10;
    constexpr double kTurn = 6.283185307179586 / kCorners;
    const PixelPoint centre = placed(x, y);
    Points corners;
    for (int i = 0; i < kCorners; ++i) {
        const double reach = between(0.78, 1.18);
        corners.push_back(
            {centre.x + wide * reach * std::cos(kTurn * i), centre.y + tall * reach * std::sin(kTurn * i)});
    }
    m_hand.shape(label, corners, m_habit.rough, std::max(5.0, m_habit.brush / 2));
}

void CrudeBrush::lumps(const char *label, int count, double y, double scatter, double size)
{
    for (int i = 0; i < count; ++i) {
        const PixelPoint at{kCrudeSide * (i + between(0.1, 0.9)) / count, placed(0, y).y + between(-scatter, scatter)};
        m_hand.stroke(label, {at, {at.x + between(-size, size) / 2, at.y + between(-1, 1)}}, size, 0.35);
    }
}

void CrudeBrush::winding(const char *label, double x, double y, double width)
{
    double side = between(0, 1) < 0.5 ? -1 : 1, broad = width * 0.35;
    PixelPoint from = placed(x, y);
    while (from.y < kCrudeSide + width) {
        const double stride = broad * between(1.2, 2.2);
        const PixelPoint to{from.x + side * stride * between(0.5, 2.2), from.y + stride};
        m_hand.stroke(label, m_hand.shaky({from, to}, 0.2), broad, 0.15);
        broad = std::min(width, broad * 1.35);
        from = to;
        side = -side;
    }
}

void CrudeBrush::bar(const char *label, PixelPoint from, PixelPoint to, double width)
{
    m_hand.stroke(label, m_hand.shaky({placed(from.x, from.y), placed(to.x, to.y)}, 0.06), width, 0.15);
}

void CrudeBrush::house(double x, double foot, double size)
{
    m_hand.shape(
        "building",
        {{x - size, foot}, {x - size, foot - size}, {x, foot - 1.8 * size}, {x + size, foot - size}, {x + size, foot}},
        0.06, 4);
}

void CrudeBrush::wipe()
{
    for (int i = 0; i < m_habit.holes; ++i) {
        const PixelPoint at{between(0, kCrudeSide), between(30, kCrudeSide)};
        const double length = between(0, 60);
        m_hand.stroke("void", m_hand.shaky({at, {at.x + length, at.y + between(-20, 20)}}, 0.2),
                      between(0.8, 1.6) * m_habit.brush, 0.3);
    }
}

} // namespace tessera::tests
