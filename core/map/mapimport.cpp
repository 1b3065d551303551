#include "core/map/mapimport.h"

#include "core/map/paletteimport.h"
#include "models/error.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace tessera::core
{
namespace
{

constexpr std::array<std::pair<MapLabels, std::string_view>, 6> kNames{{
    {MapLabels::Auto, "auto"},
    {MapLabels::Index, "index"},
    {MapLabels::Landscape, "landscape"},
    {MapLabels::Gaugan, "gaugan"},
    {MapLabels::CocoStuff, "cocostuff"},
    {MapLabels::Ade20k, "ade20k"},
}};
constexpr int kHighestCocoStuff = 181;
constexpr int kUnlabelledCocoStuff = 255;
constexpr int kHighestAde20k = 150;
constexpr size_t kUnknownColorsNamed = 5;

[[noreturn]] void fail(const std::string &fileName, const std::string &what)
{
    throw Error(ErrorCode::FileFormat, "The map " + fileName + " " + what);
}

void checkShape(const ImageBytes &image, const std::string &fileName)
{
    const bool knownChannels = image.channels == 1 || image.channels == 3 || image.channels == 4;
    const bool possible = image.width > 0 && image.height > 0 && knownChannels
                          && image.bytes.size() == size_t(image.width) * size_t(image.height) * size_t(image.channels);
    if (!possible) {
        fail(fileName, "has " + std::to_string(image.bytes.size()) + " bytes for " + std::to_string(image.width) + " x "
                           + std::to_string(image.height) + " pixels of " + std::to_string(image.channels)
                           + " channels; expected 1, 3 or 4 channels of a byte each");
    }
}

size_t pixelCount(const ImageBytes &image)
{
    return size_t(image.width) * size_t(image.height);
}

using ValueCounts = std::array<size_t, 256>;

// Of the pixels that are not transparent.
ValueCounts countGray(const ImageBytes &image)
{
    ValueCounts counts{};
    for (size_t i = 0; i < pixelCount(image); ++i) {
        if (!isTransparent(image, i)) {
            ++counts[image.bytes[i * size_t(image.channels)]];
        }
    }
    return counts;
}

size_t opaquePixels(const ImageBytes &image)
{
    size_t count = 0;
    for (size_t i = 0; i < pixelCount(image); ++i) {
        count += !isTransparent(image, i);
    }
    return count;
}

template<typename Fits>
bool allValues(const ValueCounts &counts, Fits fits)
{
    for (int value = 0; value < 256; ++value) {
        if (counts[size_t(value)] > 0 && !fits(value)) {
            return false;
        }
    }
    return true;
}

// What a gray value means.
struct GrayMeaning {
    enum Kind { Labelled, Unmapped, Unknown } kind = Unknown;
    uint8_t label = kVoidLabel;
};

GrayMeaning meaningOf(const Label *label)
{
    return label ? GrayMeaning{GrayMeaning::Labelled, uint8_t(label->index)} : GrayMeaning{GrayMeaning::Unmapped};
}

GrayMeaning meaningOf(int value, const LabelSet &set, MapLabels labels)
{
    const GrayMeaning voidMeaning{GrayMeaning::Labelled, set.voidLabel}, unknown;
    switch (labels) {
    case MapLabels::CocoStuff:
        if (value == kUnlabelledCocoStuff) {
            return voidMeaning;
        }
        return value <= kHighestCocoStuff ? meaningOf(set.findCocoStuff(value)) : unknown;
    case MapLabels::Ade20k:
        if (value == 0) {
            return voidMeaning;
        }
        return value <= kHighestAde20k ? meaningOf(set.findAde20k(value - 1)) : unknown;
    default:
        return set.isVoid(value) ? voidMeaning : set.at(value) ? meaningOf(set.at(value)) : unknown;
    }
}

std::string expectedGray(const LabelSet &set, MapLabels labels)
{
    switch (labels) {
    case MapLabels::CocoStuff:
        return "COCO-Stuff ids 0 to 181, or 255 for unlabelled";
    case MapLabels::Ade20k:
        return "ADE20K values 0 to 150";
    default:
        return "indices 0 to " + std::to_string(set.labels.size() - 1)
               + (set.at(set.voidLabel) ? "" : ", or " + std::to_string(set.voidLabel) + " for unpainted,")
               + " of the label set " + set.name;
    }
}

std::string expectedColors(const LabelSet &set)
{
    std::string text = "the colours of the label set " + set.name;
    for (size_t i = 1; i < std::min<size_t>(set.labels.size(), 4); ++i) {
        text += (i == 1 ? ", such as " : ", ") + hexText(set.labels[i].color) + " (" + set.labels[i].name + ")";
    }
    return text;
}

std::string listed(const std::vector<ForeignColor> &colors)
{
    std::string text;
    for (const ForeignColor &color : colors) {
        text += (text.empty() ? "" : ", ") + color.value + " (" + std::to_string(color.pixels) + " pixels)";
    }
    return text;
}

void refuseMostlyUnknown(const ImportedMap &imported, const std::string &expected, const std::string &fileName)
{
    const ImportReport &report = imported.report;
    const size_t pixels = imported.map.labels.size();
    if (report.unknown * 2 > pixels) {
        fail(fileName, "is not painted with known labels: " + std::to_string(report.unknown * 100 / pixels)
                           + " % of its pixels hold something else, most of all " + listed(report.unknownColors)
                           + "; expected " + expected);
    }
}

// Grays of a photograph pass for ids, of which most are of things that no landscape has.
void refuseMostlyUnmapped(const ImportedMap &imported, const LabelSet &set, const std::string &fileName)
{
    const size_t unmapped = imported.report.unmapped, pixels = imported.map.labels.size();
    if (unmapped * 2 > pixels) {
        fail(fileName, "is a gray image whose values may be COCO-Stuff ids, but "
                           + std::to_string(unmapped * 100 / pixels)
                           + " % of its pixels would be of no label of the set " + set.name + "; expected "
                           + expectedGray(set, MapLabels::Index) + ", or " + expectedColors(set));
    }
}

void keepCommonest(std::vector<ForeignColor> &colors)
{
    std::stable_sort(colors.begin(), colors.end(),
                     [](const auto &first, const auto &second) { return first.pixels > second.pixels; });
    colors.resize(std::min(colors.size(), kUnknownColorsNamed));
}

ImportedMap importGray(const ImageBytes &image, const LabelSet &set, MapLabels labels, const std::string &fileName)
{
    const ValueCounts counts = countGray(image);
    ImportedMap imported{LabelMap(image.width, image.height, set.voidLabel), {}};
    ImportReport &report = imported.report;
    report.labels = labels;
    std::array<uint8_t, 256> labelOf{};
    for (int value = 0; value < 256; ++value) {
        const GrayMeaning meaning = meaningOf(value, set, labels);
        const size_t pixels = counts[size_t(value)];
        labelOf[size_t(value)] = meaning.kind == GrayMeaning::Labelled ? meaning.label : set.voidLabel;
        report.unmapped += meaning.kind == GrayMeaning::Unmapped ? pixels : 0;
        if (meaning.kind == GrayMeaning::Unknown && pixels > 0) {
            report.unknown += pixels;
            report.unknownColors.push_back({std::to_string(value), pixels});
        }
    }
    report.offPalette = report.unknown;
    keepCommonest(report.unknownColors);
    refuseMostlyUnknown(imported, expectedGray(set, labels), fileName);
    for (size_t i = 0; i < imported.map.labels.size(); ++i) {
        if (!isTransparent(image, i)) { // the others are void already
            imported.map.labels[i] = labelOf[image.bytes[i * size_t(image.channels)]];
        }
    }
    return imported;
}

ImportedMap withReport(PaletteMatch match, MapLabels labels)
{
    ImportedMap imported{std::move(match.map), {}};
    imported.report.labels = labels;
    imported.report.offPalette = imported.map.labels.size() - match.exact;
    imported.report.unknown = match.unknown;
    imported.report.unmapped = match.unmapped;
    for (size_t i = 0; i < std::min(match.unknownColors.size(), kUnknownColorsNamed); ++i) {
        imported.report.unknownColors.push_back({hexText(match.unknownColors[i].color), match.unknownColors[i].pixels});
    }
    return imported;
}

// Every `step`-th pixel of every `step`-th row.
ImageBytes sampled(const ImageBytes &image, int step)
{
    ImageBytes sample{(image.width + step - 1) / step, (image.height + step - 1) / step, image.channels, {}};
    for (int y = 0; y < image.height; y += step) {
        for (int x = 0; x < image.width; x += step) {
            const size_t start = (size_t(y) * size_t(image.width) + size_t(x)) * size_t(image.channels);
            sample.bytes.insert(sample.bytes.end(), image.bytes.begin() + std::ptrdiff_t(start),
                                image.bytes.begin() + std::ptrdiff_t(start) + image.channels);
        }
    }
    return sample;
}

ImportedMap importColors(const ImageBytes &image, const LabelSet &set, MapLabels labels, const std::string &fileName)
{
    const Palette palette = labels == MapLabels::Gaugan ? gauganPalette(set) : paletteOf(set);
    const std::string expected = labels == MapLabels::Gaugan ? "the colours of GauGAN's palette" : expectedColors(set);
    // To find every pixel of a large photograph foreign takes seconds; a sample says so at once.
    constexpr int kSampleSide = 512;
    if (const int step = std::max(image.width, image.height) / kSampleSide; step > 1) {
        const PaletteMatch match = matchPalette(sampled(image, step), palette, set.voidLabel);
        if (match.unknown * 3 > match.map.labels.size() * 2) {
            refuseMostlyUnknown(withReport(match, labels), expected, fileName);
        }
    }
    ImportedMap imported = withReport(matchPalette(image, palette, set.voidLabel), labels);
    refuseMostlyUnknown(imported, expected, fileName);
    return imported;
}

MapLabels guessLabels(const ImageBytes &image, const LabelSet &set, const std::string &fileName)
{
    const size_t inSet = exactPixels(image, paletteOf(set)), pixels = opaquePixels(image);
    if (!isGray(image)) {
        // A few pixels that fit by chance, as in every photograph, decide nothing.
        const bool moreFit = exactPixels(image, gauganPalette(set)) > inSet + pixels / 1000;
        return moreFit ? MapLabels::Gaugan : MapLabels::Landscape;
    }
    if (image.channels > 1 && inSet == pixels) {
        return MapLabels::Landscape; // a map painted in nothing but the set's grays, such as cloud
    }
    const ValueCounts counts = countGray(image);
    if (allValues(counts, [&](int value) { return set.knows(value); })) {
        return MapLabels::Index;
    }
    if (allValues(counts, [](int value) { return value <= kHighestCocoStuff || value == kUnlabelledCocoStuff; })) {
        return MapLabels::CocoStuff;
    }
    fail(fileName, "is a gray image whose values are no labels; expected " + expectedGray(set, MapLabels::Index) + ", "
                       + expectedGray(set, MapLabels::CocoStuff) + ", or " + expectedColors(set));
}

} // namespace

MapLabels mapLabelsFromName(std::string_view name)
{
    for (const auto &[labels, known] : kNames) {
        if (known == name) {
            return labels;
        }
    }
    throw Error(ErrorCode::InvalidArgument, "There is no kind of labels '" + std::string(name)
                                                + "'; expected auto, index, landscape, gaugan, cocostuff or ade20k");
}

std::string nameOf(MapLabels labels)
{
    for (const auto &[known, name] : kNames) {
        if (known == labels) {
            return std::string(name);
        }
    }
    return {};
}

ImportedMap importMap(const ImageBytes &image, const LabelSet &set, MapLabels labels, const std::string &fileName)
{
    checkShape(image, fileName);
    const bool guessed = labels == MapLabels::Auto;
    if (guessed) {
        labels = guessLabels(image, set, fileName);
    }
    if (labels == MapLabels::Landscape || labels == MapLabels::Gaugan) {
        return importColors(image, set, labels, fileName);
    }
    if (!isGray(image)) {
        fail(fileName, "has colours; expected a gray image that holds " + expectedGray(set, labels));
    }
    ImportedMap imported = importGray(image, set, labels, fileName);
    if (guessed) {
        refuseMostlyUnmapped(imported, set, fileName);
    }
    return imported;
}

ImageBytes mapToRgb(const LabelMap &map, const LabelSet &set)
{
    ImageBytes image{map.width, map.height, 3, {}};
    image.bytes.reserve(map.labels.size() * 3);
    for (const uint8_t label : map.labels) {
        const Rgb color = set.colorOf(label);
        image.bytes.insert(image.bytes.end(), {color.red, color.green, color.blue});
    }
    return image;
}

} // namespace tessera::core
