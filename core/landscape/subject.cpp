#include "core/landscape/subject.h"

#include "core/landscape/terrain.h"

#include <array>

namespace tessera::core
{

namespace
{

struct Share {
    Subject subject;
    float share; // of the pictures
};

constexpr Share kShares[] = {{Subject::Bridge, .130f}, {Subject::Road, .052f},      {Subject::Village, .044f},
                             {Subject::Farm, .030f},   {Subject::Boardwalk, .095f}, {Subject::Flowers, .028f},
                             {Subject::Stones, .018f}, {Subject::Mud, .020f},       {Subject::Fog, .048f}};

template<std::size_t N>
Biome pick(Random &random, const std::array<Biome, N> &deck)
{
    return deck[static_cast<std::size_t>(random.below(static_cast<int>(N)))];
}

// Gentle land around the camera; the mountains stand behind it.
void calmDown(Terrain &t)
{
    t.mountainDistance = std::max(t.mountainDistance, 1.9f);
    t.plainHeight = std::min(t.plainHeight, .22f);
}

void prepareBridge(Terrain &t, Random &random)
{
    calmDown(t);
    t.hasWater = t.river = true;
    t.road = false;
    t.riverWidth = random.range(.0065f, .0115f);
    t.riverBend = random.range(.03f, .14f);
}

void prepareRoad(Scene &scene, Random &random, bool village)
{
    Terrain &t = scene.terrain;
    calmDown(t);
    t.river = false;
    t.hasWater = t.hasWater && random.chance(.25f);
    t.road = true;
    t.roadWidth = village ? random.range(.0020f, .0029f) : random.range(.0022f, .0040f);
    t.roadBend = village ? random.range(0, .03f) : random.range(.02f, .13f);
    if (village)
        t.stones *= .3f;
}

void prepareBoardwalk(Terrain &t, Random &random)
{
    calmDown(t);
    t.river = t.road = false;
    t.stones *= .5f;
    if (t.shore != Shore::Sand || random.chance(.3f)) {
        t.shore = Shore::Mud;
        t.mud = .30f;
    }
}

void prepareFlowers(Terrain &t, Random &random)
{
    calmDown(t);
    t.flowers = 1;
    t.flowering = random.range(.10f, .30f);
    t.farms = 0;
    t.river = false;
    t.hasWater = t.hasWater && random.chance(.3f);
    t.stones *= .4f;
    t.snowLine = std::max(t.snowLine, .9f);
}

void prepareFog(Scene &scene, Random &random)
{
    Air &air = scene.air;
    air.overcast = 0;
    air.fogDensity = random.range(2.2f, 4.5f);
    air.fogHeight = random.range(.022f, .065f);
    scene.terrain.forest = std::max(scene.terrain.forest, random.range(.3f, .7f));
    scene.terrain.plainHeight = std::max(scene.terrain.plainHeight, .3f);
}

void prepareMud(Terrain &t, Random &random)
{
    t.hasWater = true;
    t.river = false;
    t.road = false;
    t.shore = Shore::Mud;
    t.mud = .16f;
    t.plainHeight = random.range(.07f, .16f);
    t.mountainDistance = std::max(t.mountainDistance, 1.9f);
}

// Height of the low land round the camera.
float valleyFloor(const Scene &scene)
{
    std::array<float, 25> heights{};
    for (std::size_t i = 0; i < heights.size(); ++i) {
        const float x = static_cast<float>(i % 5) - 2, z = static_cast<float>(i / 5) - 1;
        heights[i] = terrainHeight(scene, scene.camera.position.x + .7f * x, scene.camera.position.z + .9f * z, 6);
    }
    std::sort(heights.begin(), heights.end());
    return std::max(heights[4], scene.terrain.hasWater ? scene.terrain.waterLevel : -9.f);
}

void placeFogCamera(Scene &scene, Random &random)
{
    Camera &camera = scene.camera;
    Air &air = scene.air;
    const Terrain &t = scene.terrain;
    const float ground =
        std::max(terrainHeight(scene, camera.position.x, camera.position.z, 9), t.hasWater ? t.waterLevel : -9.f);
    if (random.chance(.42f)) { // in the fog
        camera.position.y = ground + random.range(.002f, .02f);
        air.fogBase = ground;
        return;
    }
    // Above a sea of it that fills the valleys.
    const float floor = valleyFloor(scene);
    air.fogHeight = random.range(.03f, .06f);
    air.fogDensity = random.range(6.f, 15.f);
    air.fogBase = floor + random.range(.0f, .03f);
    camera.position.y = std::max(ground + .004f, floor + random.range(.14f, .40f));
    camera.pitch += .06f;
}

// So that the river or the road passes the camera at `offset` km.
float passing(float offset, float bend, std::uint32_t seed, float z)
{
    return offset - windingShift(bend, seed, z);
}

void lowerWater(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.river = false;
    t.waterLevel =
        terrainHeight(scene, scene.camera.position.x, scene.camera.position.z, 9) - random.range(.003f, .008f);
    t.river = true;
}

} // namespace

Subject drawSubject(std::uint32_t seed)
{
    float rest = hashToFloat(hash32(hash32(seed) + 0x5eedu));
    for (const Share &s : kShares) {
        if (rest < s.share)
            return s.subject;
        rest -= s.share;
    }
    return Subject::Land;
}

Biome drawSubjectBiome(Subject subject, Random &random)
{
    using enum Biome;
    switch (subject) {
    case Subject::Bridge:
        return pick<8>(random, {Alpine, Alpine, Meadow, Meadow, Broadleaf, Broadleaf, Canyon, Arctic});
    case Subject::Road:
        return pick<8>(random, {Alpine, Alpine, Meadow, Broadleaf, Desert, Canyon, Arctic, Coast});
    case Subject::Village:
        return pick<6>(random, {Alpine, Alpine, Meadow, Meadow, Broadleaf, Arctic});
    case Subject::Farm:
        return pick<6>(random, {Alpine, Meadow, Meadow, Broadleaf, Coast, Arctic});
    case Subject::Boardwalk:
        return pick<8>(random, {Alpine, Meadow, Broadleaf, Coast, Coast, Coast, Tropical, Tropical});
    case Subject::Flowers:
        return pick<3>(random, {Alpine, Alpine, Meadow});
    case Subject::Stones:
        return pick<6>(random, {Alpine, Coast, Coast, Arctic, Canyon, Desert});
    case Subject::Mud:
        return pick<4>(random, {Coast, Coast, Meadow, Broadleaf});
    default:
        return pick<6>(random, {Alpine, Alpine, Meadow, Broadleaf, Coast, Arctic});
    }
}

void prepareSubject(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    switch (scene.subject) {
    case Subject::Land:
        break;
    case Subject::Bridge:
        prepareBridge(t, random);
        break;
    case Subject::Road:
    case Subject::Village:
        prepareRoad(scene, random, scene.subject == Subject::Village);
        break;
    case Subject::Farm:
        calmDown(t);
        t.river = false;
        t.stones *= .3f;
        break;
    case Subject::Boardwalk:
        prepareBoardwalk(t, random);
        break;
    case Subject::Flowers:
        prepareFlowers(t, random);
        break;
    case Subject::Stones:
        t.stones = random.range(.8f, 1.f);
        t.stony = random.range(.08f, .26f);
        t.shore = Shore::Gravel;
        t.river = false;
        break;
    case Subject::Mud:
        prepareMud(t, random);
        break;
    case Subject::Fog:
        prepareFog(scene, random);
        break;
    }
}

void placeSubjectCamera(Scene &scene, Random &random)
{
    Camera &camera = scene.camera;
    Terrain &t = scene.terrain;
    Vec3 &eye = camera.position;
    camera.focal = random.range(1.15f, 2.1f);
    camera.pitch = random.range(-.05f, .17f) * 1.5f / camera.focal;
    if (scene.subject == Subject::Fog) {
        placeFogCamera(scene, random);
        return;
    }
    if (scene.subject == Subject::Road || scene.subject == Subject::Village)
        t.roadOffset = passing(random.range(-.6f, .6f) * t.roadWidth, t.roadBend, t.seed + kRoadSeed, eye.z);
    if (scene.subject == Subject::Bridge) {
        const float side = random.chance(.5f) ? 1.f : -1.f;
        const float away = random.chance(.4f) ? random.range(0, .7f) : random.range(1.5f, 2.2f);
        t.riverOffset = passing(side * away * t.riverWidth, t.riverBend, t.seed + kRiverSeed, eye.z);
        lowerWater(scene, random);
    }
    const float low = scene.subject == Subject::Village ? .0026f : .0016f,
                high = scene.subject == Subject::Road      ? .0040f
                       : scene.subject == Subject::Flowers ? .0032f
                                                           : .0050f;
    eye.y = std::max(terrainHeight(scene, eye.x, eye.z, 9), t.hasWater ? t.waterLevel : -9.f) + random.range(low, high);
}

} // namespace tessera::core
