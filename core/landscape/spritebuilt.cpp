#include "core/landscape/noise.h"
#include "core/landscape/sprites.h"

// The procedural pictures of stones and of what people build.
namespace tessera::core
{

namespace
{

TESSERA_PIXEL SpriteTexel boulder(const Sprite &s, float u, float v)
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

TESSERA_PIXEL SpriteTexel fence(const Sprite &s, float u, float v)
{
    const float warp = .05f * (valueNoise(u * 3 + static_cast<float>(s.seed % 13), .5f, s.seed) - .5f);
    const float post = (u + 1) * 2, inPost = post - std::floor(post);
    const bool isPost = inPost < .20f && v < .94f + .06f * latticeValue(static_cast<int>(post), 1, s.seed);
    const bool isRail = (v > .20f + warp && v < .34f + warp) || (v > .46f - warp && v < .60f - warp)
                        || (v > .72f + warp && v < .86f + warp);
    if (!isPost && !isRail)
        return {};
    const float grainNoise = isPost ? valueNoise(u * 60, v * 5, s.seed) : valueNoise(u * 7, v * 50, s.seed);
    return {true, normalize({isPost ? (inPost - .1f) * 7 : 0, isRail && !isPost ? .22f : .1f, 1}),
            s.color * (.55f + .9f * grainNoise)};
}

// Felled trunks on a heap, seen from their sawn ends and along the bark.
TESSERA_PIXEL SpriteTexel logs(const Sprite &s, float u, float v)
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

TESSERA_PIXEL SpriteTexel bale(const Sprite &s, float u, float v)
{
    const float y = 2 * v - 1, d = std::sqrt(u * u + y * y);
    if (d > 1)
        return {};
    const float swirl = .7f + .35f * valueNoise(d * 16 + std::atan2(y, u) * .6f, .5f, s.seed)
                        + .3f * valueNoise(u * 24, v * 24, s.seed + 1);
    return {true, normalize({u * .5f, y * .7f + .1f, .8f}), s.color * (swirl * (d > .9f ? .75f : 1.f))};
}

} // namespace

TESSERA_PIXEL SpriteTexel builtTexel(const Sprite &s, float u, float v)
{
    switch (s.kind) {
    case SpriteKind::Boulder:
        return boulder(s, u, v);
    case SpriteKind::Fence:
        return fence(s, u, v);
    case SpriteKind::Log:
        return logs(s, u, v);
    default:
        return bale(s, u, v);
    }
}

} // namespace tessera::core
