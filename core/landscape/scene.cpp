#include "core/landscape/scene.h"

#include "core/landscape/composition.h"
#include "core/landscape/sky.h"
#include "core/landscape/sprites.h"

#include <array>

namespace tessera::core
{

namespace
{

constexpr float kDegrees = 180 / kPi;

Biome drawBiome(Random &random)
{
    static constexpr std::array<Biome, 19> kDeck = {
        Biome::Alpine,   Biome::Alpine,    Biome::Alpine,    Biome::Alpine,    Biome::Meadow,
        Biome::Meadow,   Biome::Meadow,    Biome::Desert,    Biome::Coast,     Biome::Coast,
        Biome::Coast,    Biome::Broadleaf, Biome::Broadleaf, Biome::Broadleaf, Biome::Canyon,
        Biome::Tropical, Biome::Tropical,  Biome::Arctic,    Biome::Arctic};
    return kDeck[static_cast<std::size_t>(random.below(static_cast<int>(kDeck.size())))];
}

Vec3 fromAngles(float elevation, float azimuth)
{
    return {std::cos(elevation) * std::sin(azimuth), std::sin(elevation),
            std::cos(elevation) * std::cos(azimuth)};
}

float drawElevation(Random &random)
{
    const float hour = random.next();
    if (hour < .45f)
        return random.range(.355f, 1.05f);
    if (hour < .66f)
        return random.range(.11f, .345f);
    if (hour < .84f)
        return random.range(-.01f, .10f);
    if (hour < .93f)
        return random.range(-.12f, -.02f);
    return random.range(-.32f, -.19f);
}

void drawLight(Scene &scene, Random &random)
{
    const float elevation = drawElevation(random);
    scene.sunElevation = elevation;
    scene.night = elevation < -10 / kDegrees;
    float azimuth = random.range(0, 2 * kPi);
    if (elevation < .12f && random.chance(.7f))
        azimuth = random.range(-.7f, .7f); // a low sun is mostly painted from the front
    scene.sun = fromAngles(elevation, azimuth);
    scene.light = scene.night ? fromAngles(random.range(.12f, .8f), random.range(0, 2 * kPi)) : scene.sun;
}

void drawAir(Scene &scene, Random &random)
{
    Air &air = scene.air;
    air.overcast = scene.sunElevation > .1f && random.chance(.16f) ? random.range(.6f, 1.f) : 0;
    air.haze = .35f + 2.0f * std::pow(random.next(), 2.4f);
    air.clouds = random.chance(.25f) ? 0 : random.range(.15f, .95f);
    air.cloudScale = random.range(.28f, .75f);
    air.cirrus = random.chance(.45f) ? 0 : random.range(.2f, 1.f);
    if (air.overcast > 0)
        air.clouds = random.range(.7f, 1.f);
    air.fogDensity = random.chance(.13f) ? random.range(.25f, 1.4f) : 0;
    air.fogHeight = random.range(.06f, .28f);
}

void drawTerrain(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t = Terrain{};
    t.seed = scene.seed;
    t.mountainHeight = random.range(1.2f, 3.0f);
    t.mountainDistance = random.range(.8f, 4.f);
    t.plainHeight = random.range(.15f, .5f);
    t.ridge = random.next();
    t.warp = random.range(.2f, 1.1f);
    t.frequency = random.range(.28f, .55f);
    t.snowLine = random.range(.7f, 1.6f);
    t.treeLine = random.range(.45f, 1.1f);
    t.forest = random.chance(.3f) ? 0 : random.range(.25f, .75f);
    t.wave = std::pow(random.next(), 1.5f);
    t.shore = static_cast<Shore>(random.below(3));
    t.riverOffset = random.range(-.16f, .16f);
    t.riverWidth = random.range(.010f, .030f);
    t.riverBend = random.range(.15f, .6f);
    t.roadOffset = random.range(-.03f, .03f);
    t.roadWidth = random.range(.0018f, .0042f);
    t.roadBend = random.range(.03f, .25f);
}

void drawPalette(Scene &scene, Random &random)
{
    Palette &c = scene.palette;
    const float dry = random.next(), dry2 = dry * dry;
    c.grassA = mix(Vec3{.10f, .17f, .035f}, Vec3{.30f, .24f, .09f}, dry2);
    c.grassB = mix(Vec3{.050f, .105f, .020f}, Vec3{.21f, .18f, .065f}, dry2 * random.range(.5f, 1.f));
    c.dryGrass = dry > .74f;
    const float brown = random.next();
    c.rockA = mix(Vec3{.22f, .21f, .20f}, Vec3{.30f, .24f, .19f}, brown);
    c.rockB = mix(Vec3{.10f, .10f, .105f}, Vec3{.16f, .12f, .09f}, brown);
    c.sand = mix(Vec3{.50f, .42f, .29f}, Vec3{.58f, .50f, .38f}, random.next());
    c.dirt = mix(Vec3{.18f, .13f, .085f}, Vec3{.24f, .19f, .14f}, random.next());
    const float autumn = random.next();
    c.treeA = {.018f, .045f, .016f};
    c.treeB = {.050f, .090f, .024f};
    if (autumn < .22f) {
        c.treeA = {.16f, .055f, .012f};
        c.treeB = {.26f, .15f, .02f};
    } else if (autumn < .5f) {
        c.treeA = {.02f, .055f, .025f};
        c.treeB = {.035f, .07f, .03f};
    }
    c.water = mix(Vec3{.012f, .045f, .055f}, Vec3{.03f, .10f, .10f}, random.next());
    c.road = random.chance(.4f) ? grey(random.range(.09f, .16f)) : c.dirt * random.range(1.1f, 1.7f);
    scene.saturation = random.range(.80f, 1.08f);
}

void alpine(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.hasWater = random.chance(.72f);
    t.waterLevel = random.range(-.04f, .05f);
    t.river = t.hasWater && random.chance(.25f);
    t.mountainHeight = random.range(2.0f, 3.8f);
    t.mountainDistance = random.range(.9f, 3.5f);
    t.road = random.chance(.15f);
}

void meadow(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.mountainHeight = random.range(.4f, 1.8f);
    t.flowers = random.chance(.5f) ? random.range(.3f, 1.f) : 0;
    t.snowLine = 9;
    t.forest *= .8f;
    t.hasWater = random.chance(.45f);
    t.river = t.hasWater && random.chance(.75f);
    t.waterLevel = random.range(-.06f, .0f);
    t.road = random.chance(.4f);
}

void desert(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.mountainHeight = random.range(.3f, 1.2f);
    t.dune = random.range(.05f, .25f);
    t.snowLine = 9;
    t.forest = 0;
    scene.palette.rockA = {.34f, .20f, .12f};
    scene.palette.rockB = {.24f, .13f, .08f};
    scene.palette.sand = mix(Vec3{.58f, .40f, .22f}, Vec3{.62f, .50f, .34f}, random.next());
    scene.air.clouds *= .5f;
}

void coast(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.hasWater = true;
    t.shore = random.chance(.7f) ? Shore::Sand : Shore::Gravel;
    t.waterLevel = random.range(.02f, .16f);
    t.mountainHeight = random.range(.3f, 1.6f);
    t.mountainDistance = random.range(2, 8);
    t.wave = random.range(.3f, 1.f);
    t.snowLine = random.range(1.2f, 3.f);
}

void broadleaf(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.forest = random.range(.5f, .9f);
    t.mountainHeight = random.range(.4f, 1.5f);
    t.snowLine = 9;
    t.treeLine = 3;
    t.hasWater = random.chance(.55f);
    t.river = t.hasWater && random.chance(.6f);
    t.waterLevel = random.range(-.04f, .02f);
    t.road = random.chance(.4f);
}

void canyon(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.terrace = random.range(.18f, .4f);
    t.mountainHeight = random.range(.8f, 1.8f);
    t.snowLine = 9;
    t.forest = random.chance(.3f) ? .2f : 0;
    t.ridge *= .4f;
    t.hasWater = random.chance(.45f);
    t.river = t.hasWater;
    t.waterLevel = 0;
    t.road = random.chance(.2f);
    scene.palette.rockA = {.42f, .21f, .11f};
    scene.palette.rockB = {.28f, .13f, .075f};
    scene.palette.dirt = {.30f, .18f, .11f};
}

void tropical(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.hasWater = true;
    t.shore = Shore::Sand;
    t.waterLevel = random.range(.03f, .14f);
    t.mountainHeight = random.range(.3f, 1.2f);
    t.snowLine = 9;
    t.forest = random.range(.4f, .8f);
    t.treeLine = 2;
    t.wave = random.range(.2f, .7f);
    scene.palette.water = {.01f, .16f, .17f};
    scene.palette.sand = {.66f, .58f, .45f};
    scene.palette.dryGrass = false;
}

void arctic(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.snowLine = random.range(-1.f, .15f);
    t.mountainHeight = random.range(.8f, 2.4f);
    t.forest *= .6f;
    t.hasWater = random.chance(.5f);
    t.waterLevel = random.range(-.05f, .06f);
}

void drawBiomeDetails(Scene &scene, Random &random)
{
    using Draw = void (*)(Scene &, Random &);
    static constexpr Draw kDraw[] = {alpine, meadow, desert, coast, broadleaf, canyon, tropical, arctic};
    kDraw[static_cast<int>(scene.biome)](scene, random);
}

void placeCamera(Scene &scene, Random &random)
{
    Camera &camera = scene.camera;
    Terrain &t = scene.terrain;
    camera.position = {random.range(-3, 3), 0, random.range(-3, 3)};
    if (t.river) { // the bed lies a little below the land at the camera
        t.river = false;
        t.waterLevel =
            terrainHeight(scene, camera.position.x, camera.position.z, 9) - random.range(.004f, .03f);
        t.river = true;
    }
    const float ground = terrainHeight(scene, camera.position.x, camera.position.z, 9);
    const float kind = random.next();
    const float above = kind < .52f   ? random.range(.005f, .04f)
                        : kind < .87f ? random.range(.04f, .25f)
                                      : random.range(.25f, .9f);
    camera.position.y = std::max(ground, t.hasWater ? t.waterLevel : -9.f) + above;
    camera.focal = random.range(1.15f, 3.0f);
    camera.pitch = (random.range(-.30f, .22f) - above * .25f) * 1.5f / camera.focal;
}

} // namespace

const char *biomeName(Biome biome)
{
    static constexpr const char *kNames[] = {"alpine",    "meadow", "desert",   "coast",
                                             "broadleaf", "canyon", "tropical", "arctic"};
    return kNames[static_cast<int>(biome)];
}

const char *lightName(Light light)
{
    static constexpr const char *kNames[] = {"day", "golden", "sunset", "dusk", "night", "overcast"};
    return kNames[static_cast<int>(light)];
}

const char *weatherName(Weather weather)
{
    static constexpr const char *kNames[] = {"clear", "cloudy", "fog"};
    return kNames[static_cast<int>(weather)];
}

Light lightFromElevation(float degrees)
{
    return degrees > 20    ? Light::Day
           : degrees > 6   ? Light::Golden
           : degrees > -1  ? Light::Sunset
           : degrees > -10 ? Light::Dusk
                           : Light::Night;
}

Scene makeScene(std::uint32_t seed)
{
    constexpr std::uint32_t kAttempts = 40; // the last one is taken as it is
    Scene scene;
    for (std::uint32_t attempt = 0; attempt < kAttempts; ++attempt) {
        Random random{hash32(seed * 977u + attempt * 131u + 7u)};
        for (int i = 0; i < 4; ++i)
            random.next(); // the first draws of near states are alike
        scene.seed = hash32(seed + attempt * 7919u) & 0xffffff;
        scene.biome = drawBiome(random);
        drawLight(scene, random);
        drawAir(scene, random);
        drawTerrain(scene, random);
        drawPalette(scene, random);
        drawBiomeDetails(scene, random);
        placeCamera(scene, random);
        const bool good = wellComposed(scene, random);
        if (good || attempt + 1 == kAttempts) {
            placeSprites(scene, random);
            break;
        }
    }
    computeSky(scene);
    return scene;
}

SceneFacts sceneFacts(const Scene &scene)
{
    SceneFacts facts;
    facts.sunElevationDegrees = scene.sunElevation * kDegrees;
    facts.fovDegrees = 2 * std::atan(1 / scene.camera.focal) * kDegrees;
    facts.biome = biomeName(scene.biome);
    facts.light =
        lightName(scene.air.overcast > 0 ? Light::Overcast : lightFromElevation(facts.sunElevationDegrees));
    const Weather weather = scene.air.fogDensity > 0 ? Weather::Fog
                            : scene.air.clouds > .6f ? Weather::Cloudy
                                                     : Weather::Clear;
    facts.weather = weatherName(weather);
    facts.river = scene.terrain.river;
    facts.road = scene.terrain.road;
    return facts;
}

} // namespace tessera::core
