#include "core/landscape/sprites.h"

#include "core/landscape/sky.h"

namespace tessera::core
{

namespace
{

bool isPlant(SpriteKind kind)
{
    return kind <= SpriteKind::Bush;
}

LandscapeLabel labelOf(SpriteKind kind)
{
    switch (kind) {
    case SpriteKind::Bush:
        return LandscapeLabel::Bush;
    case SpriteKind::Boulder:
        return LandscapeLabel::Stone;
    case SpriteKind::House:
        return LandscapeLabel::Building;
    case SpriteKind::Fence:
        return LandscapeLabel::Wood;
    case SpriteKind::Bridge:
        return LandscapeLabel::Bridge;
    default:
        return LandscapeLabel::Tree;
    }
}

// `toEye` is the horizontal unit vector from the sprite to the eye.
Vec3 litTexel(const Scene &scene, const Sprite &s, const SpriteTexel &texel, Vec3 ray, Vec3 toEye, float v)
{
    const Vec3 right = {-toEye.z, 0, toEye.x};
    const Vec3 n = normalize(right * texel.normal.x + Vec3{0, texel.normal.y, 0} + toEye * texel.normal.z);
    Vec3 albedo = texel.color;
    if (scene.biome == Biome::Arctic)
        albedo = mix(albedo, {.8f, .84f, .9f}, saturate(n.y * 1.2f));
    const float soft = isPlant(s.kind) ? .3f : .05f;
    const float facing = saturate((dot(n, scene.light) + soft) / (1 + soft));
    const float open = .3f + .7f * saturate(v * 1.1f);
    Vec3 color =
        albedo * (scene.lightColor * (facing * .9f) + scene.skyAverage * ((isPlant(s.kind) ? 2.3f : 1.8f) * open));
    if (isPlant(s.kind))
        color = color + albedo * scene.lightColor * (.6f * std::pow(saturate(dot(ray, scene.light)), 6.f));
    return color;
}

// Random place in front of the camera, on land; false when it is in water.
struct Spot {
    Vec3 foot;
    bool dry;
};

Spot spotAt(const Scene &scene, float x, float z)
{
    const float y = terrainHeight(scene, x, z, 9);
    const Terrain &t = scene.terrain;
    const bool onRoad = t.road && roadDistance(scene, x, z) < 1.3f * t.roadWidth;
    return {{x, y, z}, y > t.waterLevel + .0025f && !onRoad};
}

// `side` in [-1, 1] runs across the picture.
Spot spotAhead(const Scene &scene, float distance, float side)
{
    const float angle = side * 1.15f * std::atan(1 / scene.camera.focal);
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
    switch (scene.biome) {
    case Biome::Tropical:
        return SpriteKind::Palm;
    case Biome::Broadleaf:
    case Biome::Meadow:
        return random.chance(.75f) ? SpriteKind::Broadleaf : SpriteKind::Conifer;
    default:
        return random.chance(.25f) ? SpriteKind::Broadleaf : SpriteKind::Conifer;
    }
}

std::uint32_t spriteSeed(Random &random)
{
    return static_cast<std::uint32_t>(random.below(1 << 20));
}

void addTrees(Scene &scene, Random &random)
{
    const int count = 3 + random.below(45);
    for (int k = 0; k < count; ++k) {
        const float distance = .03f + 1.3f * std::pow(random.next(), 1.6f);
        const Spot spot = spotAhead(scene, distance, random.range(-1, 1));
        Sprite s;
        s.foot = spot.foot;
        s.height = random.range(.009f, .022f);
        s.kind = treeKind(scene, random);
        const float slim = s.kind == SpriteKind::Broadleaf ? random.range(.35f, .55f)
                           : s.kind == SpriteKind::Palm    ? .45f
                                                           : random.range(.17f, .26f);
        s.halfWidth = s.height * slim;
        s.seed = spriteSeed(random);
        s.color = mix(scene.palette.treeA, scene.palette.treeB, random.next());
        if (spot.dry)
            add(scene, s);
    }
}

void addSmall(Scene &scene, Random &random, SpriteKind kind, int count, float smallest, float largest)
{
    const Palette &c = scene.palette;
    for (int k = 0; k < count; ++k) {
        const float distance = .011f + .25f * random.next() * random.next();
        const Spot spot = spotAhead(scene, distance, random.range(-1, 1));
        Sprite s;
        s.kind = kind;
        s.foot = spot.foot;
        s.height = smallest + (largest - smallest) * random.next() * random.next();
        s.halfWidth = s.height * random.range(.7f, 1.3f);
        s.seed = spriteSeed(random);
        s.color = kind == SpriteKind::Bush ? mix(c.treeB, c.grassA, .25f + .5f * random.next())
                                           : mix(c.rockA, c.rockB, random.next()) * 1.2f;
        s.foot.y -= .08f * s.height;
        if (spot.dry)
            add(scene, s);
    }
}

void addHouses(Scene &scene, Random &random)
{
    static const Vec3 walls[] = {
        {.55f, .50f, .42f}, {.62f, .60f, .56f}, {.28f, .17f, .10f}, {.45f, .10f, .07f}, {.50f, .38f, .22f}};
    static const Vec3 roofs[] = {{.30f, .10f, .06f}, {.12f, .11f, .12f}, {.20f, .13f, .09f}};
    const int count = 1 + random.below(6);
    const float middle = random.range(.03f, .22f), direction = random.range(-.6f, .6f);
    const Vec3 wall = walls[random.below(5)], roof = roofs[random.below(3)];
    for (int k = 0; k < count; ++k) {
        const Spot spot = spotAhead(scene, middle * random.range(.85f, 1.3f),
                                    direction + random.range(-.2f, .2f) * static_cast<float>(k));
        Sprite s;
        s.kind = SpriteKind::House;
        s.foot = spot.foot;
        s.height = random.range(.0065f, .0105f);
        s.halfWidth = s.height * random.range(.65f, 1.1f);
        s.seed = spriteSeed(random);
        s.color = wall * random.range(.8f, 1.1f);
        s.color2 = roof * random.range(.8f, 1.15f);
        s.foot.y -= .0006f;
        if (spot.dry)
            add(scene, s);
    }
}

// Panels in a row across the view, or along the road.
void addFence(Scene &scene, Random &random)
{
    const Vec3 eye = scene.camera.position;
    const float z0 = random.range(.015f, .06f), x0 = random.range(-.05f, .01f), slant = random.range(-.4f, .8f);
    const Vec3 wood = mix({.16f, .11f, .07f}, {.30f, .27f, .23f}, random.next());
    const float height = random.range(.0012f, .0018f);
    for (int k = 0; k < 18; ++k) {
        const float along = static_cast<float>(k) * 2.6f * height;
        const Spot spot = spotAt(scene, eye.x + x0 + along, eye.z + z0 + slant * along);
        Sprite s;
        s.kind = SpriteKind::Fence;
        s.foot = spot.foot;
        s.height = height;
        s.halfWidth = 1.32f * height;
        s.seed = spriteSeed(random);
        s.color = wood;
        if (spot.dry)
            add(scene, s);
    }
}

void addBridge(Scene &scene, Random &random)
{
    const Terrain &t = scene.terrain;
    const Vec3 eye = scene.camera.position;
    const float z = eye.z + random.range(.06f, .3f);
    float best = 9, x = eye.x;
    for (int i = -200; i <= 200; ++i) {
        const float here = eye.x + .002f * static_cast<float>(i), d = riverDistance(scene, here, z);
        if (d < best) {
            best = d;
            x = here;
        }
    }
    Sprite s;
    s.kind = SpriteKind::Bridge;
    s.halfWidth = t.riverWidth * 1.9f;
    s.height = s.halfWidth * random.range(.55f, .8f);
    s.foot = {x, t.waterLevel - .0005f, z};
    s.seed = spriteSeed(random);
    s.color = mix(scene.palette.rockA, {.40f, .36f, .30f}, .6f);
    add(scene, s);
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

void addSprites(Scene &scene, Random &random)
{
    const Biome b = scene.biome;
    const float above =
        scene.camera.position.y - terrainHeight(scene, scene.camera.position.x, scene.camera.position.z, 9);
    const bool green = b != Biome::Desert && b != Biome::Arctic && b != Biome::Canyon;
    if (scene.terrain.river && random.chance(.4f))
        addBridge(scene, random);
    if (above > .25f)
        return;
    if (green && random.chance(.62f))
        addTrees(scene, random);
    if (random.chance(green ? .30f : .10f))
        addHouses(scene, random);
    if (above > .10f)
        return;
    if ((green || b == Biome::Canyon) && random.chance(.6f))
        addSmall(scene, random, SpriteKind::Bush, 6 + random.below(50), .0012f, .0046f);
    if (b != Biome::Meadow ? random.chance(.5f) : random.chance(.25f))
        addSmall(scene, random, SpriteKind::Boulder, 3 + random.below(35), .0006f, .0060f);
    if (green && random.chance(.18f))
        addFence(scene, random);
}

} // namespace

void placeSprites(Scene &scene, Random &random)
{
    scene.spriteCount = 0;
    addSprites(scene, random);
    sortFarToNear(scene);
}

void overlaySprites(const Scene &scene, Vec3 eye, Vec3 ray, PixelSample &pixel)
{
    const float horizontal = std::sqrt(ray.x * ray.x + ray.z * ray.z);
    const float dirX = ray.x / horizontal, dirZ = ray.z / horizontal;
    for (int i = 0; i < scene.spriteCount; ++i) {
        const Sprite &s = scene.sprites[i];
        const float dx = s.foot.x - eye.x, dz = s.foot.z - eye.z;
        const float side = dirX * dz - dirZ * dx;
        if (std::fabs(side) > s.halfWidth || dirX * dx + dirZ * dz < 0)
            continue;
        const float away = std::sqrt(dx * dx + dz * dz), t = away / horizontal;
        const float u = side / s.halfWidth, v = (eye.y + ray.y * t - s.foot.y) / s.height;
        if (v < 0 || v > 1 || t > pixel.distance + .01f)
            continue;
        const SpriteTexel texel = spriteTexel(s, u, v);
        if (!texel.hit)
            continue;
        const Vec3 color = litTexel(scene, s, texel, ray, {-dx / away, 0, -dz / away}, v);
        const AirSample air = throughAir(scene, color, eye, ray, t);
        const LandscapeLabel label = labelOf(s.kind);
        pixel = {air.color, air.fog > kFogIsAThing ? LandscapeLabel::Fog : label, label, t};
    }
}

float spriteShadow(const Scene &scene, Vec3 p, float distance)
{
    if (distance > 1.5f)
        return 0;
    // The shadow of a sprite is a round spot at its foot, drawn out away from the light.
    const float slope = std::min(4.f, 1 / std::max(.05f, scene.light.y));
    float shadow = 0;
    for (int i = 0; i < scene.spriteCount; ++i) {
        const Sprite &s = scene.sprites[i];
        if (s.kind == SpriteKind::Bridge)
            continue;
        const float dx = p.x - s.foot.x, dz = p.z - s.foot.z;
        const float reach = s.halfWidth + s.height * slope;
        if (dx * dx + dz * dz > reach * reach)
            continue;
        const float axisX = -scene.light.x * slope, axisZ = -scene.light.z * slope;
        const float along =
            std::clamp((dx * axisX + dz * axisZ) / std::max(1e-6f, axisX * axisX + axisZ * axisZ), 0.f, s.height * .8f);
        const float rx = dx - axisX * along, rz = dz - axisZ * along;
        shadow =
            std::max(shadow, .85f * smoothStep(s.halfWidth * 1.1f, s.halfWidth * .5f, std::sqrt(rx * rx + rz * rz)));
    }
    return shadow;
}

} // namespace tessera::core
