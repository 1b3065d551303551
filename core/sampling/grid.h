// Grids of codes and places in them. Plain values.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tessera::core
{

struct GridSize {
    int rows = 0;
    int columns = 0;
    int cells() const { return rows * columns; }
    bool operator==(const GridSize &) const = default;
};

struct Cell {
    int row = 0;
    int column = 0;
    auto operator<=>(const Cell &) const = default;
};

// One value per cell, raster order.
template<typename T>
struct Grid {
    GridSize size;
    std::vector<T> values;

    Grid() = default;
    explicit Grid(GridSize gridSize, T value = {}) : size(gridSize), values(size_t(gridSize.cells()), value) {}

    T &at(Cell cell) { return values[size_t(cell.row) * size_t(size.columns) + size_t(cell.column)]; }
    const T &at(Cell cell) const { return values[size_t(cell.row) * size_t(size.columns) + size_t(cell.column)]; }
    bool operator==(const Grid &) const = default;
};

// Indices into the first stage's codebook (picture) or the condition stage's (condition).
using CodeGrid = Grid<int64_t>;
inline constexpr int64_t kNoCode = -1; // not drawn yet

} // namespace tessera::core
