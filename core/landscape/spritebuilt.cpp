#include "core/landscape/noise.h"
#include "core/landscape/sprites.h"

// The procedural pictures of stones and of what people build.
namespace tessera::core
{

namespace
{

SpriteTexel boulder(const Sprite &s, float u, float v)
{
    const auto shift = static_cast<float>(s.seed % 31);
    const float angle = std::atan2(v, u);
    const float edge = .80f + .34f * (valueNoise(angle * 2.2f + shift, .5f, s.seed) - .5f)
                       + .12f * (valueNoise(angle * 7 + shift, 1.5f, s.seed + 1) - .5f);
    const float d = std::sqrt(u * u + v * v) / edge;
    if (d > 1)
        return {};
    const float facetX = valueNoise(u * 2.6f + shift, v * 2.6f, s.seed + 3) - .5f,
                facetY = valueNoise(u * 2.6f + shift, v * 2.6f, s.seed + 4) - .5f;
    const float rough = fractalNoise(u * 9, v * 9, 4, s.seed + 5);
    const float crack = smoothStep(0.f, .06f, std::fabs(valueNoise(u * 4 + shift, v * 4, s.seed + 6) - .5f));
    const float moss = smoothStep(.50f, .62f, rough + .25f * (v - .5f));
    const Vec3 color =
        mix(s.color, s.color2, .6f * moss) * ((.30f + 1.35f * rough) * (.55f + .45f * crack) * (.6f + .5f * v));
    return {true,
            normalize({u / edge + 1.7f * facetX + .6f * (rough - .47f), v / edge + 1.5f * facetY + .1f,
                       std::sqrt(std::max(.05f, 1 - d * d))}),
            color};
}

// Walls of stone, plaster or planks.
Vec3 wallColor(const Sprite &s, float x, float y)
{
    const int kind = static_cast<int>(s.seed % 3);
    const float patch = .86f + .28f * valueNoise(x * 9, y * 7, s.seed + 2);
    if (kind == 0) { // planks
        const float plank = y * 16 - std::floor(y * 16);
        return s.color
               * (patch * (plank < .16f ? .6f : .9f + .25f * latticeValue(0, static_cast<int>(y * 16), s.seed)));
    }
    if (kind == 1) { // stones
        const float row = y * 13, along = x * 11 + (static_cast<int>(row) % 2 ? .5f : 0.f);
        const float stone = latticeValue(floorToInt(along), static_cast<int>(row), s.seed);
        return s.color * (patch * (row - std::floor(row) < .14f ? .65f : .7f + .5f * stone));
    }
    return s.color * (patch * (y < .06f ? .7f : 1.f));
}

// A window or a door in a wall, or the wall. `cell` counts along the wall, one opening in each cell.
SpriteTexel wall(const Sprite &s, float cell, float v, float eaves, Vec3 normal)
{
    const float inCell = cell - std::floor(cell), high = v / eaves;
    const auto number = static_cast<int>(cell);
    const bool door = number == static_cast<int>(s.seed % 3) && high < .62f && inCell > .32f && inCell < .66f;
    const bool window =
        number != static_cast<int>(s.seed % 3) && high > .38f && high < .74f && inCell > .28f && inCell < .70f;
    if (door)
        return {true, normal, {.09f, .05f, .03f}};
    if (window) {
        const bool frame = std::fabs(inCell - .49f) < .035f || high > .70f || high < .42f;
        const bool lamp = latticeValue(number, 3, s.seed) < .6f;
        return {true, normal, frame ? Vec3{.5f, .47f, .42f} : Vec3{.035f, .045f, .06f}, !frame && lamp ? 1.f : 0.f};
    }
    return {true, normal, wallColor(s, cell * .45f, v) * (high > .93f ? .55f : 1.f)};
}

// A gabled house seen over a corner: the gable on one side, the long wall below the roof on the other.
SpriteTexel house(const Sprite &s, float u, float v)
{
    constexpr float kEaves = .52f, kRidge = .93f;
    const bool mirrored = s.seed & 16;
    const float x = mirrored ? -u : u;
    const float corner = -.42f + .3f * hashToFloat(hash32(s.seed)), left = -.92f, right = .90f;
    const Vec3 gableSide = normalize({mirrored ? .75f : -.75f, 0, .65f}),
               longSide = normalize({mirrored ? -.5f : .5f, 0, .85f});
    const float apex = .5f * (left + corner), up = (v - kEaves) / (kRidge - kEaves);
    const float chimney = apex + .55f * (right - corner);
    if (v > kEaves - .035f) { // the roof hangs over the wall a little
        const float t = std::clamp(up, 0.f, 1.f), from = mix(corner + .01f, apex, t),
                    to = mix(right + .07f, right + .03f - (corner - apex), t);
        if (v <= kRidge && x >= from && x <= to) {
            const float row = v * 46, tile = latticeValue(floorToInt(x * 24 + (static_cast<int>(row) & 1 ? .5f : 0.f)),
                                                          static_cast<int>(row), s.seed);
            const float shade =
                (row - std::floor(row) < .25f ? .72f : 1.f) * (.75f + .4f * tile) * (up < .02f ? .6f : 1.f);
            return {true, normalize({longSide.x * .55f, .75f, .6f}), s.color2 * shade};
        }
        if (s.seed % 7 < 4 && std::fabs(x - chimney) < .055f && v > kEaves && v < kRidge + .06f)
            return {true, longSide, Vec3{.22f, .13f, .10f} * (.7f + .5f * valueNoise(x * 30, v * 30, s.seed))};
    }
    if (v <= kEaves)
        return x < left || x > right ? SpriteTexel{}
               : x < corner          ? wall(s, 3.4f + 1.9f * (x - left) / (corner - left), v, kEaves, gableSide)
                                     : wall(s, 3.1f * (x - corner) / (right - corner), v, kEaves, longSide);
    const float slant = 1 - up, half = .5f * (corner - left);
    const float off = std::fabs(x - apex);
    if (up > 1 || off > half * slant + .04f)
        return {};
    if (off > half * slant - .03f)
        return {true, gableSide, s.color2 * .55f};
    return {true, gableSide, wallColor(s, x, v)};
}

SpriteTexel fence(const Sprite &s, float u, float v)
{
    const float warp = .05f * (valueNoise(u * 3 + static_cast<float>(s.seed % 13), .5f, s.seed) - .5f);
    const float post = (u + 1) * 2, inPost = post - std::floor(post);
    const bool isPost = inPost < .20f && v < .94f + .06f * latticeValue(static_cast<int>(post), 1, s.seed);
    const bool isRail = (v > .20f + warp && v < .34f + warp) || (v > .46f - warp && v < .60f - warp)
                        || (v > .72f + warp && v < .86f + warp);
    if (!isPost && !isRail)
        return {};
    const float grainNoise = isPost ? valueNoise(u * 60, v * 5, s.seed) : valueNoise(u * 7, v * 50, s.seed);
    return {true, normalize({isPost ? (inPost - .1f) * 7 : 0, isRail && !isPost ? .5f : .1f, 1}),
            s.color * (.55f + .9f * grainNoise)};
}

// A bridge with one arch of stone, or of planks on posts with a railing.
SpriteTexel bridge(const Sprite &s, float u, float v)
{
    if (s.seed % 2) {
        const float sag = .50f + .10f * (1 - u * u), post = (u + 1) * 4, inPost = post - std::floor(post);
        const bool deck = std::fabs(v - sag) < .05f,
                   rail = std::fabs(v - sag - .30f) < .025f || std::fabs(v - sag - .17f) < .015f;
        const bool upright = inPost < .10f && v < sag + .33f && v > sag,
                   pile = static_cast<int>(post) % 2 == 0 && inPost < .13f && v < sag;
        if (!deck && !rail && !upright && !pile)
            return {};
        return {true, normalize({.2f, deck ? .6f : .1f, 1}),
                s.color2 * (.55f + .8f * valueNoise(u * 40, v * 30, s.seed))};
    }
    const float arch = 1 - (u / .62f) * (u / .62f), top = .90f - .16f * u * u;
    if (v > top || (arch > 0 && v < .62f * std::sqrt(arch)))
        return {};
    const bool ring = arch > -.25f && v < .62f * std::sqrt(std::max(0.f, arch)) + .10f;
    const float row = v * 13, shift = static_cast<int>(row) % 2 ? .5f : 0.f;
    const float stone = latticeValue(floorToInt(u * 14 + shift), static_cast<int>(row), s.seed);
    const float joint = row - std::floor(row) < .14f ? .6f : 1.f, cap = v > top - .05f ? 1.3f : 1.f;
    return {true, normalize({.1f, cap > 1 ? .8f : .15f, 1}),
            s.color * ((.55f + .7f * stone) * joint * cap * (ring ? 1.2f : .85f))};
}

// Felled trunks on a heap, seen from their sawn ends and along the bark.
SpriteTexel logs(const Sprite &s, float u, float v)
{
    constexpr float kRow = .31f;
    const int row = static_cast<int>(v / kRow);
    if (row > 2)
        return {};
    const float wide = .95f - .24f * static_cast<float>(row), radius = .155f, tall = s.height / s.halfWidth;
    const float place = (u + wide) / (2 * radius), middle = (std::floor(place) + .5f) * 2 * radius - wide;
    if (std::fabs(u) > wide || std::fabs(middle) > wide - .5f * radius)
        return {};
    const float dx = (u - middle) / radius,
                dy = (v - (static_cast<float>(row) + .5f) * kRow) * tall / (.5f * kRow * tall);
    const float d = std::sqrt(dx * dx + dy * dy);
    if (d > 1)
        return {};
    const float ring = .85f + .25f * std::sin(d * 24);
    const bool rind = d > .84f;
    return {true, normalize({rind ? dx : .1f, rind ? dy : .2f, .8f}),
            rind ? s.color * .5f
                 : Vec3{.38f, .26f, .14f} * (ring * (.8f + .4f * latticeValue(static_cast<int>(place), row, s.seed)))};
}

SpriteTexel bale(const Sprite &s, float u, float v)
{
    const float y = 2 * v - 1, d = std::sqrt(u * u + y * y);
    if (d > 1)
        return {};
    const float swirl = .7f + .35f * valueNoise(d * 16 + std::atan2(y, u) * .6f, .5f, s.seed)
                        + .3f * valueNoise(u * 24, v * 24, s.seed + 1);
    return {true, normalize({u * .5f, y * .7f + .1f, .8f}), s.color * (swirl * (d > .9f ? .75f : 1.f))};
}

} // namespace

SpriteTexel builtTexel(const Sprite &s, float u, float v)
{
    switch (s.kind) {
    case SpriteKind::Boulder:
        return boulder(s, u, v);
    case SpriteKind::House:
        return house(s, u, v);
    case SpriteKind::Fence:
        return fence(s, u, v);
    case SpriteKind::Bridge:
        return bridge(s, u, v);
    case SpriteKind::Log:
        return logs(s, u, v);
    default:
        return bale(s, u, v);
    }
}

} // namespace tessera::core
