#include "core/landscape/pier.h"

#include "core/landscape/terrain.h"

namespace tessera::core
{

namespace
{

constexpr float kDeck = .0007f;      // above the water, km
constexpr float kThickness = .0002f; // of the deck
constexpr float kPost = .00013f;     // half of a post's width
constexpr int kPostPairs = 6;

struct Box {
    Vec3 low;
    Vec3 high;
};

// Distance at which a ray enters a box, or a negative number.
float enters(const Box &box, Vec3 from, Vec3 ray, Vec3 &normal)
{
    float first = -1, last = 1e9f;
    const auto slab = [&](float origin, float direction, float low, float high, Vec3 axis) {
        const float inverse = 1 / (std::fabs(direction) < 1e-7f ? 1e-7f : direction);
        const float a = (low - origin) * inverse, b = (high - origin) * inverse;
        if (std::min(a, b) > first) {
            first = std::min(a, b);
            normal = axis * (inverse > 0 ? -1.f : 1.f);
        }
        last = std::min(last, std::max(a, b));
    };
    slab(from.x, ray.x, box.low.x, box.high.x, {1, 0, 0});
    slab(from.y, ray.y, box.low.y, box.high.y, {0, 1, 0});
    slab(from.z, ray.z, box.low.z, box.high.z, {0, 0, 1});
    return first <= last ? first : -1;
}

// Into the pier's own axes, x across and z along it, and back.
Vec3 toPier(const Pier &p, Vec3 v)
{
    return {v.x * p.alongZ - v.z * p.alongX, v.y, v.x * p.alongX + v.z * p.alongZ};
}
Vec3 fromPier(const Pier &p, Vec3 v)
{
    return {v.x * p.alongZ + v.z * p.alongX, v.y, -v.x * p.alongX + v.z * p.alongZ};
}

Vec3 planks(const Pier &p, Vec3 at, Vec3 normal)
{
    const float board = at.z / .00022f, inBoard = board - std::floor(board);
    const float own = latticeValue(floorToInt(board), 1, p.seed);
    const float grain = valueNoise(at.x * 3000, at.z * 26000, p.seed + 1);
    return p.color * ((.6f + .5f * own + .35f * (grain - .5f)) * (normal.y > .5f && inBoard < .16f ? .45f : 1.f));
}

} // namespace

void placePier(Scene &scene, Random &random)
{
    const Terrain &t = scene.terrain;
    const Vec3 eye = scene.camera.position;
    const float angle = random.range(-.55f, .55f) * std::atan(1 / scene.camera.focal);
    const float dx = std::sin(angle), dz = std::cos(angle);
    const auto isWater = [&](float d) {
        return terrainHeight(scene, eye.x + dx * d, eye.z + dz * d, 9) < t.waterLevel;
    };
    const bool fromWater = isWater(.004f);
    for (float d = .006f; d < .10f; d *= 1.08f) {
        if (isWater(d) == fromWater)
            continue;
        const float turn = random.range(-.5f, .5f), into = fromWater ? -1.f : 1.f;
        Pier &p = scene.pier;
        p.alongX = into * std::sin(angle + turn);
        p.alongZ = into * std::cos(angle + turn);
        p.halfLength = std::min(.013f, (fromWater ? .36f : 1.f) * d) * random.range(.7f, 1.f);
        p.halfWidth = random.range(.0008f, .0014f);
        const float reach = .8f * p.halfLength;
        p.middle = {eye.x + dx * d + p.alongX * reach, t.waterLevel, eye.z + dz * d + p.alongZ * reach};
        p.seed = static_cast<std::uint32_t>(random.below(1 << 20));
        p.color = mix({.30f, .21f, .13f}, {.40f, .37f, .33f}, random.next());
        p.present =
            terrainHeight(scene, p.middle.x + p.alongX * reach, p.middle.z + p.alongZ * reach, 9) < t.waterLevel;
        return;
    }
}

bool meetsPier(const Scene &scene, Vec3 eye, Vec3 ray, float limit, PierHit &hit)
{
    const Pier &p = scene.pier;
    if (!p.present)
        return false;
    const Vec3 from = toPier(p, eye - p.middle), direction = toPier(p, ray);
    constexpr float kAbove = kDeck + .0006f, kBelow = .004f;
    Vec3 normal;
    if (enters({{-p.halfWidth - kPost, -kBelow, -p.halfLength}, {p.halfWidth + kPost, kAbove, p.halfLength}}, from,
               direction, normal)
        < 0)
        return false;
    float nearest = limit;
    const auto look = [&](const Box &box) {
        const float t = enters(box, from, direction, normal);
        if (t <= 0 || t >= nearest)
            return;
        nearest = t;
        hit = {t, fromPier(p, normal), planks(p, from + direction * t, normal)};
    };
    look({{-p.halfWidth, kDeck - kThickness, -p.halfLength}, {p.halfWidth, kDeck, p.halfLength}});
    for (int i = 0; i < 2 * kPostPairs; ++i) {
        const float x = i & 1 ? p.halfWidth : -p.halfWidth;
        const float z = p.halfLength * (2 * (static_cast<float>(i / 2) + .5f) / kPostPairs - 1);
        look({{x - kPost, -kBelow, z - kPost}, {x + kPost, i % 4 < 2 ? kAbove : kDeck, z + kPost}});
    }
    return nearest < limit;
}

} // namespace tessera::core
