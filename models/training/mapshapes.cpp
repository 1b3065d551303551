#include "models/training/mapshapes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <tuple>

namespace tessera::models
{

namespace
{

// Connected parts of a map.
struct Parts {
    std::vector<int> ofPixel;
    std::vector<int> sizes;
    std::vector<uint8_t> labels;
};

void floodPart(const LabelPlane &plane, int start, Parts &parts, std::vector<int> &stack)
{
    const int part = int(parts.sizes.size());
    const uint8_t label = plane.labels[size_t(start)];
    int size = 0;
    const auto visit = [&](int pixel) {
        if (parts.ofPixel[size_t(pixel)] < 0 && plane.labels[size_t(pixel)] == label) {
            parts.ofPixel[size_t(pixel)] = part;
            ++size;
            stack.push_back(pixel);
        }
    };
    visit(start);
    while (!stack.empty()) {
        const int pixel = stack.back();
        stack.pop_back();
        const int x = pixel % plane.width;
        if (x > 0)
            visit(pixel - 1);
        if (x + 1 < plane.width)
            visit(pixel + 1);
        if (pixel >= plane.width)
            visit(pixel - plane.width);
        if (pixel + plane.width < plane.width * plane.height)
            visit(pixel + plane.width);
    }
    parts.sizes.push_back(size);
    parts.labels.push_back(label);
}

Parts findParts(const LabelPlane &plane)
{
    Parts parts;
    parts.ofPixel.assign(plane.labels.size(), -1);
    std::vector<int> stack;
    for (int pixel = 0; pixel < int(plane.labels.size()); ++pixel) {
        if (parts.ofPixel[size_t(pixel)] < 0) {
            floodPart(plane, pixel, parts, stack);
        }
    }
    return parts;
}

// For each part its largest neighbour, or itself when no neighbour is larger.
std::vector<int> largestNeighbours(const LabelPlane &plane, const Parts &parts)
{
    std::vector<int> best(parts.sizes.size());
    for (size_t part = 0; part < best.size(); ++part) {
        best[part] = int(part);
    }
    const auto larger = [&](int a, int b) {
        return std::tie(parts.sizes[size_t(a)], a) > std::tie(parts.sizes[size_t(b)], b);
    };
    const auto meet = [&](int a, int b) {
        if (larger(b, best[size_t(a)]))
            best[size_t(a)] = b;
        if (larger(a, best[size_t(b)]))
            best[size_t(b)] = a;
    };
    for (int y = 0; y < plane.height; ++y) {
        for (int x = 0; x < plane.width; ++x) {
            const size_t pixel = size_t(y) * size_t(plane.width) + size_t(x);
            if (x + 1 < plane.width)
                meet(parts.ofPixel[pixel], parts.ofPixel[pixel + 1]);
            if (y + 1 < plane.height)
                meet(parts.ofPixel[pixel], parts.ofPixel[pixel + size_t(plane.width)]);
        }
    }
    return best;
}

// How often a label stands in the squares of side 2 `radius` + 1 around the places of one row, cut off at the
// border: given how often it stands in the columns of the squares.
void sumAcross(const std::vector<uint16_t> &columns, std::vector<uint16_t> &counts, int radius)
{
    const int width = int(columns.size());
    int sum = 0;
    for (int x = 0; x < std::min(radius, width); ++x) {
        sum += columns[size_t(x)];
    }
    for (int x = 0; x < width; ++x) {
        if (x + radius < width)
            sum += columns[size_t(x + radius)];
        if (x > radius)
            sum -= columns[size_t(x - radius - 1)];
        counts[size_t(x)] = uint16_t(sum);
    }
}

// Adds (or takes away) the places of row `y` that hold `label`; rows outside the map hold nothing.
void countRow(const LabelPlane &plane, int y, uint8_t label, int sign, std::vector<uint16_t> &columns)
{
    if (y < 0 || y >= plane.height) {
        return;
    }
    const uint8_t *row = &plane.labels[size_t(y) * size_t(plane.width)];
    for (size_t x = 0; x < columns.size(); ++x) {
        columns[x] = uint16_t(columns[x] + sign * (row[x] == label));
    }
}

// Puts `label` wherever it is commoner than what `best` counts so far.
void voteFor(uint8_t label, const LabelPlane &plane, int radius, std::vector<uint16_t> &best, LabelPlane &result)
{
    std::vector<uint16_t> columns(size_t(plane.width), 0), counts(size_t(plane.width));
    for (int y = 0; y < radius; ++y) {
        countRow(plane, y, label, 1, columns);
    }
    for (int y = 0; y < plane.height; ++y) {
        countRow(plane, y + radius, label, 1, columns);
        countRow(plane, y - radius - 1, label, -1, columns);
        sumAcross(columns, counts, radius);
        const size_t row = size_t(y) * size_t(plane.width);
        for (size_t x = 0; x < counts.size(); ++x) {
            if (counts[x] > best[row + x]) {
                best[row + x] = counts[x];
                result.labels[row + x] = label;
            }
        }
    }
}

std::array<bool, 256> presentLabels(const LabelPlane &plane)
{
    std::array<bool, 256> present{};
    for (const uint8_t label : plane.labels) {
        present[label] = true;
    }
    return present;
}

// Smooth noise in [-1, 1]: random values on a lattice, blended.
class SmoothField
{
public:
    SmoothField(int width, int height, double wavelength, MapRandom &random)
        : m_step(1 / std::max(1.0, wavelength))
        , m_columns(int(width * m_step) + 2)
    {
        const int rows = int(height * m_step) + 2;
        m_values.resize(size_t(m_columns) * size_t(rows));
        for (float &value : m_values) {
            value = float(random.between(-1, 1));
        }
    }

