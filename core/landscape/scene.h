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
    float snowLine = 9;
    float treeLine = 0;
    float forest = 0;          // share of the land under trees, or under bushes where they are all that grows
    bool shrubs = false;       // the forest is one of bushes
    float crownHeight = .016f; // of trees or bushes
    float crownsPerKm = 85;
    float conifers = 1; // share of the crowns that are cones, the rest is round
    float stones = 0;   // share of stony ground that lies under boulders
    float strata = 1;   // scale along the layers of the rock over that across them: small is layered
    float farms = 0;    // share of the plain under straw fields
    float flowers = 0;
    Shore shore = Shore::Sand;
};

struct Camera {
    Vec3 position;
    float pitch = 0;     // radians, positive looks down
    float focal = 1;     // half a picture width of 1 at this distance
    float columns = 256; // pixels across the picture: nothing finer than a pixel is drawn

    // Width in km of what a pixel shows at a distance.
    float footprint(float distance) const { return 2 * distance / (columns * focal); }
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
    House,
    Fence,
    Bridge
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

// A pier of planks on posts. The unit vector (alongX, alongZ) points from the shore into the water.
struct Pier {
    bool present = false;
    Vec3 middle; // at the height of the water
    float alongX = 0;
    float alongZ = 1;
    float halfLength = 0;
    float halfWidth = 0;
    std::uint32_t seed = 0;
    Vec3 color;
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
    Pier pier;
};

// What a data set records about a picture.
struct SceneFacts {
    std::uint32_t seed = 0;
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

SceneFacts sceneFacts(const Scene &scene);

// Light names by the sun's elevation in degrees: above 20 day, 6 golden, -1 sunset, -10 dusk, below night.
Light lightFromElevation(float degrees);

} // namespace tessera::core
