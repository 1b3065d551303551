#include "core/landscape/sprites.h"
#include "core/landscape/structures.h"
#include "core/landscape/terrain.h"

namespace tessera::core
{

namespace
{

// Random place in front of the camera.
struct Spot {
    Vec3 foot;
    bool dry;   // on land, not on the road and not built on
    bool shore; // at the water's edge
};

Spot spotAt(const Scene &scene, float x, float z)
{
    const float y = terrainHeight(scene, x, z, 9);
    const Terrain &t = scene.terrain;
    const bool onRoad = t.road && roadDistance(scene, x, z) < 1.4f * t.roadWidth;
    const float above = y - t.waterLevel;
    const bool taken = onRoad || isBuiltOn(scene, x, z);
    return {{x, y, z}, above > .0012f && !taken, !taken && t.hasWater && above > -.0009f && above < .0022f};
}

// `side` in [-1, 1] runs across the picture.
Spot spotAhead(const Scene &scene, float distance, float side)
{
    const float angle = side * 1.12f * std::atan(1 / scene.camera.focal);
    const Vec3 eye = scene.camera.position;
    return spotAt(scene, eye.x + distance * std::sin(angle), eye.z + distance * std::cos(angle));
}

void add(Scene &scene, const Sprite &sprite)
{
    if (scene.spriteCount < kMaxSprites)
        scene.sprites[scene.spriteCount++] = sprite;
}

SpriteKind treeKind(const Scene &scene, Random &random)
{
    const bool bare = random.chance(.06f);
    if (bare && scene.biome != Biome::Tropical)
        return SpriteKind::DeadTree;
    if (scene.biome == Biome::Tropical)
        return random.chance(.8f) ? SpriteKind::Palm : SpriteKind::Broadleaf;
    return random.chance(scene.terrain.conifers) ? SpriteKind::Conifer : SpriteKind::Broadleaf;
}

std::uint32_t spriteSeed(Random &random)
{
    return static_cast<std::uint32_t>(random.below(1 << 20));
}

Sprite makeTree(const Scene &scene, Random &random, Vec3 foot)
{
    const Palette &c = scene.palette;
    Sprite s;
    s.foot = foot;
    s.kind = treeKind(scene, random);
    s.height = random.range(.008f, .021f) * (s.kind == SpriteKind::DeadTree ? .6f : 1.f);
    const float slim = s.kind == SpriteKind::Broadleaf  ? random.range(.32f, .50f)
                       : s.kind == SpriteKind::Palm     ? random.range(.36f, .48f)
                       : s.kind == SpriteKind::DeadTree ? .38f
                                                        : random.range(.15f, .25f);
    s.halfWidth = s.height * slim;
    s.seed = spriteSeed(random);
    s.color = mix(c.treeA, c.treeB, random.next()) * 1.7f;
    s.color2 = mix(s.color, c.treeB * 2.1f, .7f);
    if (s.kind == SpriteKind::Broadleaf && random.chance(c.accent)) {
        s.color = c.treeC * 1.5f;
        s.color2 = mix(c.treeC, c.treeB, .4f) * 1.7f;
    }
    if (s.kind == SpriteKind::Conifer)
        s.color = s.color * Vec3{.62f, .74f, .80f};
    s.foot.y -= .0004f;
    return s;
}

// Single trees and groups.
void addTrees(Scene &scene, Random &random)
{
    const int groups = 2 + random.below(9);
    const float nearest = random.range(.02f, .09f);
    for (int g = 0; g < groups; ++g) {
        const float distance = nearest + 1.1f * std::pow(random.next(), 1.8f), side = random.range(-1, 1);
        const int members = random.chance(.4f) ? 1 : 2 + random.below(12);
        const float spread = .010f * std::sqrt(static_cast<float>(members));
        for (int k = 0; k < members; ++k) {
            const Spot middle = spotAhead(scene, distance, side);
            const Spot spot = spotAt(scene, middle.foot.x + spread * random.range(-1, 1) * 1.6f,
                                     middle.foot.z + spread * random.range(-1, 1) * 1.6f);
            const Sprite tree = makeTree(scene, random, spot.foot);
            const float dx = spot.foot.x - scene.camera.position.x, dz = spot.foot.z - scene.camera.position.z;
            if (spot.dry && dx * dx + dz * dz > .024f * .024f
                && !(scene.biome != Biome::Arctic && spot.foot.y > scene.terrain.treeLine + .2f))
                add(scene, tree);
        }
    }
}

// How small things lie about: kind, number, sizes in km, how near.
struct Scatter {
    SpriteKind kind;
    int count;
    float smallest;
    float largest;
    float from; // km
    float depth;
};

void colorSmall(const Scene &scene, Random &random, Sprite &s)
{
    static constexpr Vec3 kFlowers[] = {{.80f, .08f, .06f}, {.85f, .65f, .05f}, {.52f, .24f, .75f},
                                        {.85f, .84f, .80f}, {.82f, .28f, .48f}, {.25f, .28f, .78f}};
    const Palette &c = scene.palette;
    if (s.kind == SpriteKind::Boulder) {
        s.color = mix(c.rockA, c.rockB, random.next()) * 1.45f;
        s.color2 = scene.biome == Biome::Desert || scene.biome == Biome::Canyon ? c.rockA : mix(c.grassB, c.rockA, .4f);
    } else if (s.kind == SpriteKind::Bush) {
        s.color = mix(c.treeB, c.grassA, .2f + .5f * random.next()) * 1.5f;
        s.color2 = random.chance(c.accent) ? c.treeC * 1.5f : mix(s.color, c.treeA, .5f);
    } else {
        s.color = mix(c.grassA, c.grassB, random.next()) * 1.25f;
        s.color2 = mix(c.grassA, {.34f, .28f, .12f}, random.range(.1f, .8f)) * 1.3f;
        if (s.kind == SpriteKind::Flowers)
            s.color2 = kFlowers[hash32(scene.terrain.seed + (random.chance(.7f) ? 3u : 5u)) % 6];
    }
}

void scatter(Scene &scene, Random &random, const Scatter &what)
{
    const bool low = what.kind == SpriteKind::Boulder || what.kind == SpriteKind::Reed;
    for (int k = 0; k < what.count; ++k) {
        const float r = random.next();
        const Spot spot = spotAhead(scene, what.from + what.depth * r * std::sqrt(r), random.range(-1, 1));
        Sprite s;
        s.kind = what.kind;
        s.foot = spot.foot;
        s.height = what.smallest + (what.largest - what.smallest) * random.next() * random.next();
        s.halfWidth = s.height * (what.kind == SpriteKind::Reed ? random.range(.25f, .5f) : random.range(.7f, 1.3f));
        s.seed = spriteSeed(random);
        colorSmall(scene, random, s);
        s.foot.y -= (what.kind == SpriteKind::Boulder ? .12f : .05f) * s.height;
        if (what.kind == SpriteKind::Reed ? spot.shore : spot.dry || (low && spot.shore))
            add(scene, s);
    }
}

// Panels in a row across the view or away from it, from post to post.
void addFence(Scene &scene, Random &random)
{
    const Vec3 eye = scene.camera.position;
    const float above = eye.y - terrainHeight(scene, eye.x, eye.z, 9);
    const bool farm = scene.subject == Subject::Farm;
    const float distance = (farm ? random.range(.004f, .006f) : random.range(.004f, .012f)) + .5f * above,
                slant = random.range(-.3f, .7f);
    const Vec3 wood = mix({.20f, .13f, .08f}, {.36f, .32f, .27f}, random.next());
    const float height = random.range(.0013f, .0019f);
    float x = eye.x - distance / scene.camera.focal, z = eye.z + distance;
    Spot spot = spotAt(scene, x, z);
    for (int k = 0; k < 26; ++k) {
        const float turn = slant + .9f * (valueNoise(static_cast<float>(k) * .21f, .5f, scene.seed + 77) - .5f);
        const float step = 2.4f * height / std::sqrt(1 + turn * turn);
        x += step;
        z += step * turn;
        const Spot next = spotAt(scene, x, z);
        const Vec3 middle = (spot.foot + next.foot) * .5f, along = next.foot - spot.foot;
        const float away = std::sqrt((middle.x - eye.x) * (middle.x - eye.x) + (middle.z - eye.z) * (middle.z - eye.z));
        // What is seen of the panel's length, from where the camera stands.
        const float seen = (along.x * (middle.z - eye.z) - along.z * (middle.x - eye.x)) / away;
        Sprite s;
        s.kind = SpriteKind::Fence;
        s.foot = middle - Vec3{0, .00012f, 0};
        s.height = height;
        s.halfWidth = std::max(.00008f, .53f * std::fabs(seen));
        s.slope = seen > 0 ? .5f * along.y : -.5f * along.y;
        s.seed = spriteSeed(random);
        s.color = wood;
        if (spot.dry && next.dry && std::fabs(along.y) < 2 * height)
            add(scene, s);
        spot = next;
    }
}

void addLogs(Scene &scene, Random &random, SpriteKind kind)
{
    const int count = kind == SpriteKind::Bale ? 4 + random.below(16) : 1 + random.below(3);
    for (int k = 0; k < count; ++k) {
        const float distance = kind == SpriteKind::Bale ? random.range(.02f, .22f) : random.range(.010f, .035f);
        const Spot spot = spotAhead(scene, distance, random.range(-.9f, .9f));
        Sprite s;
        s.kind = kind;
        s.foot = spot.foot;
        s.height = kind == SpriteKind::Bale ? random.range(.0013f, .0018f) : random.range(.0014f, .0024f);
        s.halfWidth = s.height * (kind == SpriteKind::Bale ? .55f : random.range(1.0f, 1.6f));
        s.seed = spriteSeed(random);
        s.color = kind == SpriteKind::Bale ? Vec3{.42f, .32f, .13f} : Vec3{.17f, .12f, .08f};
        s.color2 = s.color;
        s.foot.y -= .06f * s.height;
        if (spot.dry)
            add(scene, s);
    }
}

void sortFarToNear(Scene &scene)
{
    const Vec3 eye = scene.camera.position;
    const auto squared = [eye](const Sprite &s) {
        const float x = s.foot.x - eye.x, z = s.foot.z - eye.z;
        return x * x + z * z;
    };
    std::stable_sort(scene.sprites, scene.sprites + scene.spriteCount,
                     [&](const Sprite &a, const Sprite &b) { return squared(a) > squared(b); });
}

// What grows and lies about low cameras.
void addForeground(Scene &scene, Random &random, float above)
{
    const Biome b = scene.biome;
    const bool green = b != Biome::Desert && b != Biome::Arctic && b != Biome::Canyon;
    const bool about = scene.subject != Subject::Land; // something that must not be hidden
    const float near = (about ? .007f : .003f) + .6f * above;
    if ((green || b == Biome::Canyon || b == Biome::Desert) && random.chance(green ? .7f : .5f))
        scatter(scene, random, {SpriteKind::Bush, 10 + random.below(60), .0010f, .0042f, near + .008f, .22f});
    if (b != Biome::Meadow ? random.chance(.62f) : random.chance(.35f))
        scatter(scene, random,
                {SpriteKind::Boulder, 6 + random.below(60), .0005f, about ? .0026f : .0052f, near, .20f});
    if (scene.terrain.hasWater && b != Biome::Desert && random.chance(.6f))
        scatter(scene, random, {SpriteKind::Reed, 500, .0012f, .0030f, near, .25f});
    if (above > .035f)
        return;
    if (green && random.chance(.75f))
        scatter(scene, random, {SpriteKind::Tuft, 40 + random.below(90), .0003f, .0011f, near, .05f});
    if (scene.terrain.flowers > 0)
        scatter(scene, random, {SpriteKind::Flowers, 70 + random.below(80), .0003f, .0009f, .003f + .6f * above, .05f});
}

void addSprites(Scene &scene, Random &random)
{
    const Biome b = scene.biome;
    const float above =
        scene.camera.position.y - terrainHeight(scene, scene.camera.position.x, scene.camera.position.z, 9);
    const bool green = b != Biome::Desert && b != Biome::Arctic && b != Biome::Canyon;
    if (above > .25f)
        return;
    const bool farm = scene.subject == Subject::Farm;
    if (farm || (green && above < .06f && random.chance(.55f)))
        addFence(scene, random);
    if (green && random.chance(farm ? .6f : .22f))
        addLogs(scene, random, SpriteKind::Log);
    if (scene.terrain.farms > 0 && random.chance(.6f))
        addLogs(scene, random, SpriteKind::Bale);
    if (green || random.chance(.25f))
        if (random.chance(.75f))
            addTrees(scene, random);
    if (above < .12f)
        addForeground(scene, random, above);
}

} // namespace

void placeSprites(Scene &scene, Random &random)
{
    scene.spriteCount = 0;
    addSprites(scene, random);
    sortFarToNear(scene);
    sortIntoSectors(scene);
}

} // namespace tessera::core
