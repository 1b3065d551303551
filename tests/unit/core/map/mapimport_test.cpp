#include "core/map/mapimport.h"

#include "core/map/strokes.h"
#include "models/error.h"
#include "testset.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace tessera::core
{
namespace
{

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

ImageBytes gray(int width, int height, std::vector<uint8_t> values)
{
    return {width, height, 1, std::move(values)};
}

ImageBytes grayAsRgb(const ImageBytes &image)
{
    ImageBytes rgb{image.width, image.height, 3, {}};
    for (const uint8_t value : image.bytes) {
        rgb.bytes.insert(rgb.bytes.end(), 3, value);
    }
    return rgb;
}

LabelMap paintedMap()
{
    LabelMap map(67, 41, 1);
    fillRect(map, {0, 25, 67, 16}, 5);
    paintStroke(map, {5, 30}, {50, 12}, 13, 4);
    paintStroke(map, {40, 8}, {60, 8}, 7, 2);
    paintStroke(map, {20, 22}, {33, 20}, 9, 3);
    return map;
}

TEST(MapImport, namesOfKinds)
{
    for (const char *name : {"auto", "index", "landscape", "gaugan", "cocostuff", "ade20k"}) {
        EXPECT_EQ(nameOf(mapLabelsFromName(name)), name);
    }
    EXPECT_THROW(mapLabelsFromName("coco"), Error);
}

TEST(MapImport, colorsRoundTrip)
{
    const LabelSet set = testSet();
    const LabelMap map = paintedMap();
    for (const MapLabels labels : {MapLabels::Auto, MapLabels::Landscape, MapLabels::Gaugan}) {
        const ImportedMap imported = importMap(mapToRgb(map, set), set, labels, "map.png");
        EXPECT_EQ(imported.map, map);
        EXPECT_EQ(imported.report.offPalette, 0u);
        EXPECT_EQ(imported.report.labels, labels == MapLabels::Gaugan ? labels : MapLabels::Landscape);
    }
}

TEST(MapImport, grayMeansIndexWhereItCan)
{
    const LabelSet set = testSet();
    const ImportedMap imported = importMap(gray(3, 1, {0, 5, 2}), set, MapLabels::Auto, "map.png");
    EXPECT_EQ(imported.report.labels, MapLabels::Index);
    EXPECT_THAT(imported.map.labels, ElementsAre(0, 5, 2));
    EXPECT_EQ(importMap(grayAsRgb(gray(3, 1, {0, 5, 2})), set, MapLabels::Auto, "map.png").map, imported.map);
}

TEST(MapImport, cocoStuffIds)
{
    const LabelSet set = testSet();
    const ImportedMap imported =
        importMap(gray(7, 1, {156, 168, 93, 255, 0, 181, 105}), set, MapLabels::Auto, "map.png");
    EXPECT_EQ(imported.report.labels, MapLabels::CocoStuff);
    EXPECT_THAT(imported.map.labels, ElementsAre(1, 4, 4, 0, 0, 0, 2));
    EXPECT_EQ(imported.report.unmapped, 2u);
    EXPECT_EQ(imported.report.unknown, 0u);

    const ImportedMap odd = importMap(gray(4, 1, {156, 156, 182, 153}), set, MapLabels::CocoStuff, "map.png");
    EXPECT_EQ(odd.report.unknown, 1u);
    EXPECT_THAT(odd.report.unknownColors, ElementsAre(ForeignColor{"182", 1}));
    EXPECT_THAT(odd.map.labels, ElementsAre(1, 1, 0, 5));
}

TEST(MapImport, grayPhotographsAreNoIds)
{
    const ImageBytes photo = gray(5, 1, {0, 7, 156, 181, 20});
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { importMap(photo, testSet(), MapLabels::Auto, "photo.png"); }),
                AllOf(HasSubstr("photo.png"), HasSubstr("80 % of its pixels would be of no label")));
    EXPECT_EQ(importMap(photo, testSet(), MapLabels::CocoStuff, "photo.png").report.unmapped, 4u); // who says so knows
}

