#include "models/permuter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <random>

#include "models/error.h"

namespace tessera::models
{

namespace
{

using Order = std::vector<int64_t>;

constexpr std::array<std::pair<PermuterKind, const char *>, 7> kNames{
    {{PermuterKind::Identity, "Identity"},
     {PermuterKind::Subsample, "Subsample"},
     {PermuterKind::ZCurve, "ZCurve"},
     {PermuterKind::SpiralOut, "SpiralOut"},
     {PermuterKind::SpiralIn, "SpiralIn"},
     {PermuterKind::Random, "Random"},
     {PermuterKind::AlternateParsing, "AlternateParsing"}}};

Order rasterOrder(int64_t cells)
{
    Order order(static_cast<size_t>(cells));
    std::iota(order.begin(), order.end(), 0);
    return order;
}

// The even rows and columns first, each phase split again in the same way: the bits of a place, the lowest first, say
// which quarter it is in. `step` is the distance between neighbours of the grid that begins at `first`.
void subsample(int64_t first, int64_t side, int64_t columns, int64_t step, Order &order)
{
    if (side == 1) {
        order.push_back(first);
        return;
    }
    for (const int64_t row : {0, 1})
        for (const int64_t column : {0, 1})
            subsample(first + (row * columns + column) * step, side / 2, columns, step * 2, order);
}

// Morton order: the bits of column and row take turns, the column's lowest.
void zCurve(int64_t first, int64_t side, int64_t columns, Order &order)
{
    if (side == 1) {
        order.push_back(first);
        return;
    }
    const int64_t half = side / 2;
    for (const int64_t row : {0, 1})
        for (const int64_t column : {0, 1})
            zCurve(first + (row * columns + column) * half, half, columns, order);
}

// From the middle up, right, down, left, in runs of 1, 1, 2, 2, 3, 3 ... places.
Order spiralOut(int64_t side)
{
    const std::array<int64_t, 4> steps{-side, 1, side, -1};
    int64_t place = side / 2 * side + side / 2 - 1;
    Order order{place};
    for (size_t run = 0; int64_t(order.size()) < side * side; ++run)
        for (int64_t i = 0; i < int64_t(run / 2) + 1 && int64_t(order.size()) < side * side; ++i)
            order.push_back(place += steps[run % 4]);
    return order;
}

// The original shuffles with NumPy's first generator, seed 1: a Mersenne twister whose numbers are masked to the next
// power of two and drawn again while they are too large.
Order randomOrder(int64_t cells)
{
    Order order = rasterOrder(cells);
    std::mt19937 generator(1);
    for (size_t i = order.size(); i-- > 1;) {
        const auto mask = uint32_t(std::bit_ceil(uint64_t(i) + 1) - 1);
        uint32_t drawn = uint32_t(generator()) & mask;
        while (drawn > i)
            drawn = uint32_t(generator()) & mask;
        std::swap(order[i], order[drawn]);
    }
    return order;
}

Order alternating(int64_t rows, int64_t columns)
{
    Order order = rasterOrder(rows * columns);
    for (int64_t row = 1; row < rows; row += 2)
        std::reverse(order.begin() + row * columns, order.begin() + (row + 1) * columns);
    return order;
}

void expectGrid(PermuterKind kind, int64_t rows, int64_t columns)
{
    constexpr int64_t kMostSide = 4096;
    const bool power = kind == PermuterKind::Subsample || kind == PermuterKind::ZCurve;
    const bool spiral = kind == PermuterKind::SpiralOut || kind == PermuterKind::SpiralIn;
    const bool possible = rows >= 1 && columns >= 1 && rows <= kMostSide && columns <= kMostSide
                          && (!power || (rows == columns && std::has_single_bit(uint64_t(rows))))
                          && (!spiral || (rows == columns && rows % 2 == 0));
    if (!possible)
        throw Error(ErrorCode::InvalidArgument, "The order " + permuterKindName(kind) + " is not defined for "
                                                    + std::to_string(rows) + " x " + std::to_string(columns)
                                                    + " codes; expected "
                                                    + (power    ? "a square whose side is a power of two"
                                                       : spiral ? "a square with an even side"
                                                                : "sides from 1 to 4096")
                                                    + ".");
}

} // namespace

std::string permuterKindName(PermuterKind kind)
{
    return std::ranges::find(kNames, kind, &std::pair<PermuterKind, const char *>::first)->second;
}

std::optional<PermuterKind> permuterKindFrom(const std::string &name)
{
    const auto found = std::ranges::find_if(kNames, [&](const auto &entry) { return entry.second == name; });
    return found == kNames.end() ? std::nullopt : std::optional(found->first);
}

std::vector<int64_t> permuterOrder(PermuterKind kind, int64_t rows, int64_t columns)
{
    expectGrid(kind, rows, columns);
    Order order;
    switch (kind) {
    case PermuterKind::Identity:
        return rasterOrder(rows * columns);
    case PermuterKind::Subsample:
        subsample(0, rows, columns, 1, order);
        return order;
    case PermuterKind::ZCurve:
        zCurve(0, rows, columns, order);
        return order;
    case PermuterKind::SpiralOut:
        return spiralOut(rows);
    case PermuterKind::SpiralIn:
        order = spiralOut(rows);
        std::ranges::reverse(order);
        return order;
    case PermuterKind::Random:
        return randomOrder(rows * columns);
    case PermuterKind::AlternateParsing:
        break;
    }
    return alternating(rows, columns);
}

std::vector<int64_t> inverseOrder(const std::vector<int64_t> &order)
{
    std::vector<int64_t> inverse(order.size());
    for (size_t t = 0; t < order.size(); ++t)
        inverse[size_t(order[t])] = int64_t(t);
    return inverse;
}

} // namespace tessera::models
