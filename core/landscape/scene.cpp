#include "core/landscape/scene.h"

#include "core/landscape/biomes.h"
#include "core/landscape/composition.h"
#include "core/landscape/sky.h"
#include "core/landscape/sprites.h"
#include "core/landscape/structureplacement.h"
#include "core/landscape/subject.h"

#include <array>

namespace tessera::core
{

namespace
{

constexpr float kDegrees = 180 / kPi;

Biome drawBiome(Random &random)
{
    static constexpr std::array<Biome, 23> kDeck = {
        Biome::Alpine,    Biome::Alpine, Biome::Alpine,   Biome::Alpine, Biome::Alpine,    Biome::Alpine,
        Biome::Meadow,    Biome::Meadow, Biome::Meadow,   Biome::Meadow, Biome::Meadow,    Biome::Desert,
        Biome::Coast,     Biome::Coast,  Biome::Coast,    Biome::Coast,  Biome::Broadleaf, Biome::Broadleaf,
        Biome::Broadleaf, Biome::Canyon, Biome::Tropical, Biome::Arctic, Biome::Arctic};
    return kDeck[static_cast<std::size_t>(random.below(static_cast<int>(kDeck.size())))];
}

Vec3 fromAngles(float elevation, float azimuth)
{
    return {std::cos(elevation) * std::sin(azimuth), std::sin(elevation), std::cos(elevation) * std::cos(azimuth)};
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
    air.overcast = scene.sunElevation > .1f && random.chance(.13f) ? random.range(.6f, 1.f) : 0;
    air.haze = .35f + 2.0f * std::pow(random.next(), 2.4f);
    air.clouds = random.chance(.22f) ? 0 : random.range(.12f, .92f);
    air.cloudScale = random.range(.30f, .85f);
    air.cloudDepth = random.range(.5f, 1.9f);
    air.storm = random.chance(.2f) ? random.range(.5f, 1.f) : 0;
    air.cirrus = random.chance(.45f) ? 0 : random.range(.2f, 1.f);
    if (air.overcast > 0)
        air.clouds = random.range(.7f, 1.f);
    air.fogDensity = random.chance(.18f) ? random.range(.4f, 2.8f) : 0;
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
    t.conifers = random.range(.6f, 1.f);
    t.stones = random.chance(.45f) ? random.range(.25f, .8f) : 0;
    t.strata = random.range(.15f, 1.f);
    t.riverOffset = random.range(-.12f, .12f);
    t.riverWidth = random.range(.012f, .040f);
    t.riverBend = random.range(.15f, .6f);
    t.roadOffset = random.range(-.012f, .012f);
    t.roadWidth = random.range(.0020f, .0052f);
    t.roadBend = random.range(.03f, .25f);
}

// Greens of summer or spring, or the colours of autumn.
void drawSeason(Palette &c, Random &random)
{
    const float season = random.next();
    c.treeA = {.020f, .046f, .016f};
    c.treeB = {.052f, .092f, .024f};
    c.treeC = {.085f, .105f, .022f};
    c.accent = random.range(0, .35f);
    if (season < .20f) { // high autumn
        c.treeA = {.15f, .050f, .012f};
        c.treeB = {.26f, .15f, .02f};
        c.treeC = random.chance(.5f) ? Vec3{.24f, .035f, .015f} : Vec3{.07f, .085f, .02f};
        c.accent = .4f;
    } else if (season < .34f) { // the first leaves turn
        c.treeC = random.chance(.5f) ? Vec3{.30f, .17f, .02f} : Vec3{.22f, .07f, .015f};
        c.accent = random.range(.2f, .55f);
    } else if (season < .46f) { // young leaves, blossom here and there
        c.treeA = {.045f, .085f, .018f};
        c.treeB = {.095f, .145f, .030f};
        c.treeC = random.chance(.35f) ? Vec3{.50f, .36f, .38f} : Vec3{.12f, .16f, .03f};
    } else if (season < .65f) { // bluish firs
        c.treeA = {.020f, .052f, .028f};
        c.treeB = {.036f, .072f, .032f};
    }
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
    drawSeason(c, random);
    c.water = mix(Vec3{.014f, .050f, .075f}, Vec3{.030f, .125f, .150f}, random.next());
    scene.terrain.paved = random.chance(.4f);
    c.road = scene.terrain.paved ? grey(random.range(.09f, .16f)) : c.dirt * random.range(1.1f, 1.7f);
    scene.saturation = random.range(.80f, 1.08f);
}

// A place at the edge of a lake or the sea, most often on the land, where one can be found.
void goToShore(Scene &scene, Random &random)
{
    const float level = scene.terrain.waterLevel;
    Vec3 dry, wet;
    bool foundDry = false, foundWet = false;
    for (int k = 0; k < 24 && !(foundDry && foundWet); ++k) {
        const Vec3 p = {random.range(-3, 3), 0, random.range(-3, 3)};
        const bool land = terrainHeight(scene, p.x, p.z, 9) > level;
        (land ? dry : wet) = p;
        (land ? foundDry : foundWet) = true;
    }
    if (!foundDry || !foundWet)
        return;
    for (int k = 0; k < 11; ++k) {
        const Vec3 middle = mix(dry, wet, .5f);
        (terrainHeight(scene, middle.x, middle.z, 9) > level ? dry : wet) = middle;
    }
    Vec3 inland = dry - wet;
    inland = inland * (1 / std::max(1e-6f, length(inland)));
    // The camera looks towards positive z: land behind it shows the water, land ahead of it the shore.
    const float step = random.chance(.7f) ? random.range(.004f, .03f) : -random.range(.01f, .05f);
    scene.camera.position = dry + inland * step;
}

// Somewhere at any height.
void placeFreeCamera(Scene &scene, Random &random)
{
    Camera &camera = scene.camera;
    Terrain &t = scene.terrain;
    if (t.river) { // the bed lies a little below the land at the camera
        t.river = false;
        t.waterLevel = terrainHeight(scene, camera.position.x, camera.position.z, 9) - random.range(.004f, .03f);
        t.river = true;
    }
    const float ground = terrainHeight(scene, camera.position.x, camera.position.z, 9);
    const float kind = random.next();
    const float above = kind < .36f   ? random.range(.0022f, .010f)
                        : kind < .66f ? random.range(.010f, .04f)
                        : kind < .90f ? random.range(.04f, .25f)
                                      : random.range(.25f, .9f);
    camera.position.y = std::max(ground, t.hasWater ? t.waterLevel : -9.f) + above;
    camera.focal = random.range(1.15f, 3.0f);
    camera.pitch = (random.range(-.30f, .22f) - above * .25f) * 1.5f / camera.focal;
}

void placeCamera(Scene &scene, Random &random)
{
    Vec3 &position = scene.camera.position;
    const Terrain &t = scene.terrain;
    const bool free = scene.subject == Subject::Land || scene.subject == Subject::Fog;
    const float reach = free ? 3.f : .5f * std::min(3.f, t.mountainDistance);
    position = {random.range(-reach, reach), 0, random.range(-reach, reach)};
    const bool atShore = scene.subject == Subject::Mud || random.chance(.6f);
    if (t.hasWater && !t.river && atShore)
        goToShore(scene, random);
    scene.air.fogBase = std::max(t.waterLevel, 0.f);
    if (scene.subject == Subject::Land)
        placeFreeCamera(scene, random);
    else
        placeSubjectCamera(scene, random);
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
    scene.subject = drawSubject(seed);
    for (std::uint32_t attempt = 0; attempt < kAttempts; ++attempt) {
        Random random{hash32(seed * 977u + attempt * 131u + 7u)};
        for (int i = 0; i < 4; ++i)
            random.next(); // the first draws of near states are alike
        scene.seed = hash32(seed + attempt * 7919u) & 0xffffff;
        scene.biome = scene.subject == Subject::Land ? drawBiome(random) : drawSubjectBiome(scene.subject, random);
        drawLight(scene, random);
        drawAir(scene, random);
        drawTerrain(scene, random);
        drawPalette(scene, random);
        drawBiomeDetails(scene, random);
        prepareSubject(scene, random);
        if (!scene.terrain.hasWater)
            scene.terrain.waterLevel = Terrain{}.waterLevel;
        placeCamera(scene, random);
        const bool good = wellComposed(scene, random) && placeStructures(scene, random);
        if (good || attempt + 1 == kAttempts) {
            placeSprites(scene, random);
            break;
        }
    }
    computeSky(scene);
    return scene;
}

void relight(Scene &scene, std::uint32_t seed, int lighting)
{
    const auto hour = [&scene] { return lightFromElevation(scene.sunElevation * kDegrees); };
    constexpr int kDraws = 6; // for an hour that is another one
    const Light before = hour();
    const Air air = scene.air;
    Random random{hash32(seed * 2909u + static_cast<std::uint32_t>(lighting) * 613u + 3u)};
    for (int i = 0; i < kDraws && (i == 0 || hour() == before); ++i)
        drawLight(scene, random);
    drawAir(scene, random);
    if (scene.subject == Subject::Fog) {
        scene.air.fogDensity = air.fogDensity;
        scene.air.fogHeight = air.fogHeight;
    }
    sortIntoSectors(scene);
    computeSky(scene);
}

SceneFacts sceneFacts(const Scene &scene)
{
    SceneFacts facts;
    facts.sunElevationDegrees = scene.sunElevation * kDegrees;
    facts.fovDegrees = 2 * std::atan(1 / scene.camera.focal) * kDegrees;
    facts.biome = biomeName(scene.biome);
    facts.light = lightName(scene.air.overcast > 0 ? Light::Overcast : lightFromElevation(facts.sunElevationDegrees));
    const Weather weather = scene.air.fogDensity > 0 ? Weather::Fog
                            : scene.air.clouds > .6f ? Weather::Cloudy
                                                     : Weather::Clear;
    facts.weather = weatherName(weather);
    facts.river = scene.terrain.river;
    facts.road = scene.terrain.road;
    return facts;
}

} // namespace tessera::core