TEST(MapImport, ade20kValuesAreOneMore)
{
    const ImportedMap imported = importMap(gray(5, 1, {0, 3, 5, 73, 150}), testSet(), MapLabels::Ade20k, "map.png");
    EXPECT_THAT(imported.map.labels, ElementsAre(0, 1, 4, 4, 0));
    EXPECT_EQ(imported.report.unmapped, 1u);
}

TEST(MapImport, gauganColorsBeyondTheSetAreMappedByTheirRedByte)
{
    // house 127 has no label in the small set; fence stands for none either; tree and sky do.
    ImageBytes image{4, 1, 3, {0x7f, 0x45, 0x02, 0xa8, 0xc8, 0x32, 0x9c, 0xee, 0xdd, 0x70, 0x64, 0x19}};
    const ImportedMap imported = importMap(image, testSet(), MapLabels::Auto, "map.png");
    EXPECT_EQ(imported.report.labels, MapLabels::Gaugan);
    EXPECT_THAT(imported.map.labels, ElementsAre(0, 4, 1, 0));
    EXPECT_EQ(imported.report.unmapped, 2u);
    EXPECT_EQ(imported.report.offPalette, 0u);
}

// Averages 2 x 2 pixels: what a soft brush or smooth scaling makes of a border.
ImageBytes halved(const ImageBytes &image)
{
    ImageBytes half{image.width / 2, image.height / 2, 3, {}};
    for (int y = 0; y < half.height; ++y) {
        for (int x = 0; x < half.width; ++x) {
            for (int c = 0; c < 3; ++c) {
                const auto at = [&](int dx, int dy) {
                    return int(image.bytes[size_t(((2 * y + dy) * image.width + 2 * x + dx) * 3 + c)]);
                };
                half.bytes.push_back(uint8_t((at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4));
            }
        }
    }
    return half;
}

TEST(MapImport, softBordersBecomeOneOfTheirNeighbours)
{
    const LabelSet set = testSet();
    const LabelMap fine = paintedMap().resizedNearest(134, 82);
    LabelMap shifted(134, 82, 1);
    for (int y = 0; y < 81; ++y) {
        std::copy(fine.row(y), fine.row(y) + 133,
                  shifted.row(y + 1) + 1); // borders now fall between pixel pairs
    }
    const ImportedMap imported = importMap(halved(mapToRgb(shifted, set)), set, MapLabels::Auto, "map.png");
    EXPECT_GT(imported.report.offPalette, 100u);
    size_t strangers = 0;
    for (int y = 0; y < imported.map.height; ++y) {
        for (int x = 0; x < imported.map.width; ++x) {
            const uint8_t label = imported.map.at(x, y);
            const bool fromSource = label == shifted.at(2 * x, 2 * y) || label == shifted.at(2 * x + 1, 2 * y)
                                    || label == shifted.at(2 * x, 2 * y + 1)
                                    || label == shifted.at(2 * x + 1, 2 * y + 1);
            strangers += !fromSource;
        }
    }
    EXPECT_LE(strangers, 2u) << "of " << imported.report.offPalette;
}

TEST(MapImport, noisyPalettesAsJpegLeavesThemAreRepaired)
{
    const LabelSet set = testSet();
    const LabelMap map = paintedMap();
    ImageBytes image = mapToRgb(map, set);
    unsigned noise = 1;
    for (uint8_t &byte : image.bytes) {
        noise = noise * 1664525 + 1013904223;
        byte = uint8_t(std::clamp(int(byte) + int(noise >> 24) % 31 - 15, 0, 255));
    }
    const ImportedMap imported = importMap(image, set, MapLabels::Auto, "map.jpg");
    EXPECT_EQ(imported.map, map);
    EXPECT_GT(imported.report.offPalette, map.labels.size() / 2);
    EXPECT_EQ(imported.report.unknown, 0u);
}

TEST(MapImport, reportsForeignColorsAndTransparency)
{
    const LabelSet set = testSet();
    ImageBytes image{4, 1, 4, {0x9c, 0xee, 0xdd, 255, 0x9c, 0xee, 0xdd, 0, 0xff, 0, 0xff, 255, 0x9d, 0xef, 0xdc, 255}};
    const ImportedMap imported = importMap(image, set, MapLabels::Auto, "map.png");
    EXPECT_THAT(imported.map.labels, ElementsAre(1, 0, 0, 1));
    EXPECT_EQ(imported.report.offPalette, 2u);
    EXPECT_EQ(imported.report.unknown, 1u);
    EXPECT_THAT(imported.report.unknownColors, ElementsAre(ForeignColor{"#ff00ff", 1}));
}

// Programs leave any colour in what is erased.
TEST(MapImport, transparentPixelsOfGrayMapsAreVoid)
{
    const LabelSet set = testSet();
    const ImageBytes ids{5, 1, 4, {3, 3, 3, 255, 4, 4, 4, 128, 5, 5, 5, 127, 200, 200, 200, 0, 9, 80, 7, 0}};
    for (const MapLabels labels : {MapLabels::Auto, MapLabels::Index}) {
        const ImportedMap imported = importMap(ids, set, labels, "map.png");
        EXPECT_EQ(imported.report.labels, MapLabels::Index);
        EXPECT_THAT(imported.map.labels, ElementsAre(3, 4, 0, 0, 0));
        EXPECT_EQ(imported.report.unknown, 0u);
    }
    const ImageBytes coco{3, 1, 4, {156, 156, 156, 255, 168, 168, 168, 255, 250, 250, 250, 0}};
    EXPECT_THAT(importMap(coco, set, MapLabels::Auto, "map.png").map.labels, ElementsAre(1, 4, 0));
    EXPECT_EQ(importMap(coco, set, MapLabels::Auto, "map.png").report.labels, MapLabels::CocoStuff);
}

TEST(MapImport, theGuessLeavesTheTransparentOut)
{
    const LabelSet set = testSet();
    const ImageBytes cloud{2, 1, 4, {0x69, 0x69, 0x69, 255, 9, 9, 9, 0}}; // painted in the set's only gray
    const ImportedMap imported = importMap(cloud, set, MapLabels::Auto, "map.png");
    EXPECT_EQ(imported.report.labels, MapLabels::Landscape);
    EXPECT_THAT(imported.map.labels, ElementsAre(2, 0));
    const ImageBytes nothing{2, 1, 4, std::vector<uint8_t>(8)};
    EXPECT_THAT(importMap(nothing, set, MapLabels::Auto, "map.png").map.labels, ElementsAre(0, 0));
}

TEST(MapImport, refusesPicturesThatAreNoMaps)
{
    const LabelSet set = testSet();
    ImageBytes photo{64, 64, 3, {}};
    for (int i = 0; i < 64 * 64; ++i) {
        photo.bytes.insert(photo.bytes.end(), {uint8_t(i * 7), uint8_t(i * 13 + 80), 250});
    }
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { importMap(photo, set, MapLabels::Auto, "a/photo.png"); }),
                AllOf(HasSubstr("a/photo.png"), HasSubstr("pixels)"), HasSubstr("#9ceedd (sky)")));
    ImageBytes large{1100, 700, 3, {}};
    for (int i = 0; i < 1100 * 700 * 3; ++i) {
        large.bytes.push_back(uint8_t(i * 31 + i / 997));
    }
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { importMap(large, set, MapLabels::Auto, "a/photo.png"); }),
                AllOf(HasSubstr("a/photo.png"), HasSubstr("#9ceedd (sky)")));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { importMap(photo, set, MapLabels::Index, "photo.png"); }),
                HasSubstr("has colours; expected a gray image that holds indices 0 to 5"));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat,
                        [&] {
                            importMap(gray(3, 1, {200, 9, 220}), set, MapLabels::Auto, "depth.png");
                        }),
                AllOf(HasSubstr("depth.png"), HasSubstr("COCO-Stuff")));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat,
                        [&] {
                            importMap(gray(3, 1, {200, 9, 6}), set, MapLabels::Index, "map.png");
                        }),
                AllOf(HasSubstr("100 %"), HasSubstr("200 (1 pixels)")));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat,
                        [&] {
                            importMap({2, 2, 2, {}}, set, MapLabels::Auto, "x.png");
                        }),
                HasSubstr("2 channels"));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { importMap(gray(2, 2, {1}), set, MapLabels::Auto, "x.png"); }),
                HasSubstr("1 bytes"));
}

} // namespace
} // namespace tessera::core