    float at(int x, int y) const
    {
        const float fx = float(x * m_step), fy = float(y * m_step);
        const int ix = int(fx), iy = int(fy);
        const float u = ease(fx - float(ix)), v = ease(fy - float(iy));
        const float *row = &m_values[size_t(iy) * size_t(m_columns) + size_t(ix)];
        const float *below = row + m_columns;
        const float top = row[0] + (row[1] - row[0]) * u;
        const float bottom = below[0] + (below[1] - below[0]) * u;
        return top + (bottom - top) * v;
    }

private:
    static float ease(float t) { return t * t * (3 - 2 * t); }

    double m_step;
    int m_columns;
    std::vector<float> m_values;
};

struct Disc {
    double x = 0, y = 0, radius = 0;
    uint16_t depth = 0;
    uint8_t label = 0;
};

void stamp(LabelPlane &plane, const Disc &disc)
{
    const int top = std::max(0, int(std::ceil(disc.y - disc.radius)));
    const int bottom = std::min(plane.height - 1, int(disc.y + disc.radius));
    for (int y = top; y <= bottom; ++y) {
        const double dy = y - disc.y;
        const double half = std::sqrt(std::max(0.0, disc.radius * disc.radius - dy * dy));
        const int left = std::max(0, int(std::ceil(disc.x - half)));
        const int right = std::min(plane.width - 1, int(disc.x + half));
        for (int x = left; x <= right; ++x) {
            plane.at(x, y) = disc.label;
        }
    }
}

// An ellipse or a rectangle of a given area, turned, somewhere in the map.
void punchShape(LabelPlane &plane, MapRandom &random, double area)
{
    const bool ellipse = random.chance(0.5);
    const double aspect = std::exp(random.between(-0.9, 0.9));
    const double halfArea = area / (ellipse ? std::numbers::pi : 4);
    const double a = std::sqrt(halfArea * aspect), b = std::sqrt(halfArea / aspect);
    const double turn = random.between(0, std::numbers::pi);
    const double cosine = std::cos(turn), sine = std::sin(turn);
    const double cx = random.between(0, plane.width), cy = random.between(0, plane.height);
    for (int y = 0; y < plane.height; ++y) {
        for (int x = 0; x < plane.width; ++x) {
            const double u = ((x - cx) * cosine + (y - cy) * sine) / a;
            const double v = ((y - cy) * cosine - (x - cx) * sine) / b;
            if (ellipse ? u * u + v * v <= 1 : std::max(std::abs(u), std::abs(v)) <= 1) {
                plane.at(x, y) = 0;
            }
        }
    }
}

} // namespace

uint64_t MapRandom::next()
{
    uint64_t z = m_state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

void removeSmallParts(LabelPlane &plane, int minPixels)
{
    const Parts parts = findParts(plane);
    const std::vector<int> neighbour = largestNeighbours(plane, parts);
    // A small part goes where its neighbour goes; neighbours grow, so this ends.
    std::vector<uint8_t> labels = parts.labels;
    for (size_t part = 0; part < labels.size(); ++part) {
        int target = int(part);
        while (parts.sizes[size_t(target)] < minPixels && neighbour[size_t(target)] != target) {
            target = neighbour[size_t(target)];
        }
        labels[part] = parts.labels[size_t(target)];
    }
    for (size_t pixel = 0; pixel < plane.labels.size(); ++pixel) {
        plane.labels[pixel] = labels[size_t(parts.ofPixel[pixel])];
    }
}

void modeFilter(LabelPlane &plane, int radius)
{
    const std::array<bool, 256> present = presentLabels(plane);
    std::vector<uint16_t> best(plane.labels.size(), 0);
    LabelPlane result = plane;
    for (int label = 0; label < 256; ++label) {
        if (present[size_t(label)]) {
            voteFor(uint8_t(label), plane, radius, best, result);
        }
    }
    plane = std::move(result);
}

void bendOutlines(LabelPlane &plane, MapRandom &random, double amplitude, double wavelength)
{
    const SmoothField dx(plane.width, plane.height, wavelength, random);
    const SmoothField dy(plane.width, plane.height, wavelength, random);
    const LabelPlane before = plane;
    for (int y = 0; y < plane.height; ++y) {
        for (int x = 0; x < plane.width; ++x) {
            const int fromX = int(std::lround(x + amplitude * dx.at(x, y)));
            const int fromY = int(std::lround(y + amplitude * dy.at(x, y)));
            plane.at(x, y) = before.at(std::clamp(fromX, 0, plane.width - 1), std::clamp(fromY, 0, plane.height - 1));
        }
    }
}

void redrawWithBrush(LabelPlane &plane, const uint16_t *depth, MapRandom &random, double radius)
{
    std::vector<Disc> discs;
    for (double cellY = 0; cellY < plane.height; cellY += radius) {
        for (double cellX = 0; cellX < plane.width; cellX += radius) {
            Disc disc;
            disc.x = std::min(cellX + radius * random.unit(), plane.width - 1.0);
            disc.y = std::min(cellY + radius * random.unit(), plane.height - 1.0);
            disc.radius = radius * random.between(0.8, 1.1);
            const int x = int(disc.x), y = int(disc.y);
            disc.label = plane.at(x, y);
            disc.depth = depth[size_t(y) * size_t(plane.width) + size_t(x)];
            discs.push_back(disc);
        }
    }
    std::stable_sort(discs.begin(), discs.end(), [](const Disc &a, const Disc &b) { return a.depth < b.depth; });
    for (const Disc &disc : discs) {
        stamp(plane, disc);
    }
}

void punchVoids(LabelPlane &plane, MapRandom &random, double share)
{
    const int count = 1 + int(random.below(4));
    for (int i = 0; i < count; ++i) {
        punchShape(plane, random, share * plane.width * plane.height / count);
    }
}

} // namespace tessera::models
