#include "tests/data/crudemaps.h"

#include <array>

#include "tests/data/crudebrush.h"

namespace tessera::tests
{

namespace
{

using Brush = CrudeBrush;

void lake(Brush &b)
{
    b.land("mountain", b.between(70, 110), 34, 2);
    if (b.detailed())
        b.caps("snow", b.between(16, 30));
    b.land("tree", b.between(120, 140), 6, 3);
    b.land("grass", b.between(150, 165), 5, 2);
    b.blob("water", b.between(90, 170), b.between(190, 210), b.between(60, 110), b.between(18, 30));
    if (b.detailed())
        b.lumps("stone", 6, 232, 8, 9);
}

void coast(Brush &b)
{
    const double horizon = b.between(90, 130);
    b.land("sea", horizon, 1.5, 1);
    if (b.detailed())
        b.blob("hill", b.between(20, 236), horizon + 4, b.between(30, 70), 18);
    b.land("sand", b.between(175, 215), 14, 1);
    b.blob("rock", b.between(30, 226), b.between(140, 190), b.between(16, 34), b.between(12, 26));
    if (b.detailed())
        b.lumps("gravel", 5, 240, 8, 12);
}

void forestRiver(Brush &b)
{
    b.land("tree", b.between(70, 110), 14, 4);
    b.land("grass", b.between(150, 180), 8, 2);
    b.winding("river", b.between(90, 166), b.between(140, 165), b.between(40, 70));
    if (b.detailed()) {
        b.lumps("bush", 5, 190, 22, 18);
        b.lumps("stone", 4, 225, 14, 10);
    }
}

void meadow(Brush &b)
{
    b.land("hill", b.between(105, 135), 16, 2);
    b.land("grass", b.between(145, 165), 8, 1);
    b.lumps("flower", 9, b.between(205, 235), 22, b.between(12, 26));
    b.blob("tree", b.between(30, 226), b.between(115, 140), b.between(22, 40), b.between(24, 44));
    if (b.detailed())
        b.bar("wood", {-8, b.between(180, 195)}, {264, b.between(175, 195)}, 6);
}

void dunes(Brush &b)
{
    b.land("sand", b.between(110, 150), 26, 2);
    if (b.detailed()) {
        b.lumps("bush", 4, 205, 20, 12);
        b.lumps("straw", 6, 225, 20, 12);
    }
    b.blob("rock", b.between(40, 216), b.between(140, 175), b.between(18, 40), b.between(12, 24));
}

void canyon(Brush &b)
{
    b.land("dirt", b.between(150, 170), 6, 1);
    b.blob("rock", b.between(10, 50), 130, b.between(60, 90), b.between(60, 80));
    b.blob("rock", b.between(200, 250), 135, b.between(50, 90), b.between(50, 85));
    b.winding("river", b.between(110, 146), b.between(150, 170), b.between(34, 60));
    if (b.detailed())
        b.lumps("gravel", 5, 205, 18, 16);
}

void village(Brush &b)
{
    b.land("hill", b.between(95, 125), 18, 2);
    b.land("grass", b.between(140, 160), 6, 2);
    b.winding("road", b.between(100, 160), b.between(140, 155), b.between(24, 42));
    b.house(b.between(36, 90), b.between(165, 180), b.between(15, 26));
    if (b.detailed()) {
        b.house(b.between(170, 220), b.between(158, 175), b.between(12, 20));
        b.lumps("tree", 4, 150, 8, 26);
        b.bar("wood", {20, 205}, {b.between(80, 120), 200}, 5);
    }
}

void winter(Brush &b)
{
    b.land("mountain", b.between(70, 100), 30, 2);
    b.caps("snow", b.between(22, 36));
    b.land("tree", b.between(125, 140), 5, 4);
    b.land("snow", b.between(150, 170), 8, 2);
    if (b.detailed()) {
        b.house(b.between(60, 196), b.between(185, 205), b.between(15, 24));
        b.lumps("tree", 3, 195, 14, 22);
    }
}

void foggyValley(Brush &b)
{
    b.land("hill", b.between(80, 105), 16, 2);
    b.bar("fog", {-10, b.between(120, 132)}, {266, b.between(120, 135)}, b.between(22, 36));
    b.land("tree", b.between(150, 165), 8, 4);
    b.land("grass", b.between(190, 205), 5, 1);
    if (b.detailed())
        b.blob("water", b.between(90, 166), 226, 60, 14);
}

void bridge(Brush &b)
{
    b.land("tree", b.between(85, 110), 10, 3);
    b.land("grass", b.between(130, 145), 5, 2);
    b.winding("river", b.between(115, 140), 140, b.between(55, 80));
    const double y = b.between(168, 190);
    b.bar("bridge", {b.between(20, 50), y}, {b.between(200, 236), y + b.between(-8, 8)}, b.between(12, 20));
    if (b.detailed()) {
        b.lumps("stone", 5, 225, 16, 12);
        b.bar("road", {-8, y + 4}, {44, y}, 13);
    }
}

void swamp(Brush &b)
{
    b.land("tree", b.between(95, 115), 8, 4);
    b.land("mud", b.between(140, 155), 6, 2);
    b.blob("water", b.between(50, 110), b.between(185, 200), b.between(40, 60), 16);
    b.blob("water", b.between(150, 220), b.between(205, 235), b.between(40, 60), 18);
    b.lumps("bush", 5, b.between(160, 180), 10, b.between(12, 22));
    if (b.detailed())
        b.lumps("straw", 7, 235, 14, 10);
}

void lagoon(Brush &b)
{
    b.land("sea", b.between(100, 125), 1.5, 1);
    b.blob("tree", b.between(170, 256), b.between(90, 115), b.between(50, 80), b.between(26, 44));
    b.land("sand", b.between(185, 215), 12, 1);
    if (b.detailed()) {
        b.lumps("tree", 2, 180, 24, 34);
        b.bar("wood", {b.between(40, 90), 205}, {b.between(110, 140), 160}, 9);
    }
}

void fieldRoad(Brush &b)
{
    b.land("hill", b.between(110, 130), 9, 2);
    b.land("straw", b.between(135, 150), 4, 1);
    b.winding("road", b.between(110, 146), b.between(138, 150), b.between(36, 60));
    b.lumps("tree", 3, b.between(128, 140), 5, b.between(16, 28));
    if (b.detailed())
        b.lumps("flower", 6, 225, 20, 14);
}

void scree(Brush &b)
{
    b.land("mountain", b.between(60, 90), 36, 2);
    b.land("gravel", b.between(140, 160), 12, 2);
    b.blob("water", b.between(70, 186), b.between(205, 225), b.between(60, 100), b.between(16, 26));
    b.lumps("stone", 7, b.between(175, 195), 18, b.between(10, 20));
    if (b.detailed())
        b.lumps("dirt", 4, 240, 8, 16);
}

void island(Brush &b)
{
    const double horizon = b.between(105, 135);
    b.land("sea", horizon, 1.5, 1);
    b.blob("mountain", b.between(90, 166), horizon - 6, b.between(44, 70), b.between(26, 44));
    if (b.detailed()) {
        b.blob("tree", b.between(100, 156), horizon + 16, b.between(40, 60), 12);
        b.bar("sand", {70, horizon + 26}, {190, horizon + 26}, 8);
    }
}

void threeStrokes(Brush &b)
{
    constexpr std::array<const char *, 4> kFar{"mountain", "hill", "tree", "snow"};
    constexpr std::array<const char *, 4> kNear{"grass", "water", "straw", "dirt"};
    b.land(kFar[size_t(b.between(0, 3.999))], b.between(90, 130), 20, 1);
    b.land(kNear[size_t(b.between(0, 3.999))], b.between(160, 190), 10, 1);
    if (b.detailed())
        b.blob("tree", b.between(40, 216), b.between(140, 175), 30, 34);
}

struct Scene {
    const char *name;
    void (*paint)(Brush &);
    const char *biome;
};

constexpr std::array<Scene, 16> kScenes{{{"lake", lake, "alpine"},
                                         {"coast", coast, "coast"},
                                         {"forest-river", forestRiver, "broadleaf"},
                                         {"meadow", meadow, "meadow"},
                                         {"dunes", dunes, "desert"},
                                         {"canyon", canyon, "canyon"},
                                         {"village", village, "meadow"},
                                         {"winter", winter, "arctic"},
                                         {"foggy-valley", foggyValley, "broadleaf"},
                                         {"bridge", bridge, "broadleaf"},
                                         {"swamp", swamp, "tropical"},
                                         {"lagoon", lagoon, "tropical"},
                                         {"field-road", fieldRoad, "meadow"},
                                         {"scree", scree, "alpine"},
                                         {"island", island, "coast"},
                                         {"three-strokes", threeStrokes, "any"}}};

constexpr std::array<Habit, 4> kHabits{{{.brush = 14,
                                         .rough = 0.1,
                                         .scrubbed = false,
                                         .detailed = true,
                                         .clouds = 2,
                                         .holes = 0,
                                         .lift = 12,
                                         .mirrored = false},
                                        {.brush = 22,
                                         .rough = 0.12,
                                         .scrubbed = true,
                                         .detailed = false,
                                         .clouds = 1,
                                         .holes = 0,
                                         .lift = -22,
                                         .mirrored = true},
                                        {.brush = 34,
                                         .rough = 0.16,
                                         .scrubbed = false,
                                         .detailed = false,
                                         .clouds = 2,
                                         .holes = 1,
                                         .lift = 24,
                                         .mirrored = false},
                                        {.brush = 18,
                                         .rough = 0.14,
                                         .scrubbed = false,
                                         .detailed = true,
                                         .clouds = 0,
                                         .holes = 4,
                                         .lift = -6,
                                         .mirrored = true}}};

constexpr std::array<const char *, 6> kLights{"day", "golden", "sunset", "overcast", "dusk", "night"};

CrudeMap painted(const LabelSet &set, const Scene &scene, size_t place, size_t habit)
{
    Brush brush(set, unsigned(1000 + 10 * place + habit), kHabits[habit]);
    brush.sky();
    brush.clouds();
    scene.paint(brush);
    brush.wipe();
    const bool foggy = scene.paint == foggyValley;
    // Steps of 5 and 7 bring every light to every habit.
    return {std::string(scene.name) + "-" + std::to_string(habit + 1), brush.map(),
            kLights[(5 * place + 7 * habit) % 6], scene.biome,
            foggy                       ? "fog"
            : kHabits[habit].clouds > 1 ? "cloudy"
                                        : "any"};
}

} // namespace

std::vector<CrudeMap> paintCrudeMaps(const LabelSet &set)
{
    std::vector<CrudeMap> maps;
    for (size_t place = 0; place < kScenes.size(); ++place)
        for (size_t habit = 0; habit < kHabits.size(); ++habit)
            maps.push_back(painted(set, kScenes[place], place, habit));
    return maps;
}

} // namespace tessera::tests
