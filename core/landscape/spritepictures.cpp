#include "core/landscape/noise.h"
#include "core/landscape/sprites.h"

// The procedural pictures of the sprites.
namespace tessera::core
{

namespace
{

constexpr Vec3 kBark = {.07f, .05f, .035f};

float leafNoise(const Sprite &s, float u, float v)
{
    const auto shift = static_cast<float>(s.seed % 97);
    return valueNoise(u * 9 + shift, v * 16, s.seed) + .5f * valueNoise(u * 23, v * 40, s.seed + 1);
}

Vec3 leafColor(const Sprite &s, float u, float v)
{
    return s.color * (1.1f + 1.1f * (valueNoise(u * 14, v * 26, s.seed + 9) - .5f));
}

SpriteTexel conifer(const Sprite &s, float u, float v)
{
    if (v < .10f)
        return {std::fabs(u) < .10f, {u, 0, 1}, kBark};
    const float noise = leafNoise(s, u, v), k = (v - .10f) / .90f, layer = k * 9 - std::floor(k * 9);
    const float reach = (1 - k) * (.98f - .32f * layer) + .03f;
    if (std::fabs(u) > reach * (.62f + .42f * noise))
        return {};
    return {true, normalize({u / reach * .9f + .5f * (noise - .75f), .35f - .5f * (layer - .5f), .6f}),
            leafColor(s, u, v)};
}

// A crown of several balls of leaves; `low` and `high` bound their middles.
SpriteTexel leafBalls(const Sprite &s, float u, float v, float low, float high, float aspect)
{
    Random random{s.seed * 31u + 5u};
    const float noise = leafNoise(s, u, v);
    const int balls = 7 + static_cast<int>(s.seed % 5);
    SpriteTexel texel;
    float front = -9;
    for (int i = 0; i < balls; ++i) {
        const float x = random.range(-.55f, .55f), y = random.range(low, high),
                    radius = random.range(.22f, .40f);
        const float du = u - x, dv = (v - y) * aspect, d = std::sqrt(du * du + dv * dv) / radius;
        const float z = std::sqrt(std::max(0.f, 1 - d * d * .8f)) + y;
        if (d > .77f + .21f * noise || z < front)
            continue;
        front = z;
        texel = {true,
                 normalize({du / radius * .9f + .7f * (noise - .75f),
                            dv / radius * .9f + .6f * (noise - .75f) + .15f, z - y}),
                 {}};
    }
    texel.color = leafColor(s, u, v);
    return texel;
}

SpriteTexel broadleaf(const Sprite &s, float u, float v)
{
    const SpriteTexel crown = leafBalls(s, u, v, .42f, .80f, 1.9f);
    if (!crown.hit && v < .45f && std::fabs(u) < .07f)
        return {true, normalize({u * 10, 0, 1}), kBark};
    return crown;
}

SpriteTexel palm(const Sprite &s, float u, float v)
{
    const float lean = s.seed & 1 ? .25f : -.25f;
    const float trunk = u - lean * v * v;
    if (v < .80f && std::fabs(trunk) < .045f)
        return {true, normalize({trunk * 15, 0, 1}), kBark * 1.6f};
    Random random{s.seed * 31u + 5u};
    const float noise = leafNoise(s, u, v), x = u - lean * .64f, y = (v - .80f) * 2.2f;
    for (int i = 0; i < 9; ++i) {
        const float angle = static_cast<float>(i) / 9 * 2 * kPi + random.next(),
                    reach = .75f + .2f * random.next();
        const float along = x * std::cos(angle) / std::max(.2f, std::fabs(std::cos(angle))) / reach;
        if (along < 0 || along > 1)
            continue;
        const float rise = 1.1f * (.30f * std::sin(angle) + .35f * along * (1 - 1.7f * along));
        if (std::fabs(y - rise) < .075f * (1 - along * .7f) * (.5f + noise * .6f))
            return {true, normalize({.3f, .8f, .4f}), leafColor(s, u, v)};
    }
    return {};
}

SpriteTexel boulder(const Sprite &s, float u, float v)
{
    const float edge =
        .82f
        + .30f * (valueNoise(std::atan2(v, u) * 2.2f + static_cast<float>(s.seed % 31), .5f, s.seed) - .5f);
    const float d = std::sqrt(u * u + v * v) / edge;
    if (d > 1)
        return {};
    const float facetX = valueNoise(u * 3, v * 3, s.seed + 3) - .5f,
                facetY = valueNoise(u * 3, v * 3, s.seed + 4) - .5f;
    const float grain = fractalNoise(u * 9, v * 9, 3, s.seed + 5);
    return {
        true,
        normalize({u / edge + 1.4f * facetX, v / edge + 1.2f * facetY, std::sqrt(std::max(.05f, 1 - d * d))}),
        s.color * (.45f + 1.2f * grain)};
}

// A gabled house seen from its long side: walls with windows and a door below a steep roof.
SpriteTexel house(const Sprite &s, float u, float v)
{
    constexpr float kEaves = .55f;
    if (v > kEaves) {
        const float slant = (v - kEaves) / (1 - kEaves);
        if (s.seed % 7 < 3 && std::fabs(u - .35f) < .06f)
            return {true, {0, 0, 1}, s.color2 * .8f};
        if (std::fabs(u) > 1 - .35f * slant || v > .93f)
            return {};
        const float tiles = .8f + .4f * valueNoise(u * 18, v * 40, s.seed);
        return {true, normalize({0, .8f, .6f}), s.color2 * tiles};
    }
    if (std::fabs(u) > .90f)
        return {};
    const float cell = (u + .9f) / .36f, inCell = cell - std::floor(cell);
    const bool window = v > .24f && v < .44f && inCell > .32f && inCell < .68f;
    const bool door = cell > 2 && cell < 3 && v < .40f && inCell > .25f && inCell < .75f;
    const float plaster = .9f + .2f * valueNoise(u * 20, v * 14, s.seed + 2);
    const Vec3 color = door ? Vec3{.10f, .06f, .04f} : window ? Vec3{.05f, .06f, .08f} : s.color * plaster;
    return {true, normalize({.25f, 0, 1}), color};
}

SpriteTexel fence(const Sprite &s, float u, float v)
{
    const float post = (u + 1) * 2, inPost = post - std::floor(post);
    const bool isPost = inPost < .16f, isRail = (v > .38f && v < .52f) || (v > .70f && v < .84f);
    if (!isPost && !isRail)
        return {};
    return {true, normalize({.2f, .1f, 1}),
            s.color * (.7f + .6f * valueNoise(u * 6, v * (isPost ? 9 : 40), s.seed))};
}

// A stone bridge with one arch.
SpriteTexel bridge(const Sprite &s, float u, float v)
{
    const float arch = 1 - (u / .62f) * (u / .62f);
    if (v > .86f - .10f * u * u || (arch > 0 && v < .62f * std::sqrt(arch)))
        return {};
    const float row = v * 11, shift = static_cast<int>(row) % 2 ? .5f : 0.f;
    const float stone = latticeValue(floorToInt(u * 13 + shift), static_cast<int>(row), s.seed);
    const float joint = row - std::floor(row) < .12f ? .6f : 1.f;
    return {true, normalize({.1f, .2f, 1}), s.color * ((.65f + .6f * stone) * joint)};
}

} // namespace

SpriteTexel spriteTexel(const Sprite &s, float u, float v)
{
    switch (s.kind) {
    case SpriteKind::Conifer:
        return conifer(s, u, v);
    case SpriteKind::Broadleaf:
        return broadleaf(s, u, v);
    case SpriteKind::Palm:
        return palm(s, u, v);
    case SpriteKind::Bush:
        return leafBalls(s, u, v, .15f, .62f, 1.2f);
    case SpriteKind::Boulder:
        return boulder(s, u, v);
    case SpriteKind::House:
        return house(s, u, v);
    case SpriteKind::Fence:
        return fence(s, u, v);
    case SpriteKind::Bridge:
        return bridge(s, u, v);
    }
    return {};
}

} // namespace tessera::core
