#include "core/landscape/noise.h"
#include "core/landscape/sprites.h"

// The procedural pictures of plants.
namespace tessera::core
{

namespace
{

TESSERA_PIXEL_CONSTANT Vec3 kBark = {.085f, .062f, .045f};

// Distance from (x, y) to a line, in units of its half width, which shrinks from the first end to the second.
TESSERA_PIXEL float lineDistance(float x, float y, Vec3 from, Vec3 to, float thick, float thin)
{
    const float dx = to.x - from.x, dy = to.y - from.y;
    const float along = std::clamp(((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy), 0.f, 1.f);
    const float ox = x - from.x - along * dx, oy = y - from.y - along * dy;
    return std::sqrt(ox * ox + oy * oy) / mix(thick, thin, along);
}

TESSERA_PIXEL SpriteTexel bark(const Sprite &s, float x, float y, float across)
{
    const float grain = .55f + .9f * valueNoise(x * 40, y * 9, s.seed + 7);
    return {true, normalize({across, .1f, 1}), kBark * grain};
}

TESSERA_PIXEL SpriteTexel conifer(const Sprite &s, float u, float v)
{
    const float tiers = 9 + static_cast<float>(s.seed % 6), shift = static_cast<float>(s.seed % 97);
    const float coarse = valueNoise(u * 5 + shift, v * 22, s.seed),
                fine = valueNoise(u * 17 + shift, v * 55, s.seed + 1);
    const float k = std::clamp((v - .05f) / .95f + .05f * std::fabs(u), 0.f, 1.f);
    const float tier = k * tiers + .7f * (valueNoise(u * 3 + shift, v * 3, s.seed + 2) - .5f),
                layer = tier - std::floor(tier);
    const float reach = std::pow(1 - k, .85f) * (.98f - .42f * layer) + .02f;
    const float edge = reach * (.50f + .42f * coarse + .34f * fine);
    if (v < .06f || std::fabs(u) > edge)
        return std::fabs(u) < .055f && v < .5f ? bark(s, u, v, u * 16) : SpriteTexel{};
    const float shade = (.42f + .85f * (1 - layer)) * (.45f + 1.1f * fine) * (.72f + .5f * std::fabs(u) / reach);
    return {true, normalize({u / reach * .95f + 1.1f * (coarse - .5f), .25f + .7f * (.55f - layer), .55f}),
            s.color * shade};
}

// A crown of many balls of leaves with gaps between them; `low` and `high` bound their middles, in units of half
// the width.
TESSERA_PIXEL SpriteTexel leafBalls(const Sprite &s, float x, float y, float low, float high, int balls, float largest)
{
    Random random{s.seed * 31u + 5u};
    const auto shift = static_cast<float>(s.seed % 97);
    const float coarse = valueNoise(x * 6 + shift, y * 6, s.seed),
                fine = valueNoise(x * 15 + shift, y * 15, s.seed + 1),
                leaf = valueNoise(x * 30 + shift, y * 30, s.seed + 2);
    const float ragged = .22f + .42f * coarse + .55f * fine + .50f * leaf;
    SpriteTexel texel;
    float front = -9;
    for (int i = 0; i < balls; ++i) {
        const float height = random.next(),
                    spread = std::sqrt(std::max(0.f, 1 - (2 * height - .9f) * (2 * height - .9f) * .8f));
        const float radius = largest * random.range(.55f, 1.f), bx = random.range(-1, 1) * spread * (1 - radius * .9f),
                    by = mix(low, high, height), depth = random.range(-.5f, .5f) * spread, tint = random.next();
        const float dx = x - bx, dy = y - by, d2 = (dx * dx + dy * dy) / (radius * radius);
        if (d2 > ragged * ragged)
            continue;
        const float bulge = std::sqrt(std::max(.02f, 1 - d2)), z = depth + radius * bulge;
        if (z < front)
            continue;
        front = z;
        const float lift = saturate(.55f + .5f * dy / radius);
        const float shade = (.42f + 1.0f * lift) * (.25f + .85f * fine + .85f * leaf) * (.9f + .3f * z);
        texel = {true,
                 normalize({dx / radius * .9f + 1.0f * (fine - .5f) + .35f * bx,
                            dy / radius * .9f + .9f * (leaf - .5f) + .2f, bulge}),
                 mix(s.color, s.color2, tint) * shade};
    }
    return texel;
}

TESSERA_PIXEL SpriteTexel broadleaf(const Sprite &s, float u, float v)
{
    const float tall = s.height / s.halfWidth, y = v * tall;
    const float low = .34f * tall, high = tall - .34f;
    const SpriteTexel crown =
        leafBalls(s, u, y, low, std::max(low + .2f, high), 24 + static_cast<int>(s.seed % 8), .36f);
    if (crown.hit || v > .8f)
        return crown;
    Random random{s.seed * 17u + 3u};
    const float lean = random.range(-.12f, .12f);
    float nearest = lineDistance(u, y, {0, 0, 0}, {lean, .55f * tall, 0}, .085f, .05f);
    for (int i = 0; i < 4; ++i) {
        const float from = random.range(.25f, .5f) * tall, side = random.range(-.55f, .55f);
        nearest = std::min(nearest, lineDistance(u, y, {lean * from / (.55f * tall), from, 0},
                                                 {side, random.range(.6f, .75f) * tall, 0}, .04f, .015f));
    }
    return nearest < 1 ? bark(s, u, v, u * 10) : SpriteTexel{};
}

TESSERA_PIXEL SpriteTexel deadTree(const Sprite &s, float u, float v)
{
    const float tall = s.height / s.halfWidth, y = v * tall;
    Random random{s.seed * 17u + 3u};
    const Vec3 top = {random.range(-.2f, .2f), tall * random.range(.75f, .97f), 0};
    float nearest = lineDistance(u, y, {0, 0, 0}, top, .11f, .02f);
    for (int i = 0; i < 12 && nearest >= 1; ++i) {
        const float at = random.range(.25f, .9f), side = (i & 1 ? 1.f : -1.f) * random.range(.3f, .95f) * (1.15f - at);
        const Vec3 from = {top.x * at, top.y * at, 0}, tip = {from.x + side, from.y + random.range(.1f, .55f), 0};
        nearest = std::min(nearest, lineDistance(u, y, from, tip, .045f, .012f));
        const Vec3 middle = mix(from, tip, .55f);
        nearest = std::min(
            nearest,
            lineDistance(u, y, middle, {middle.x + side * .35f, middle.y + random.range(.15f, .35f), 0}, .022f, .01f));
    }
    if (nearest >= 1)
        return {};
    SpriteTexel texel = bark(s, u, v, nearest * (u < top.x * v ? -1.f : 1.f));
    texel.color = mix(texel.color, s.color * 2, .5f);
    return texel;
}

TESSERA_PIXEL SpriteTexel palm(const Sprite &s, float u, float v)
{
    const float lean = s.seed & 1 ? .25f : -.25f;
    const float trunk = u - lean * v * v;
    const float tall = s.height / s.halfWidth, x = u - lean * .64f, y = (v - .80f) * tall;
    Random random{s.seed * 31u + 5u};
    SpriteTexel texel;
    for (int i = 0; i < 15; ++i) {
        const float angle = (static_cast<float>(i) + .8f * random.next()) / 15 * 2 * kPi,
                    reach = random.range(.6f, .95f);
        const float across = std::cos(angle), up = .35f + .45f * std::sin(angle);
        const float run = std::max(.12f, std::fabs(across)) * reach, along = x * (across < 0 ? -1.f : 1.f) / run;
        if (along < 0 || along > 1)
            continue;
        const float rise = reach * (up * along - .95f * along * along), off = y - rise;
        const float comb = valueNoise(x * 42 + static_cast<float>(i) * 7, 3.f, s.seed);
        const float width = .20f * (1 - along * .8f) * (.15f + along * 1.6f) * (.35f + comb);
        if (off > .025f || off < -width)
            continue;
        const float shade = (.55f + .9f * comb) * (off > -.03f ? 1.25f : .75f) * (i % 3 == 0 ? .6f : 1.f);
        texel = {true, normalize({across * .5f, off > -.03f ? .9f : .2f, .5f}), mix(s.color, s.color2, comb) * shade};
    }
    if (!texel.hit && v < .81f && std::fabs(trunk) < .05f - .012f * v) {
        const float ring = v * 34 - std::floor(v * 34);
        return {true, normalize({trunk * 18, 0, 1}), kBark * (1.7f * (.65f + .5f * ring))};
    }
    return texel;
}

TESSERA_PIXEL SpriteTexel bush(const Sprite &s, float u, float v)
{
    const float tall = s.height / s.halfWidth;
    return leafBalls(s, u, v * tall, .12f * tall, tall - .32f, 18, .40f);
}

// Thin bent leaves that grow from the foot.
TESSERA_PIXEL SpriteTexel blades(const Sprite &s, float u, float v, int count, float thick)
{
    Random random{s.seed * 31u + 5u};
    SpriteTexel texel;
    for (int i = 0; i < count; ++i) {
        const float foot = random.range(-.55f, .55f), lean = random.range(-.5f, .5f), high = random.range(.45f, 1.f),
                    tint = random.next();
        if (v > high)
            continue;
        const float k = v / high, off = u - foot - lean * k * k;
        if (std::fabs(off) > thick * (1.1f - k))
            continue;
        texel = {true, normalize({off / thick * .6f, .5f, .7f}),
                 mix(s.color, s.color2, tint) * ((.35f + .8f * k) * (.7f + .5f * tint))};
    }
    return texel;
}

TESSERA_PIXEL SpriteTexel reed(const Sprite &s, float u, float v)
{
    Random random{s.seed * 13u + 1u};
    for (int i = 0; i < 4 && s.seed % 3 == 0; ++i) { // brown heads
        const float x = random.range(-.6f, .6f), y = random.range(.72f, .9f);
        if (std::fabs(u - x) < .05f && std::fabs(v - y) < .08f)
            return {true, normalize({(u - x) * 12, 0, 1}), {.12f, .06f, .03f}};
    }
    return blades(s, u, v, 26, .045f);
}

TESSERA_PIXEL SpriteTexel flowers(const Sprite &s, float u, float v)
{
    Random random{s.seed * 13u + 1u};
    const float tall = s.height / s.halfWidth;
    for (int i = 0; i < 11; ++i) {
        const float x = random.range(-.85f, .85f), y = random.range(.45f, .9f), size = random.range(.10f, .17f),
                    tint = random.next();
        const float dx = (u - x) / size, dy = (v - y) * tall / size, d2 = dx * dx + 1.6f * dy * dy;
        if (d2 > 1)
            continue;
        const bool middle = d2 < .10f;
        return {true, normalize({dx * .5f, .8f, .6f}),
                (middle ? Vec3{.75f, .50f, .05f} : s.color2) * (.65f + .5f * tint + .25f * dy)};
    }
    return blades(s, u, v, 16, .05f);
}

} // namespace

TESSERA_PIXEL SpriteTexel plantTexel(const Sprite &s, float u, float v)
{
    switch (s.kind) {
    case SpriteKind::Conifer:
        return conifer(s, u, v);
    case SpriteKind::Broadleaf:
        return broadleaf(s, u, v);
    case SpriteKind::Palm:
        return palm(s, u, v);
    case SpriteKind::Bush:
        return bush(s, u, v);
    case SpriteKind::DeadTree:
        return deadTree(s, u, v);
    case SpriteKind::Reed:
        return reed(s, u, v);
    case SpriteKind::Flowers:
        return flowers(s, u, v);
    default:
        return blades(s, u, v, 18, .06f);
    }
}

} // namespace tessera::core
