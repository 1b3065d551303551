#include "core/render/regionedit.h"

#include <algorithm>
#include <cmath>

namespace tessera::core
{

namespace
{

bool touches(const LabelMap &region, Cell cell, int factor)
{
    for (int y = cell.row * factor; y < (cell.row + 1) * factor; ++y) {
        const uint8_t *first = region.row(y) + cell.column * factor;
        if (std::any_of(first, first + factor, [](uint8_t value) { return value != 0; }))
            return true;
    }
    return false;
}

// Distance of a pixel from a run of pixels [first, first + length): 0 inside.
int gap(int pixel, int first, int length)
{
    return std::max({0, first - pixel, pixel - (first + length - 1)});
}

// Share of the new picture in pixels around changed cells.
class BlendWeights
{
public:
    BlendWeights(const Grid<uint8_t> &locked, int factor)
        : m_locked(locked)
        , m_factor(factor)
        , m_reach((kBlendBandPixels + factor - 1) / factor)
    {}

    // 1 inside a changed block, falling to 0 outside the band.
    double at(int x, int y) const
    {
        const Cell home{y / m_factor, x / m_factor};
        if (!m_locked.at(home))
            return 1;
        const double distance = std::sqrt(squaredDistance(home, x, y));
        return std::max(0.0, 1 - distance / (kBlendBandPixels + 1));
    }

    // Whether any changed block is near enough to the cell to reach its pixels.
    bool reaches(Cell home) const
    {
        bool found = false;
        forNearby(home, [&](Cell) { found = true; });
        return found;
    }

private:
    template<typename Visit>
    void forNearby(Cell home, Visit visit) const
    {
        const GridSize size = m_locked.size;
        for (int row = std::max(0, home.row - m_reach); row <= std::min(size.rows - 1, home.row + m_reach); ++row) {
            for (int column = std::max(0, home.column - m_reach);
                 column <= std::min(size.columns - 1, home.column + m_reach); ++column) {
                if (!m_locked.at({row, column}))
                    visit(Cell{row, column});
            }
        }
    }

    double squaredDistance(Cell home, int x, int y) const
    {
        double nearest = 1e9;
        forNearby(home, [&](Cell cell) {
            const double dx = gap(x, cell.column * m_factor, m_factor), dy = gap(y, cell.row * m_factor, m_factor);
            nearest = std::min(nearest, dx * dx + dy * dy);
        });
        return nearest;
    }

    const Grid<uint8_t> &m_locked;
    int m_factor;
    int m_reach; // cells
};

void blendCell(Image &result, const Image &old, const BlendWeights &weights, Cell cell, int factor)
{
    for (int y = cell.row * factor; y < (cell.row + 1) * factor; ++y) {
        for (int x = cell.column * factor; x < (cell.column + 1) * factor; ++x) {
            const double weight = weights.at(x, y);
            const uint8_t *from = &old.rgb[3 * (size_t(y) * size_t(old.width) + size_t(x))];
            uint8_t *to = &result.rgb[3 * (size_t(y) * size_t(result.width) + size_t(x))];
            for (int channel = 0; channel < 3; ++channel)
                to[channel] = uint8_t(std::lround(weight * to[channel] + (1 - weight) * from[channel]));
        }
    }
}

void copyCell(Image &result, const Image &old, Cell cell, int factor)
{
    for (int y = cell.row * factor; y < (cell.row + 1) * factor; ++y) {
        const size_t x = size_t(cell.column) * size_t(factor);
        const auto from = old.rgb.begin() + std::ptrdiff_t(3 * (size_t(y) * size_t(old.width) + x));
        std::copy(from, from + 3 * factor,
                  result.rgb.begin() + std::ptrdiff_t(3 * (size_t(y) * size_t(result.width) + x)));
    }
}

} // namespace

Grid<uint8_t> lockedCells(const LabelMap &region, GridSize canvas, int factor)
{
    Grid<uint8_t> locked(canvas);
    for (int row = 0; row < canvas.rows; ++row)
        for (int column = 0; column < canvas.columns; ++column)
            locked.at({row, column}) = touches(region, {row, column}, factor) ? 0 : 1;
    return locked;
}

Image blended(const Image &old, const Image &drawn, const Grid<uint8_t> &locked, int factor)
{
    Image result = drawn;
    const BlendWeights weights(locked, factor);
    for (int row = 0; row < locked.size.rows; ++row) {
        for (int column = 0; column < locked.size.columns; ++column) {
            const Cell cell{row, column};
            if (!locked.at(cell))
                continue;
            if (weights.reaches(cell))
                blendCell(result, old, weights, cell, factor);
            else
                copyCell(result, old, cell, factor);
        }
    }
    return result;
}

} // namespace tessera::core
