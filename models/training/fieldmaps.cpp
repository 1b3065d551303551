#include "models/training/fieldmaps.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "models/edgefield.h"
#include "models/training/canny.h"
#include "models/training/edgechains.h"
#include "models/training/mapshapes.h"
#include "models/training/planeblur.h"
#include "models/training/seenplane.h"

namespace tessera::models
{

namespace
{

using Plane = std::vector<float>; // side x side, row by row

constexpr double kExactShare = 0.2; // of the fields seen in training
constexpr double kOutlined = 0.4;   // share of painted edges that are outlines of things

double scaleOf(int64_t side, double windows)
{
    return double(side) / (windows * double(kFieldWindow));
}

Plane planeOf(const at::Tensor &values)
{
    return {values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel()};
}

template<typename T>
void mirrorRows(std::vector<T> &plane, int64_t side)
{
    for (auto row = plane.begin(); row != plane.end(); row += side)
        std::reverse(row, row + side);
}

at::Tensor tensorOf(const Plane &plane, int64_t side)
{
    at::Tensor result = at::empty({side, side}, at::kFloat);
    std::ranges::copy(plane, result.data_ptr<float>());
    return result;
}

// To [-1, 1] by its own lowest and highest value; -1 where it is constant.
void scaleToOwnRange(Plane &plane)
{
    const auto [low, high] = std::ranges::minmax(plane);
    const double range = std::max(1e-8, double(high) - double(low));
    for (float &value : plane)
        value = float((double(value) - double(low)) / range * 2 - 1);
}

// In the 256 levels that painters have; far discs lie under near ones. The brush is soft.
void redrawDepth(Plane &plane, int side, MapRandom &random, double radius)
{
    blurPlane(plane, side, side, radius / 4); // a disc takes the mean of its middle
    LabelPlane levels{side, side, {}};
    std::vector<uint16_t> nearness;
    for (const float value : plane) {
        levels.labels.push_back(uint8_t(std::lround((std::clamp(value, -1.F, 1.F) + 1) * 127.5F)));
        nearness.push_back(levels.labels.back());
    }
    redrawWithBrush(levels, nearness.data(), random, radius);
    for (size_t i = 0; i < plane.size(); ++i)
        plane[i] = float(levels.labels[i]) / 127.5F - 1;
    blurPlane(plane, side, side, radius * random.between(0.05, 0.35));
}

// Values in [-1, 1]: a painter's depth is coarse, in few levels, soft, or ends before the darkest and brightest values
// do.
void paintDepth(Plane &plane, int side, double scale, MapRandom &random)
{
    if (random.chance(0.3))
        redrawDepth(plane, side, random, std::max(1.5, random.between(6, 24) * scale));
    if (random.chance(0.3)) {
        const auto steps = float(3 + random.below(13)); // 4 to 16 levels
        for (float &value : plane)
            value = std::round((value + 1) / 2 * steps) / steps * 2 - 1;
    }
    if (random.chance(0.4))
        blurPlane(plane, side, side, random.between(1, 6) * scale);
    const auto gain = float(random.between(0.85, 1.15)), offset = float(random.between(-0.15, 0.15));
    for (float &value : plane)
        value = std::clamp(gain * value + 2 * offset, -1.F, 1.F);
}

// Around the painter's own settings. A blur that is narrower by a scale leaves slopes that are steeper by it.
CannyOptions foundBy(MapRandom &random, double scale, bool exact)
{
    CannyOptions options;
    if (!exact) {
        options.sigma = random.between(0.8, 2.5);
        options.high *= std::exp2(random.between(-1, 1));
        options.low = options.high * random.between(0.3, 0.7);
    }
    options.sigma *= scale;
    options.low /= scale;
    options.high /= scale;
    return options;
}

// As a person might draw them: the larger ones, not all of them, not quite in place, with some pen.
void paintEdges(std::vector<uint8_t> &lines, int side, double scale, MapRandom &random)
{
    const double shortest = random.between(8, 40) * scale;
    eraseChains(lines, side, side, random, shortest, random.between(0, 0.4));
    LabelPlane plane{side, side, std::move(lines)};
    const double bend = random.between(0, 4) * scale;
    bendOutlines(plane, random, bend, random.between(24, 96) * scale);
    const int thickness = std::max(1, int(std::lround(random.between(0.5, 3.5) * scale)));
    lines = thickened(plane.labels, side, side, thickness);
}

// What Canny finds in the picture that the view shows.
std::vector<uint8_t> foundEdges(const PictureSet &pictures, const View &view, int64_t side, double scale,
                                MapRandom &random, bool exact)
{
    const ShardPicture &picture = pictures.picture(view.picture);
    Plane gray = planeOf(seenPlane(picture, view, side, [&](size_t pixel) { return grayOf(&picture.rgb[3 * pixel]); }));
    std::vector<uint8_t> lines = cannyEdges(std::move(gray), int(side), int(side), foundBy(random, scale, exact));
    if (view.mirrored) // afterwards: Canny's choice between equal neighbours has a direction
        mirrorRows(lines, side);
    return lines;
}

// Where one thing ends and another begins, as a hand draws it: few lines, none of texture. Of a map painted at half
// size.
std::vector<uint8_t> outlines(const PictureSet &pictures, const View &view, int64_t side, uint64_t seed)
{
    MapAugmentation drawn;
    drawn.voids = 0; // nobody outlines what is left unpainted
    const at::Tensor labels = pictures.paintedLabels(view, side / 2, seed, drawn);
    const auto label = labels.accessor<int64_t, 2>();
    std::vector<uint8_t> lines(size_t(side * side));
    for (int64_t y = 0; y + 1 < side; ++y)
        for (int64_t x = 0; x + 1 < side; ++x)
            lines[size_t(y * side + x)] =
                label[y / 2][x / 2] != label[y / 2][(x + 1) / 2] || label[y / 2][x / 2] != label[(y + 1) / 2][x / 2];
    return lines;
}

} // namespace

at::Tensor depthField(const PictureSet &pictures, const View &view, int64_t side, uint64_t seed, bool exact,
                      double windows)
{
    const ShardPicture &picture = pictures.picture(view.picture);
    Plane plane = planeOf(seenPlane(picture, view, side, [&](size_t pixel) { return float(picture.depth[pixel]); }));
    if (view.mirrored)
        mirrorRows(plane, side);
    scaleToOwnRange(plane);
    if (!exact) {
        MapRandom random(seed);
        paintDepth(plane, int(side), scaleOf(side, windows), random);
        scaleToOwnRange(plane);
    }
    return tensorOf(plane, side);
}

at::Tensor edgeFieldOf(const PictureSet &pictures, const View &view, int64_t side, double reach, uint64_t seed,
                       bool exact, double windows)
{
    MapRandom random(seed);
    const double scale = scaleOf(side, windows);
    std::vector<uint8_t> lines = !exact && random.chance(kOutlined)
                                     ? outlines(pictures, view, side, random.next())
                                     : foundEdges(pictures, view, side, scale, random, exact);
    if (!exact)
        paintEdges(lines, int(side), scale, random);
    return tensorOf(edgeField(lines, int(side), int(side), reach * scale), side);
}

at::Tensor fieldOf(const ConditionConfig &condition, const PictureSet &pictures, const View &view, int64_t side,
                   uint64_t seed, bool exact, double windows)
{
    if (condition.kind == ConditionKind::Depth)
        return depthField(pictures, view, side, seed, exact, windows);
    return edgeFieldOf(pictures, view, side, condition.edgeReach, seed, exact, windows);
}

at::Tensor trainingField(const ConditionConfig &condition, const PictureSet &pictures, const View &view, int64_t side,
                         uint64_t seed, double windows)
{
    MapRandom random(seed);
    const bool exact = random.chance(kExactShare);
    return fieldOf(condition, pictures, view, side, random.next(), exact, windows);
}

} // namespace tessera::models
