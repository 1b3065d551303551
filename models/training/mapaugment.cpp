#include "models/training/mapaugment.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "models/training/mapshapes.h"

namespace tessera::models
{

namespace
{

// The ids of the landscape label set that painters mix up.
enum LabelId : uint8_t {
    Sky = 1,
    Cloud = 2,
    Fog = 3,
    Rock = 6,
    Stone = 7,
    Gravel = 8,
    Grass = 10,
    Straw = 11,
    Flower = 12,
    Bush = 13,
    Sea = 18,
    River = 19,
    Water = 20
};

constexpr double kNominalSide = 256; // the picture that the settings' lengths are meant for

using LabelTable = std::array<uint8_t, 256>;

LabelTable identityTable()
{
    LabelTable table;
    for (size_t label = 0; label < table.size(); ++label) {
        table[label] = uint8_t(label);
    }
    return table;
}

// Fog that is painted as what stands behind it.
void removeFog(std::vector<uint8_t> &labels, const LabelSource &source)
{
    for (size_t i = 0; i < labels.size(); ++i) {
        if (labels[i] == Fog) {
            // Nothing but fog may be there: then a painter sees pale sky.
            labels[i] = source.material[i] == Fog ? uint8_t(Sky) : source.material[i];
        }
    }
}

// Which words the painter uses.
std::vector<uint8_t> namedLabels(const LabelSource &source, MapRandom &random, const MapAugmentation &settings)
{
    const double nearKm = random.chance(settings.wholeObjects) ? 0 : 1.5 * std::pow(8.0, random.unit()); // 1.5 to 12
    std::vector<uint8_t> labels = trainingLabels(source, nearKm);
    if (random.chance(settings.noFog)) {
        removeFog(labels, source);
    }
    LabelTable table = identityTable();
    const auto merge = [&](double probability, std::initializer_list<uint8_t> from, uint8_t to) {
        if (random.chance(probability)) {
            for (const uint8_t label : from) {
                table[label] = to;
            }
        }
    };
    merge(settings.plainGround, {Flower, Bush, Straw}, Grass);
    merge(settings.plainGround, {Gravel, Stone}, Rock);
    merge(settings.plainWater, {Sea, River}, Water);
    merge(settings.noClouds, {Cloud}, Sky);
    for (uint8_t &label : labels) {
        label = table[label];
    }
    return labels;
}

// Small radii are as likely as large ones are rare: most people paint with some care.
double skewed(MapRandom &random, double low, double high)
{
    const double u = random.unit();
    return low + (high - low) * u * u;
}

void simplify(LabelPlane &plane, MapRandom &random, const MapAugmentation &settings, double scale)
{
    const double part = settings.minPart * std::pow(settings.maxPart / settings.minPart, random.unit());
    removeSmallParts(plane, int(part * plane.width * plane.height));
    const int radius = std::max(1, int(std::lround(skewed(random, 2, settings.maxModeRadius) * scale)));
    const int passes = 1 + int(random.below(3));
    for (int pass = 0; pass < passes; ++pass) {
        modeFilter(plane, radius);
    }
}

void paint(LabelPlane &plane, const LabelSource &source, MapRandom &random, const MapAugmentation &settings)
{
    const double scale = std::min(plane.width, plane.height) / kNominalSide;
    simplify(plane, random, settings, scale);
    const double wobble = random.between(0, settings.maxWobble) * scale;
    bendOutlines(plane, random, wobble, random.between(16, 96) * scale);
    if (random.chance(settings.brush)) {
        const double radius = random.between(settings.minBrush, settings.maxBrush) * scale;
        redrawWithBrush(plane, source.depth, random, std::max(1.5, radius));
    }
    if (random.chance(settings.voids)) {
        punchVoids(plane, random, random.between(settings.minVoid, settings.maxVoid));
    }
}

} // namespace

std::vector<uint8_t> trainingLabels(const LabelSource &source, double nearKm)
{
    const auto nearCode = uint16_t(std::lround(65535 * std::sqrt(1 / (1 + nearKm))));
    const size_t pixels = size_t(source.width) * size_t(source.height);
    std::vector<uint8_t> labels(pixels);
    for (size_t i = 0; i < pixels; ++i) {
        const bool isNear = source.depth[i] > nearCode && source.object[i] != Fog;
        labels[i] = isNear ? source.material[i] : source.object[i];
    }
    return labels;
}

std::vector<uint8_t> augmentedLabels(const LabelSource &source, uint64_t seed, const MapAugmentation &settings)
{
    MapRandom random(seed);
    if (random.chance(settings.exact)) {
        return trainingLabels(source);
    }
    LabelPlane plane{source.width, source.height, namedLabels(source, random, settings)};
    paint(plane, source, random, settings);
    return std::move(plane.labels);
}

} // namespace tessera::models
