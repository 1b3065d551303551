#include "models/training/holes.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tessera::models
{

namespace
{

class HolePainter
{
public:
    HolePainter(int64_t window, std::mt19937_64 &random)
        : m_window(window)
        , m_random(random)
        , m_hole(size_t(window * window))
    {}

    std::vector<uint8_t> paint()
    {
        switch (m_random() % 8) {
        case 0:
            rectangle();
            break;
        case 1:
            halfPlane();
            break;
        case 2:
        case 3:
            for (uint64_t discs = 1 + m_random() % 3; discs > 0; --discs)
                disc();
            break;
        default: // narrow enough that much of it borders on what stays
            for (uint64_t strokes = 1 + m_random() % 3; strokes > 0; --strokes)
                stroke();
        }
        if (m_random() % 8 == 0) // the surroundings instead
            for (uint8_t &cell : m_hole)
                cell = !cell;
        return std::move(m_hole);
    }

private:
    double uniform(double least, double most) { return least + (most - least) * double(m_random() >> 11) * 0x1p-53; }

    template<typename Inside>
    void fill(Inside inside)
    {
        for (int64_t row = 0; row < m_window; ++row)
            for (int64_t column = 0; column < m_window; ++column)
                if (inside(double(row) + 0.5, double(column) + 0.5))
                    m_hole[size_t(row * m_window + column)] = 1;
    }

    void rectangle()
    {
        const double side = double(m_window), height = uniform(0.15, 0.9) * side, width = uniform(0.15, 0.9) * side;
        const double top = uniform(0, side - height), left = uniform(0, side - width);
        fill([=](double row, double column) {
            return row >= top && row < top + height && column >= left && column < left + width;
        });
    }

    void halfPlane()
    {
        const double angle = uniform(0, 2 * std::numbers::pi), middle = double(m_window) / 2;
        const double offset = uniform(-0.35, 0.35) * double(m_window);
        fill([=](double row, double column) {
            return std::cos(angle) * (row - middle) + std::sin(angle) * (column - middle) > offset;
        });
    }

    void disc()
    {
        const double side = double(m_window), radius = uniform(0.1, 0.35) * side;
        const double row = uniform(0, side), column = uniform(0, side);
        fill([=](double y, double x) { return std::hypot(y - row, x - column) < radius; });
    }

    // A brush of 1 to 2.5 cells' radius that goes on for up to a window's side and bends now and then.
    void stroke()
    {
        constexpr double kStep = 0.5; // cells
        const double side = double(m_window), radius = uniform(1, 2.5), length = uniform(0, side);
        double row = uniform(0, side), column = uniform(0, side), angle = uniform(0, 2 * std::numbers::pi);
        for (double gone = 0; gone <= length; gone += kStep) {
            fill([=](double y, double x) { return std::hypot(y - row, x - column) < radius; });
            row += kStep * std::sin(angle);
            column += kStep * std::cos(angle);
            angle += uniform(-0.4, 0.4);
        }
    }

    const int64_t m_window;
    std::mt19937_64 &m_random;
    std::vector<uint8_t> m_hole;
};

} // namespace

std::vector<uint8_t> keptCells(int64_t window, std::mt19937_64 &random)
{
    std::vector<uint8_t> cells = HolePainter(window, random).paint();
    for (uint8_t &cell : cells)
        cell = !cell;
    const auto [least, most] = std::ranges::minmax(cells);
    if (least == most)
        cells[size_t(random() % cells.size())] = !least;
    return cells;
}

std::vector<uint8_t> facingKept(const std::vector<uint8_t> &kept, int64_t window)
{
    const auto stays = [&](int64_t row, int64_t column) {
        return row < window && column >= 0 && column < window && kept[size_t(row * window + column)];
    };
    std::vector<uint8_t> facing(kept.size());
    for (int64_t row = 0; row < window; ++row)
        for (int64_t column = 0; column < window; ++column)
            facing[size_t(row * window + column)] = !stays(row, column)
                                                    && (stays(row, column + 1) || stays(row + 1, column - 1)
                                                        || stays(row + 1, column) || stays(row + 1, column + 1));
    return facing;
}

} // namespace tessera::models
