#pragma once

#include "core/landscape/vector.h"

#include <cstdint>
#include <string>

namespace tessera::core
{

enum class Biome : std::uint8_t { Alpine, Meadow, Desert, Coast, Broadleaf, Canyon, Tropical, Arctic };
enum class Light : std::uint8_t { Day, Golden, Sunset, Dusk, Night, Overcast };
enum class Weather : std::uint8_t { Clear, Cloudy, Fog };
enum class Shore : std::uint8_t { Sand, Gravel, Mud };

// What a picture is about, when it is about something else than the land as a whole.
enum class Subject : std::uint8_t { Land, Bridge, Road, Village, Farm, Boardwalk, Flowers, Stones, Mud, Fog };

const char *biomeName(Biome biome);
const char *lightName(Light light);
const char *weatherName(Weather weather);

// Shape of the land. Kilometres.
struct Terrain {
    std::uint32_t seed = 0;
    float mountainHeight = 0;
    float mountainDistance = 0;
    float plainHeight = 0;
    float ridge = 0; // 0 rounded and eroded, 1 sharp crests
    float warp = 0;
    float frequency = 0; // of the largest hills, per km
    float dune = 0;
    float terrace = 0; // height of a canyon step, 0 none
    bool hasWater = false;
    float waterLevel = -9;
    bool river = false; // the water runs in a winding bed; the land beside it is above the water
    float riverOffset = 0;
    float riverWidth = 0;
    float riverBend = 0;
    float wave = 0;
    bool road = false;
    float roadOffset = 0;
    float roadWidth = 0;
    float roadBend = 0;
    bool paved = false;
    float snowLine = 9;
    float treeLine = 0;
    float forest = 0;          // share of the land under trees, or under bushes where they are all that grows
    bool shrubs = false;       // the forest is one of bushes
    float crownHeight = .016f; // of trees or bushes
    float crownsPerKm = 85;
    float conifers = 1; // share of the crowns that are cones, the rest is round
    float stones = 0;   // share of stony ground that lies under boulders
    float stony = .40f; // where broad noise is above this the ground is stony
    float strata = 1;   // scale along the layers of the rock over that across them: small is layered
    float farms = 0;    // share of the plain under straw fields
    float flowers = 0;
    float flowering = .38f; // where broad noise is above this flowers grow
    float mud = .46f;       // where broad noise is above this wet ground is bare
    Shore shore = Shore::Sand;
};

struct Camera {
    Vec3 position;
    float pitch = 0;     // radians, positive looks down
    float focal = 1;     // half a picture width of 1 at this distance
    float columns = 256; // pixels across the picture: nothing finer than a pixel is drawn

