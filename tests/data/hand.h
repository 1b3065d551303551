// Paints label maps as a person would: brush outlines that wobble, fills, dabs. The only random numbers are those of
// the standard's Mersenne twister, drawn in a fixed order: a seed is a map.
#pragma once

#include "core/map/labelset.h"
#include "core/map/strokes.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace tessera::tests
{

using core::LabelMap;
using core::LabelSet;
using core::PixelPoint;
using Points = std::vector<PixelPoint>;

class Hand
{
public:
    Hand(const LabelSet &set, int width, int height, unsigned seed) : m_set(set), m_map(width, height), m_random(seed)
    {}

    const LabelMap &map() const { return m_map; }

    double between(double low, double high) { return low + (high - low) * (m_random() / 4294967296.0); }

    void cover(const char *label) { m_map.fill(index(label)); }

    // A line that shakes: every piece is broken in the middle and moved aside by up to `rough` of its length.
    Points shaky(const Points &points, double rough)
    {
        Points line{points.front()};
        for (size_t i = 1; i < points.size(); ++i) {
            addShaky(line, points[i - 1], points[i], rough);
        }
        return line;
    }

    // Strokes along the line with a pen whose pressure changes.
    void stroke(const char *label, const Points &line, double diameter, double unsteady = 0.2)
    {
        for (size_t i = 1; i < line.size(); ++i) {
            paintStroke(m_map, line[i - 1], line[i], diameter * between(1 - unsteady, 1 + unsteady), index(label));
        }
    }

    // Draws the closed outline and fills it, whatever lies inside.
    void shape(const char *label, const Points &corners, double rough, double pen = 4)
    {
        Points outline = corners;
        outline.push_back(corners.front());
        outline = shaky(outline, rough);
        LabelMap stencil(m_map.width + 2 * kMargin, m_map.height + 2 * kMargin);
        for (size_t i = 1; i < outline.size(); ++i) {
            paintStroke(stencil, inside(outline[i - 1]), inside(outline[i]), pen, 1);
        }
        floodFill(stencil, 0, 0, kOutside);
        for (int y = 0; y < m_map.height; ++y) {
            for (int x = 0; x < m_map.width; ++x) {
                if (stencil.at(x + kMargin, y + kMargin) != kOutside) {
                    m_map.row(y)[x] = index(label);
                }
            }
        }
    }

    // Everything below the line, down to the map's lower edge.
    void below(const char *label, Points line, double rough, double pen = 4)
    {
        line = shaky(line, rough);
        line.push_back({double(m_map.width) + 20, double(m_map.height) + 20});
        line.push_back({-20, double(m_map.height) + 20});
        shape(label, line, 0, pen);
    }

    // Dabs side by side along a line, as one paints leaves and clouds.
    void dabs(const char *label, const Points &line, double smallest, double largest, double spacing, double scatter)
    {
        for (size_t i = 1; i < line.size(); ++i) {
            const double dx = line[i].x - line[i - 1].x, dy = line[i].y - line[i - 1].y;
            const int count = std::max(1, int(std::hypot(dx, dy) / spacing));
            for (int k = 0; k < count; ++k) {
                const double t = (k + between(0, 1)) / count;
                const PixelPoint at{line[i - 1].x + t * dx, line[i - 1].y + t * dy + between(-scatter, scatter)};
                const PixelPoint to{at.x + between(-2, 2), at.y};
                paintStroke(m_map, at, to, between(smallest, largest), index(label));
            }
        }
    }

    // A conifer of strokes that get wider downwards.
    void fir(double x, double foot, double tall)
    {
        for (double part = 0; part < 1; part += 2.5 / tall) {
            const double wide = tall * 0.2 * (part * 0.9 + 0.1 * std::fmod(part * 6, 1.0)) * between(0.75, 1.2);
            const double y = foot - tall * (1 - part);
            const PixelPoint left{x - wide, y + between(0, 4)}, right{x + wide, y + between(0, 4)};
            paintStroke(m_map, left, {x, y}, 4, index("tree"));
            paintStroke(m_map, {x, y}, right, 4, index("tree"));
        }
    }

    // A cloud: a flat row of dabs below, a shorter and rounder heap above.
    void cloud(double x, double y, double wide, double size)
    {
        stroke("cloud", shaky({{x - wide, y}, {x + wide, y + between(-2, 2)}}, 0.03), size * 0.6);
        dabs("cloud", {{x - wide * 0.8, y - size * 0.2}, {x + wide * 0.85, y - size * 0.2}}, size * 0.6, size,
             size * 0.35, size * 0.12);
        dabs("cloud", {{x - wide * 0.5, y - size * 0.6}, {x + wide * 0.45, y - size * 0.7}}, size * 0.8, size * 1.5,
             size * 0.35, size * 0.2);
    }

    // Flowers: short flat strokes close together.
    void flowers(const Points &line, double scatter)
    {
        for (int layer = 0; layer < 3; ++layer) {
            dabs("flower", line, 4, 8, 6, scatter);
        }
        stroke("flower", shaky(line, 0.06), scatter * 0.7, 0.4);
    }

private:
    static constexpr uint8_t kOutside = 2;
    static constexpr int kMargin = 64; // outlines may leave the map

    static PixelPoint inside(PixelPoint point) { return {point.x + kMargin, point.y + kMargin}; }

    uint8_t index(const char *label) const { return uint8_t(m_set.find(label)->index); }

    void addShaky(Points &line, PixelPoint from, PixelPoint to, double rough)
    {
        const double dx = to.x - from.x, dy = to.y - from.y, length = std::hypot(dx, dy);
        if (length < 5 || rough <= 0) {
            line.push_back(to);
            return;
        }
        const double t = between(0.4, 0.6), aside = between(-rough, rough);
        const PixelPoint middle{from.x + t * dx - aside * dy, from.y + t * dy + aside * dx};
        addShaky(line, from, middle, rough);
        addShaky(line, middle, to, rough);
    }

    const LabelSet &m_set;
    LabelMap m_map;
    std::mt19937 m_random;
};

} // namespace tessera::tests
