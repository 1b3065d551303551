#include "core/landscape/structureplacement.h"

#include "core/landscape/structures.h"
#include "core/landscape/terrain.h"

namespace tessera::core
{

namespace
{

constexpr float kEyeHeight = .0017f; // of a man who stands, km

float groundAt(const Scene &scene, float x, float z)
{
    return terrainHeight(scene, x, z, 9);
}

std::uint32_t structureSeed(Random &random)
{
    return static_cast<std::uint32_t>(random.below(1 << 20));
}

Vec3 weatheredWood(Random &random)
{
    return mix({.30f, .20f, .12f}, {.44f, .40f, .35f}, random.next());
}

// River and road are measured from the camera: they stay where they are.
void moveCamera(Scene &scene, Vec3 to)
{
    const float aside = scene.camera.position.x - to.x;
    scene.terrain.riverOffset += aside;
    scene.terrain.roadOffset += aside;
    scene.camera.position = to;
}

// A stretch of dry land between two heights above the water.
struct Bank {
    bool found = false;
    float distance = 0; // from the start
    float height = 0;
};

// Goes from water in the direction (dx, dz) to land.
Bank findBank(const Scene &scene, float x, float z, float dx, float dz, float farthest)
{
    const Terrain &t = scene.terrain;
    const float brink = t.waterLevel + .7f * kBankHeight * std::min(1.f, t.riverWidth / .016f);
    for (float d = .001f; d < farthest; d += .001f) {
        const float h = groundAt(scene, x + dx * d, z + dz * d);
        if (h > brink)
            return {true, d, h};
    }
    return {};
}

// Where the river's middle is at `z`.
float riverMiddle(const Scene &scene, float z)
{
    const Terrain &t = scene.terrain;
    return scene.camera.position.x + t.riverOffset + windingShift(t.riverBend, t.seed + kRiverSeed, z);
}

Walk &newWalk(Scene &scene, Random &random)
{
    Walk &w = scene.structures.walks[scene.structures.walkCount++];
    w = Walk{};
    w.seed = structureSeed(random);
    w.color = weatheredWood(random);
    return w;
}

// A straight way of planks between two places; the deck rises by `hump` in the middle.
void layPlanks(Walk &w, Vec3 from, Vec3 to, float hump)
{
    constexpr float kStretch = .0028f;
    const Vec3 whole = to - from;
    w.count = std::clamp(static_cast<int>(length(whole) / kStretch) + 2, 3, Walk::kMost);
    for (int i = 0; i < w.count; ++i) {
        const float k = static_cast<float>(i) / static_cast<float>(w.count - 1);
        w.points[i] = from + whole * k + Vec3{0, 4 * hump * k * (1 - k), 0};
    }
}

void buildStoneBridge(Scene &scene, Random &random, Vec3 a, Vec3 b)
{
    StoneBridge &s = scene.structures.bridge;
    const float dx = b.x - a.x, dz = b.z - a.z, span = std::sqrt(dx * dx + dz * dz), level = scene.terrain.waterLevel;
    s.present = true;
    s.middle = {.5f * (a.x + b.x), level, .5f * (a.z + b.z)};
    s.alongX = dx / span;
    s.alongZ = dz / span;
    s.halfLength = .5f * span + .005f;
    s.halfWidth = random.range(.0018f, .0028f);
    s.deck = std::clamp(std::max(a.y, b.y) - level + .0002f, .0034f, .0085f);
    s.hump = random.range(.0004f, .0020f);
    s.arches = std::clamp(static_cast<int>(span / random.range(.009f, .016f)), 1, 7);
    s.seed = structureSeed(random);
    s.color = mix(mix(scene.palette.rockA, {.42f, .38f, .31f}, .65f) * 1.15f, {.40f, .24f, .17f}, random.chance(.2f));
}

void buildWoodenBridge(Scene &scene, Random &random, Vec3 a, Vec3 b)
{
    Walk &w = newWalk(scene, random);
    const float height = std::max(a.y, b.y) + .0003f;
    w.bridge = true;
    w.halfWidth = random.range(.0010f, .0018f);
    w.railing = random.range(.0010f, .0013f);
    w.legs = .008f;
    const Vec3 reach = normalize(Vec3{b.x - a.x, 0, b.z - a.z}) * .003f;
    layPlanks(w, {a.x - reach.x, height, a.z - reach.z}, {b.x + reach.x, height, b.z + reach.z},
              random.range(.0002f, .0014f));
}

// A bridge across the view, `z` km away. `turn` in radians.
bool placeBridge(Scene &scene, Random &random, float z, float turn, bool stone)
{
    const float x = riverMiddle(scene, scene.camera.position.z + z), dx = std::cos(turn), dz = std::sin(turn);
    z += scene.camera.position.z;
    if (groundAt(scene, x, z) > scene.terrain.waterLevel - .001f)
        return false;
    const Bank left = findBank(scene, x, z, -dx, -dz, .09f), right = findBank(scene, x, z, dx, dz, .09f);
    if (!left.found || !right.found)
        return false;
    const Vec3 a = {x - dx * left.distance, left.height, z - dz * left.distance},
               b = {x + dx * right.distance, right.height, z + dz * right.distance};
    const Vec3 eye = scene.camera.position;
    if (a.z < eye.z + .004f || b.z < eye.z + .004f)
        return false;
    if (stone)
        buildStoneBridge(scene, random, a, b);
    else
        buildWoodenBridge(scene, random, a, b);
    return true;
}

// A bridge that leads away from the camera, which stands on it.
bool crossRiver(Scene &scene, Random &random)
{
    const Vec3 eye = scene.camera.position;
    const float level = scene.terrain.waterLevel;
    const float side = riverMiddle(scene, eye.z) > eye.x ? 1.f : -1.f;
    const float angle = side * random.range(.22f, .5f) * 1.6f / std::max(1.2f, scene.camera.focal);
    const float dx = std::sin(angle), dz = std::cos(angle);
    const float here = groundAt(scene, eye.x, eye.z);
    if (here < level + .0015f)
        return false;
    float wet = 0;
    for (float d = .002f; d < .05f && wet <= 0; d += .001f)
        wet = groundAt(scene, eye.x + dx * d, eye.z + dz * d) < level ? d : 0;
    if (wet <= 0)
        return false;
    const Bank far = findBank(scene, eye.x + dx * wet, eye.z + dz * wet, dx, dz, .075f);
    if (!far.found)
        return false;
    const float end = wet + far.distance + .003f, start = std::max(0.f, wet - .012f) - .004f;
    const float height = std::max(level + .0022f, groundAt(scene, eye.x + dx * start, eye.z + dz * start) + .0003f);
    Walk &w = newWalk(scene, random);
    w.bridge = true;
    w.halfWidth = random.range(.0010f, .0016f);
    w.railing = random.range(.0009f, .0012f);
    w.legs = .006f;
    layPlanks(w, {eye.x + dx * start, height, eye.z + dz * start},
              {eye.x + dx * end, std::max(level + .0022f, far.height), eye.z + dz * end}, random.range(0, .0010f));
    const Vec3 stand = mix(w.points[0], w.points[w.count - 1], .0035f / (end - start));
    moveCamera(scene, {stand.x, w.points[1].y + kEyeHeight + random.range(.0002f, .0018f), stand.z});
    return true;
}

bool placeBridgeNear(Scene &scene, Random &random)
{
    const Vec3 eye = scene.camera.position;
    if (groundAt(scene, eye.x, eye.z) > scene.terrain.waterLevel)
        return crossRiver(scene, random);
    return placeBridge(scene, random, random.range(.013f, .026f), random.range(-.5f, .5f), random.chance(.85f));
}

// Planks that lead away from the camera over whatever is there.
bool placeBoardwalk(Scene &scene, Random &random)
{
    Vec3 &eye = scene.camera.position;
    const float step = .0026f;
    const float level = scene.terrain.hasWater ? scene.terrain.waterLevel : -9;
    float heading = random.range(-.18f, .18f), x = eye.x - .0045f * std::sin(heading), z = eye.z - .0045f;
    Walk w;
    const float above = random.range(.0003f, .0008f), wander = random.range(0, .14f);
    for (int i = 0; i < Walk::kMost; ++i) {
        float h = -9;
        for (const float side : {-1.f, 0.f, 1.f})
            h = std::max(h, groundAt(scene, x + side * .001f, z));
        h = std::max(h, level + .0004f) + above;
        if (i > 0) { // planks level out what is uneven
            const float before = w.points[i - 1].y;
            if (std::fabs(h - before) > .30f * step)
                break;
            h = std::max(mix(before, h, .6f), h - .0004f);
        }
        w.points[w.count++] = {x, h, z};
        heading += wander * (random.next() - .5f);
        x += step * std::sin(heading);
        z += step * std::cos(heading);
    }
    if (w.count < 12)
        return false;
    w.seed = structureSeed(random);
    w.color = weatheredWood(random);
    w.halfWidth = random.range(.0008f, .0014f);
    w.railing = random.chance(.5f) ? random.range(.0008f, .0011f) : 0;
    w.legs = .0035f;
    scene.structures.walks[scene.structures.walkCount++] = w;
    eye.y = w.points[2].y + kEyeHeight + random.range(-.0003f, .0008f);
    return true;
}

// A pier that runs from a shore in front of the camera into the water.
void placePier(Scene &scene, Random &random)
{
    const Terrain &t = scene.terrain;
    const Vec3 eye = scene.camera.position;
    const float angle = random.range(-.55f, .55f) * std::atan(1 / scene.camera.focal);
    const float dx = std::sin(angle), dz = std::cos(angle);
    const auto isWater = [&](float d) { return groundAt(scene, eye.x + dx * d, eye.z + dz * d) < t.waterLevel; };
    const bool fromWater = isWater(.004f);
    for (float d = .006f; d < .10f; d *= 1.08f) {
        if (isWater(d) == fromWater)
            continue;
        const float turn = angle + random.range(-.5f, .5f), into = fromWater ? -1.f : 1.f;
        const float reach = std::min(.026f, (fromWater ? .7f : 2.f) * d) * random.range(.7f, 1.f);
        const Vec3 along = {into * std::sin(turn), 0, into * std::cos(turn)},
                   shore = {eye.x + dx * d, t.waterLevel + .0007f, eye.z + dz * d}, end = shore + along * reach;
        if (groundAt(scene, end.x, end.z) > t.waterLevel)
            return;
        Walk &w = newWalk(scene, random);
        w.halfWidth = random.range(.0008f, .0014f);
        w.legs = .004f;
        layPlanks(w, shore - along * (.12f * reach), end, 0);
        return;
    }
}

// Walls and roofs of one place are alike.
struct HouseStyle {
    Vec3 wall;
    Vec3 roof;
};

constexpr Vec3 kWalls[] = {{.60f, .55f, .46f}, {.66f, .64f, .60f}, {.28f, .17f, .10f},
                           {.40f, .10f, .07f}, {.54f, .42f, .26f}, {.24f, .18f, .13f}};
constexpr Vec3 kRoofs[] = {{.32f, .12f, .07f}, {.11f, .105f, .11f}, {.22f, .14f, .09f}, {.27f, .21f, .13f}};

HouseStyle drawStyle(Random &random)
{
    const Vec3 wall = kWalls[random.below(6)];
    return {wall, kRoofs[random.below(4)]};
}

// Whether a house at (x, z) is clear of the other houses, the road and the camera.
bool hasRoom(const Scene &scene, const House &h, float x, float z)
{
    const Structures &all = scene.structures;
    const auto isNear = [x, z](Vec3 p, float reach) {
        return (x - p.x) * (x - p.x) + (z - p.z) * (z - p.z) < reach * reach;
    };
    for (int i = 0; i < all.houseCount; ++i)
        if (isNear(all.houses[i].foot, h.halfLength + all.houses[i].halfLength))
            return false;
    const float across = std::fabs(h.alongX) * h.halfLength + std::fabs(h.alongZ) * h.halfWidth;
    if (scene.terrain.road && roadDistance(scene, x, z) < scene.terrain.roadWidth + across)
        return false;
    return !isNear(scene.camera.position, h.halfLength + .005f);
}

// False when the ground is too uneven, wet, or taken.
bool addHouse(Scene &scene, Random &random, float x, float z, float turn, float size, const HouseStyle &style)
{
    Structures &all = scene.structures;
    if (all.houseCount == kMaxHouses)
        return false;
    House h;
    h.halfWidth = size * random.range(.0026f, .0036f);
    h.halfLength = h.halfWidth * random.range(1.15f, 1.9f);
    h.eaves = size > 1.15f ? .0050f : random.chance(.45f) ? .0054f : .0030f;
    h.ridge = h.eaves + h.halfWidth * random.range(.75f, 1.25f);
    h.alongX = std::sin(turn);
    h.alongZ = std::cos(turn);
    h.seed = structureSeed(random);
    h.wall = (random.chance(.3f) ? kWalls[random.below(6)] : style.wall) * random.range(.85f, 1.1f);
    h.roof = style.roof * random.range(.8f, 1.2f);
    float lowest = 9, highest = -9;
    for (int k = 0; k < 5; ++k) {
        const float a = k == 4 ? 0 : k & 1 ? 1.f : -1.f, b = k == 4 ? 0 : k & 2 ? 1.f : -1.f;
        const Vec3 corner = fromAxes(h.alongX, h.alongZ, {a * h.halfWidth, 0, b * h.halfLength});
        const float y = groundAt(scene, x + corner.x, z + corner.z);
        lowest = std::min(lowest, y);
        highest = std::max(highest, y);
    }
    const bool wet = scene.terrain.hasWater && lowest < scene.terrain.waterLevel + .0012f;
    if (highest - lowest > .0026f || wet || !hasRoom(scene, h, x, z))
        return false;
    h.foot = {x, mix(lowest, highest, .75f), z};
    all.houses[all.houseCount++] = h;
    return true;
}

// Houses along both sides of the road that the camera looks down.
bool placeVillage(Scene &scene, Random &random)
{
    const Vec3 eye = scene.camera.position;
    const Terrain &t = scene.terrain;
    const HouseStyle style = drawStyle(random);
    const float space = random.range(.0085f, .0115f), set = random.range(.0050f, .0075f);
    for (int k = 0; k < 22; ++k) {
        const float side = k & 1 ? 1.f : -1.f,
                    z = eye.z + .013f + space * static_cast<float>(k / 2) * 1.15f + random.range(-.001f, .001f);
        const float x = eye.x + t.roadOffset + windingShift(t.roadBend, t.seed + kRoadSeed, z)
                        + side * (t.roadWidth + set * random.range(.9f, 1.4f));
        if (random.chance(.9f))
            addHouse(scene, random, x, z, (random.chance(.35f) ? .5f * kPi : 0.f) + random.range(-.12f, .12f),
                     random.range(.85f, 1.2f), style);
    }
    return scene.structures.houseCount >= 5;
}

// A farmhouse with barns round a yard.
bool placeFarm(Scene &scene, Random &random)
{
    const Vec3 eye = scene.camera.position;
    const HouseStyle style = drawStyle(random);
    const float distance = random.range(.018f, .028f), angle = random.range(-.30f, .30f);
    const float x = eye.x + distance * std::sin(angle), z = eye.z + distance * std::cos(angle),
                turn = random.range(0, kPi);
    if (!addHouse(scene, random, x, z, turn, random.range(1.1f, 1.4f), style))
        return false;
    const int barns = 1 + random.below(4);
    for (int k = 0; k < 6 && scene.structures.houseCount <= barns; ++k) {
        const float around = random.range(-.6f, kPi + .6f), away = random.range(.011f, .019f);
        addHouse(scene, random, x + away * std::cos(around), z + .6f * away * std::sin(around),
                 turn + (random.chance(.5f) ? .5f * kPi : 0.f), random.range(.8f, 1.5f), style);
    }
    return true;
}

// A hamlet or a few huts somewhere in the picture.
void placeHouses(Scene &scene, Random &random)
{
    const bool village = random.chance(.6f);
    const int count = village ? 7 + random.below(12) : 1 + random.below(3);
    const float middle = village ? random.range(.035f, .11f) : random.range(.020f, .06f),
                direction = random.range(-.6f, .6f), turn = random.range(0, kPi);
    const HouseStyle style = drawStyle(random);
    const Vec3 eye = scene.camera.position;
    for (int k = 0; k < count; ++k) {
        const float distance = middle * random.range(.8f, village ? 2.6f : 1.3f);
        const float side = direction + random.range(-1, 1) * (village ? .8f : .25f);
        const float angle = side * 1.12f * std::atan(1 / scene.camera.focal);
        addHouse(scene, random, eye.x + distance * std::sin(angle), eye.z + distance * std::cos(angle),
                 turn + (random.chance(.4f) ? .5f * kPi : 0.f) + random.range(-.2f, .2f), random.range(.75f, 1.2f),
                 style);
    }
}

void placeFarBridge(Scene &scene, Random &random)
{
    for (int k = 0; k < 6; ++k)
        if (placeBridge(scene, random, scene.terrain.riverWidth * random.range(1.8f, 6.f), random.range(-.3f, .3f),
                        random.chance(.6f)))
            return;
}

} // namespace

bool placeStructures(Scene &scene, Random &random)
{
    scene.structures = Structures{};
    const Terrain &t = scene.terrain;
    const Vec3 eye = scene.camera.position;
    switch (scene.subject) {
    case Subject::Bridge:
        return placeBridgeNear(scene, random);
    case Subject::Boardwalk:
        return placeBoardwalk(scene, random);
    case Subject::Village:
        return placeVillage(scene, random);
    case Subject::Farm:
        return placeFarm(scene, random);
    default:
        break;
    }
    if (t.river && random.chance(.8f))
        placeFarBridge(scene, random);
    if (t.hasWater && !t.river && eye.y < t.waterLevel + .03f && random.chance(.75f))
        placePier(scene, random);
    const bool barren = scene.biome == Biome::Desert || scene.biome == Biome::Arctic;
    if (eye.y - groundAt(scene, eye.x, eye.z) < .25f && random.chance(barren ? .08f : .32f))
        placeHouses(scene, random);
    return true;
}

} // namespace tessera::core
