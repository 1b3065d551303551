// Places and rectangles in pictures and maps, in pixels from the upper left corner. Plain values.
#pragma once

#include <algorithm>

namespace tessera::core
{

// A place between the pixels: pixel (c, r) covers [c, c + 1) x [r, r + 1), its centre is (c + 0.5, r + 0.5).
struct PixelPoint {
    double x = 0;
    double y = 0;
};

// Covers the pixels x .. x + width - 1 and y .. y + height - 1. Empty when a side is not positive.
struct PixelRect {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;

    bool operator==(const PixelRect &) const = default;

    bool empty() const { return width <= 0 || height <= 0; }
    int right() const { return x + width; }   // one past the last column
    int bottom() const { return y + height; } // one past the last row
    bool contains(int column, int row) const { return column >= x && column < right() && row >= y && row < bottom(); }

    PixelRect intersected(const PixelRect &other) const
    {
        const int left = std::max(x, other.x), top = std::max(y, other.y);
        const PixelRect common{left, top, std::min(right(), other.right()) - left,
                               std::min(bottom(), other.bottom()) - top};
        return common.empty() ? PixelRect{} : common;
    }

    // The smallest rectangle that holds both.
    PixelRect united(const PixelRect &other) const
    {
        if (empty()) {
            return other;
        }
        if (other.empty()) {
            return *this;
        }
        const int left = std::min(x, other.x), top = std::min(y, other.y);
        return {left, top, std::max(right(), other.right()) - left, std::max(bottom(), other.bottom()) - top};
    }
};

} // namespace tessera::core