    // Width in km of what a pixel shows at a distance.
    TESSERA_PIXEL float footprint(float distance) const { return 2 * distance / (columns * focal); }
};

// Colours are linear RGB albedos.
struct Palette {
    Vec3 grassA, grassB, rockA, rockB, sand, dirt, treeA, treeB, treeC, water, road;
    float accent = 0; // share of the trees that have the colour treeC
    bool dryGrass = false;
};

struct Air {
    float haze = 0;
    float clouds = 0; // cover of heap clouds
    float cloudScale = 0;
    float cloudDepth = 0; // thickness of the layer of heap clouds, km
    float storm = 0;      // how dark its underside is, [0, 1]
    float cirrus = 0;
    float overcast = 0;
    float fogDensity = 0;
    float fogHeight = 0;
    float fogBase = 0; // height up to which the fog is densest, km
};

enum class SpriteKind : std::uint8_t {
    Conifer,
    Broadleaf,
    Palm,
    Bush,
    DeadTree,
    Reed,
    Tuft,
    Flowers,
    Boulder,
    Log,
    Bale,
    Fence
};

// An upright thing that always faces the camera.
struct Sprite {
    Vec3 foot;
    float height = 0;
    float halfWidth = 0;
    float slope = 0; // how much the foot rises from the middle to the right edge
    SpriteKind kind = SpriteKind::Conifer;
    std::uint32_t seed = 0;
    Vec3 color;
    Vec3 color2;
};

inline constexpr int kMaxSprites = 448;
inline constexpr int kSpriteSectors = 48;

// A way of planks on posts: a pier, a boardwalk, a wooden bridge. Straight from point to point.
struct Walk {
    static constexpr int kMost = 28;
    int count = 0;      // of the points
    Vec3 points[kMost]; // on the middle of the deck
    float halfWidth = 0;
    float railing = 0; // height above the deck, 0: none
    float legs = 0;    // length of the posts below the deck
    bool bridge = false;
    std::uint32_t seed = 0;
    Vec3 color;
};

// A bridge of stone with round arches. The unit vector (alongX, alongZ) points from bank to bank.
struct StoneBridge {
    bool present = false;
    Vec3 middle; // at the height of the water
    float alongX = 1;
    float alongZ = 0;
    float halfLength = 0;
    float halfWidth = 0;
    float deck = 0; // height of the roadway above the water at the ends
    float hump = 0; // how much higher it is in the middle
    int arches = 1;
    std::uint32_t seed = 0;
    Vec3 color;
};

// A house with a gable at either end of its ridge, which runs along (alongX, alongZ).
struct House {
    Vec3 foot; // middle of the floor
    float alongX = 0;
    float alongZ = 1;
    float halfWidth = 0;
    float halfLength = 0;
    float eaves = 0; // heights above the floor
    float ridge = 0;
    std::uint32_t seed = 0;
    Vec3 wall;
    Vec3 roof;
};

inline constexpr int kMaxWalks = 2;
inline constexpr int kMaxHouses = 20;

// What people built.
struct Structures {
    int walkCount = 0;
    Walk walks[kMaxWalks];
    StoneBridge bridge;
    int houseCount = 0;
    House houses[kMaxHouses];
};

// Which sprites a ray can meet: lists by the ray's direction on the map, seen from the camera. The view is cut
// into sectors of equal tangent; what is outside the widest view falls into the outermost ones.
struct SpriteSectors {
    static constexpr int kMaxEntries = 6144;
    std::uint16_t begin[kSpriteSectors + 1] = {};
    std::uint16_t entries[kMaxEntries] = {};
};

inline constexpr int kSkyColumns = 64;
inline constexpr int kSkyRows = 33;

// Everything that decides a picture, a plain value: the pixel functions read nothing else.
struct Scene {
    std::uint32_t seed = 0;
    Biome biome = Biome::Alpine;
    Subject subject = Subject::Land;
    Terrain terrain;
    Camera camera;
    Palette palette;
    Air air;
    float sunElevation = 0; // radians
    bool night = false;
    float saturation = 1;
    Vec3 sun;   // towards the sun
    Vec3 light; // towards the light: the sun, at night the moon
    Vec3 lightColor;
    Vec3 skyAverage;
    Vec3 sky[kSkyColumns * kSkyRows]; // radiance by azimuth (columns) and elevation (rows, finer near the horizon)
    int spriteCount = 0;
    Sprite sprites[kMaxSprites]; // far to near
    SpriteSectors spriteSectors; // by the sprite
    SpriteSectors shadowSectors; // by the shadow on the ground
    Structures structures;
};

// What a data set records about a picture.
struct SceneFacts {
    std::uint32_t seed = 0;
    int lighting = 0; // of the same land: 0 is the seed's own
    std::string biome;
    std::string light;
    std::string weather;
    float sunElevationDegrees = 0;
    float fovDegrees = 0; // horizontal
    bool river = false;
    bool road = false;
};

// A pure function of the seed. Draws scenes until one is well composed: enough but not only sky, no wall in
// front of the camera, a skyline that is not flat, water that shows when there is some.
Scene makeScene(std::uint32_t seed);

// Gives a scene that makeScene(seed) made another sun and other weather; everything else stays. A pure function of
// the seed and of `lighting`, which counts from 1.
void relight(Scene &scene, std::uint32_t seed, int lighting);

SceneFacts sceneFacts(const Scene &scene);

// Light names by the sun's elevation in degrees: above 20 day, 6 golden, -1 sunset, -10 dusk, below night.
Light lightFromElevation(float degrees);

} // namespace tessera::core
