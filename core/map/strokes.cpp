#include "core/map/strokes.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace tessera::core
{
namespace
{

// Grows with each painted run of pixels.
class ChangedBounds
{
public:
    void add(int left, int right, int y) { m_rect = m_rect.united({left, y, right - left, 1}); }
    const PixelRect &rect() const { return m_rect; }

private:
    PixelRect m_rect;
};

// Paints the pixels of columns [left, right) for which `covers` holds.
template<typename Map, typename Value, typename Covers>
void paintRow(Map &map, int y, int left, int right, Value value, ChangedBounds &changed, Covers covers)
{
    Value *row = map.row(y);
    int first = right, last = left - 1;
    for (int x = left; x < right; ++x) {
        if (row[x] != value && covers(x)) {
            row[x] = value;
            first = std::min(first, x);
            last = x;
        }
    }
    if (last >= first) {
        changed.add(first, last + 1, y);
    }
}

// All points at most `radius` away from the line between two points.
class Capsule
{
public:
    Capsule(PixelPoint from, PixelPoint to, double radius)
        : m_from(from)
        , m_dx(to.x - from.x)
        , m_dy(to.y - from.y)
        , m_radius(radius)
    {
        m_squaredLength = m_dx * m_dx + m_dy * m_dy;
    }

    bool covers(double x, double y) const
    {
        const double px = x - m_from.x, py = y - m_from.y;
        const double along = m_squaredLength > 0 ? (px * m_dx + py * m_dy) / m_squaredLength : 0;
        const double t = std::clamp(along, 0.0, 1.0);
        const double awayX = px - t * m_dx, awayY = py - t * m_dy;
        return awayX * awayX + awayY * awayY <= m_radius * m_radius;
    }

    // Columns that can be covered at height y: those of the part of the line within a radius of y, and a
    // radius more. Without this a long diagonal stroke would test its whole bounding box.
    std::pair<double, double> columnsAt(double y) const
    {
        double first = 0, last = 1;
        if (std::abs(m_dy) > 1e-9) {
            const double a = (y - m_radius - m_from.y) / m_dy, b = (y + m_radius - m_from.y) / m_dy;
            first = std::clamp(std::min(a, b), 0.0, 1.0);
            last = std::clamp(std::max(a, b), 0.0, 1.0);
        }
        const double start = m_from.x + first * m_dx, end = m_from.x + last * m_dx;
        return {std::min(start, end) - m_radius, std::max(start, end) + m_radius};
    }

private:
    PixelPoint m_from;
    double m_dx, m_dy, m_radius;
    double m_squaredLength = 0;
};

int clampedFloor(double value, int low, int high)
{
    return int(std::clamp(std::floor(value), double(low), double(high)));
}

template<typename Map, typename Value>
void paintDot(Map &map, PixelPoint point, Value value, ChangedBounds &changed)
{
    const double x = std::floor(point.x), y = std::floor(point.y);
    if (x >= 0 && y >= 0 && x < map.width && y < map.height) {
        paintRow(map, int(y), int(x), int(x) + 1, value, changed, [](int) { return true; });
    }
}

template<typename Map, typename Value>
PixelRect strokeOn(Map &map, PixelPoint from, PixelPoint to, double diameter, Value value)
{
    const double radius = std::max(diameter, 1.0) / 2;
    const Capsule brush(from, to, radius);
    ChangedBounds changed;
    const int top = clampedFloor(std::min(from.y, to.y) - radius, 0, map.height);
    const int bottom = clampedFloor(std::max(from.y, to.y) + radius + 1, 0, map.height);
    for (int y = top; y < bottom; ++y) {
        const auto [left, right] = brush.columnsAt(y + 0.5);
        paintRow(map, y, clampedFloor(left, 0, map.width), clampedFloor(right + 1, 0, map.width), value, changed,
                 [&](int x) { return brush.covers(x + 0.5, y + 0.5); });
    }
    paintDot(map, from, value, changed);
    paintDot(map, to, value, changed);
    return changed.rect();
}

template<typename Map, typename Value>
PixelRect floodOn(Map &map, int x, int y, Value value)
{
    if (!map.rect().contains(x, y) || map.at(x, y) == value) {
        return {};
    }
    const Value old = map.at(x, y);
    ChangedBounds changed;
    // Whole runs at a time: of each neighbouring row only the first pixel of every open run is remembered.
    std::vector<std::pair<int, int>> starts{{x, y}};
    const auto rememberRuns = [&](int left, int right, int rowIndex) {
        if (rowIndex < 0 || rowIndex >= map.height) {
            return;
        }
        const Value *row = map.row(rowIndex);
        for (int column = left; column < right; ++column) {
            if (row[column] == old && (column == left || row[column - 1] != old)) {
                starts.emplace_back(column, rowIndex);
            }
        }
    };
    while (!starts.empty()) {
        const auto [column, rowIndex] = starts.back();
        starts.pop_back();
        Value *row = map.row(rowIndex);
        if (row[column] != old) {
            continue; // another run reached it first
        }
        int left = column, right = column + 1;
        while (left > 0 && row[left - 1] == old) {
            --left;
        }
        while (right < map.width && row[right] == old) {
            ++right;
        }
        std::fill(row + left, row + right, value);
        changed.add(left, right, rowIndex);
        rememberRuns(left, right, rowIndex - 1);
        rememberRuns(left, right, rowIndex + 1);
    }
    return changed.rect();
}

template<typename Map, typename Value>
PixelRect replaceOn(Map &map, int x, int y, Value value)
{
    if (x < 0 || x >= map.width || y < 0 || y >= map.height) {
        return {};
    }
    const Value old = map.at(x, y);
    ChangedBounds changed;
    for (int row = 0; row < map.height; ++row) {
        paintRow(map, row, 0, map.width, value, changed, [&](int column) { return map.row(row)[column] == old; });
    }
    return changed.rect();
}

template<typename Map, typename Value>
PixelRect rectOn(Map &map, const PixelRect &area, Value value)
{
    const PixelRect inside = area.intersected(map.rect());
    ChangedBounds changed;
    for (int y = inside.y; y < inside.bottom(); ++y) {
        paintRow(map, y, inside.x, inside.right(), value, changed, [](int) { return true; });
    }
    return changed.rect();
}

} // namespace

PixelRect paintStroke(LabelMap &map, PixelPoint from, PixelPoint to, double diameter, uint8_t label)
{
    return strokeOn(map, from, to, diameter, label);
}

PixelRect paintStroke(FieldMap &map, PixelPoint from, PixelPoint to, double diameter, float value)
{
    return strokeOn(map, from, to, diameter, value);
}

PixelRect floodFill(LabelMap &map, int x, int y, uint8_t label)
{
    return floodOn(map, x, y, label);
}

PixelRect floodFill(FieldMap &map, int x, int y, float value)
{
    return floodOn(map, x, y, value);
}

PixelRect replaceEverywhere(LabelMap &map, int x, int y, uint8_t label)
{
    return replaceOn(map, x, y, label);
}

PixelRect replaceEverywhere(FieldMap &map, int x, int y, float value)
{
    return replaceOn(map, x, y, value);
}

PixelRect fillRect(LabelMap &map, const PixelRect &area, uint8_t label)
{
    return rectOn(map, area, label);
}

PixelRect fillRect(FieldMap &map, const PixelRect &area, float value)
{
    return rectOn(map, area, value);
}

PixelRect paintGradient(FieldMap &map, PixelPoint from, PixelPoint to, float start, float end)
{
    const double dx = to.x - from.x, dy = to.y - from.y, squaredLength = dx * dx + dy * dy;
    ChangedBounds changed;
    for (int y = 0; y < map.height; ++y) {
        for (int x = 0; x < map.width; ++x) {
            const double along = ((x + 0.5 - from.x) * dx + (y + 0.5 - from.y) * dy) / squaredLength;
            const float value = std::lerp(start, end, float(std::clamp(along, 0.0, 1.0)));
            paintRow(map, y, x, x + 1, value, changed, [](int) { return true; });
        }
    }
    return changed.rect();
}

} // namespace tessera::core
