// Paints the example maps in resources/examples.
#include "core/document/imagefile.h"
#include "core/map/labelset.h"
#include "core/map/mapimport.h"
#include "models/error.h"
#include "tests/data/hand.h"

#include <cstdio>
#include <filesystem>

namespace
{

using namespace tessera::core;
using tessera::tests::Hand;

LabelMap paintLake(const LabelSet &set)
{
    Hand hand(set, 256, 256, 11);
    hand.cover("sky");
    hand.cloud(58, 36, 40, 18);
    hand.cloud(200, 40, 30, 12);
    hand.below("mountain",
               {{-9, 118}, {26, 92}, {44, 100}, {92, 42}, {124, 84}, {140, 76}, {176, 58}, {214, 96}, {266, 84}}, 0.16,
               3);
    hand.shape("snow", {{92, 40}, {106, 62}, {116, 80}, {105, 76}, {99, 87}, {91, 74}, {83, 84}, {78, 72}, {70, 76}},
               0.14, 3);
    hand.shape("snow", {{176, 56}, {190, 76}, {181, 74}, {175, 83}, {167, 73}, {159, 76}}, 0.14, 3);
    hand.below("tree", {{-9, 122}, {40, 130}, {96, 138}, {150, 134}, {200, 124}, {266, 110}}, 0.08);
    hand.dabs("tree", {{0, 122}, {40, 130}, {96, 138}, {150, 134}, {200, 124}, {256, 110}}, 8, 17, 5, 4);
    hand.below("grass", {{-9, 158}, {60, 152}, {130, 157}, {200, 150}, {266, 140}}, 0.07);
    hand.shape("lake",
               {{18, 176},
                {52, 163},
                {110, 162},
                {168, 160},
                {226, 158},
                {262, 166},
                {266, 192},
                {232, 206},
                {190, 202},
                {150, 216},
                {96, 222},
                {52, 214},
                {22, 198}},
               0.08, 5);
    hand.dabs("stone", {{26, 204}, {56, 217}, {90, 224}}, 4, 10, 11, 4);
    hand.dabs("bush", {{166, 222}, {206, 214}, {256, 204}}, 9, 19, 13, 5);
    hand.fir(226, 168, 78);
    hand.fir(246, 178, 96);
    hand.fir(206, 160, 52);
    hand.fir(16, 184, 74);
    hand.flowers({{14, 242}, {60, 250}, {118, 240}, {160, 247}}, 8);
    return hand.map();
}

LabelMap paintCoast(const LabelSet &set)
{
    Hand hand(set, 512, 256, 23);
    hand.cover("sky");
    hand.cloud(150, 46, 66, 24);
    hand.cloud(300, 30, 42, 15);
    hand.cloud(440, 64, 48, 16);
    hand.below("sea", {{-9, 121}, {150, 120}, {522, 121}}, 0.006, 2);
    hand.shape("hill",
               {{-20, 86}, {40, 66}, {84, 76}, {128, 100}, {176, 116}, {206, 127}, {150, 138}, {60, 150}, {-20, 160}},
               0.09);
    hand.shape("mountain", {{360, 124}, {396, 104}, {424, 92}, {446, 101}, {474, 86}, {530, 98}, {530, 126}}, 0.1, 3);
    hand.shape("rock", {{150, 128}, {172, 114}, {200, 117}, {224, 128}, {214, 138}, {176, 141}}, 0.18, 3);
    hand.below("sand", {{-9, 154}, {60, 150}, {118, 158}, {176, 174}, {240, 198}, {320, 214}, {420, 222}, {522, 226}},
               0.06);
    hand.below("grass", {{-9, 180}, {56, 176}, {108, 196}, {160, 226}, {214, 262}}, 0.12);
    hand.dabs("tree", {{-4, 118}, {34, 96}, {78, 102}, {104, 120}}, 12, 26, 8, 9);
    hand.dabs("tree", {{-4, 138}, {50, 130}, {92, 142}}, 12, 22, 8, 6);
    hand.dabs("bush", {{0, 186}, {60, 186}, {110, 206}}, 8, 17, 12, 6);
    hand.stroke("path", hand.shaky({{14, 262}, {44, 232}, {92, 214}, {124, 188}}, 0.12), 9, 0.25);
    hand.dabs("rock", {{262, 190}, {300, 198}, {352, 206}}, 6, 16, 22, 7);
    hand.dabs("stone", {{330, 232}, {420, 240}, {500, 244}}, 3, 8, 18, 7);
    hand.shape("rock", {{388, 168}, {400, 150}, {414, 140}, {430, 152}, {446, 172}, {416, 176}}, 0.16, 3);
    return hand.map();
}

LabelMap paintValley(const LabelSet &set)
{
    Hand hand(set, 384, 384, 5);
    hand.cover("sky");
    hand.cloud(262, 52, 66, 26);
    hand.cloud(120, 36, 36, 15);
    hand.below("mountain",
               {{-9, 96},
                {50, 66},
                {86, 96},
                {134, 138},
                {182, 176},
                {204, 182},
                {246, 132},
                {284, 96},
                {318, 110},
                {352, 78},
                {394, 104}},
               0.14, 3);
    hand.shape("snow",
               {{50, 64}, {70, 86}, {84, 98}, {72, 98}, {62, 112}, {50, 98}, {38, 108}, {28, 94}, {10, 98}, {14, 88}},
               0.15, 3);
    hand.shape("snow", {{352, 76}, {372, 96}, {366, 110}, {354, 102}, {343, 114}, {334, 100}}, 0.15, 3);
    hand.below("hill", {{-9, 172}, {60, 168}, {124, 192}, {190, 208}, {262, 190}, {330, 164}, {394, 156}}, 0.07);
    hand.dabs("tree", {{-4, 184}, {64, 178}, {120, 200}, {166, 212}}, 10, 22, 6, 7);
    hand.dabs("tree", {{226, 214}, {290, 192}, {340, 176}, {390, 170}}, 10, 22, 6, 7);
    hand.below("grass", {{-9, 216}, {110, 220}, {190, 216}, {280, 224}, {394, 206}}, 0.05);
    hand.shape("river",
               {{196, 215},
                {204, 215},
                {214, 228},
                {206, 242},
                {178, 258},
                {170, 276},
                {196, 300},
                {252, 330},
                {292, 398},
                {176, 398},
                {160, 352},
                {124, 308},
                {118, 274},
                {146, 248},
                {188, 230}},
               0.07, 3);
    hand.stroke("road", hand.shaky({{392, 330}, {340, 306}, {306, 276}, {292, 252}, {262, 238}, {238, 226}}, 0.1), 10,
                0.3);
    hand.stroke("road", hand.shaky({{394, 334}, {344, 310}, {314, 284}}, 0.08), 15, 0.2);
    hand.flowers({{-6, 326}, {44, 336}, {100, 352}, {136, 384}}, 18);
    hand.flowers({{316, 356}, {350, 366}, {390, 372}}, 12);
    hand.dabs("stone", {{118, 300}, {142, 336}, {160, 372}}, 5, 12, 14, 6);
    hand.fir(24, 292, 104);
    hand.fir(58, 276, 84);
    hand.fir(84, 296, 96);
    hand.fir(346, 262, 82);
    hand.fir(372, 280, 110);
    return hand.map();
}

void write(const std::filesystem::path &path, const LabelMap &map, const LabelSet &set)
{
    writeImage(path, toQImage(mapToRgb(map, set)));
    std::printf("%s: %d x %d\n", path.c_str(), map.width, map.height);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: paint-examples FOLDER\n");
        return 2;
    }
    try {
        const std::filesystem::path folder(argv[1]);
        const LabelSet set = loadLabelSet("landscape");
        write(folder / "lake.png", paintLake(set), set);
        write(folder / "coast.png", paintCoast(set), set);
        write(folder / "valley.png", paintValley(set), set);
    } catch (const tessera::Error &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
