#include "core/landscape/sprites.h"

namespace tessera::core
{

namespace
{

// What a sprite or its shadow covers on the map, as tangents from the camera's straight-ahead axis.
struct Span {
    int first;
    int last;
};

constexpr float kWidest = 1.15f; // tangent of half the widest view

TESSERA_PIXEL int sectorOf(float tangent)
{
    const float place = (tangent + kWidest) * (kSpriteSectors / (2 * kWidest));
    return std::clamp(static_cast<int>(place), 0, kSpriteSectors - 1);
}

// Of a disc on the map at (x, z) from the camera.
TESSERA_PIXEL Span spanOfDisc(float x, float z, float radius)
{
    if (z < 1.5f * radius + .001f)
        return {0, kSpriteSectors - 1};
    const float near = z - radius, far = z + radius;
    const float low = x - radius, high = x + radius;
    return {sectorOf(low / (low < 0 ? near : far)), sectorOf(high / (high > 0 ? near : far))};
}

TESSERA_PIXEL Span spanOfSprite(const Scene &scene, const Sprite &s)
{
    return spanOfDisc(s.foot.x - scene.camera.position.x, s.foot.z - scene.camera.position.z, s.halfWidth * 1.02f);
}

TESSERA_PIXEL Span spanOfShadow(const Scene &scene, const Sprite &s)
{
    const float x = s.foot.x - scene.camera.position.x, z = s.foot.z - scene.camera.position.z;
    const float reach = .8f * s.height * shadowSlope(scene);
    const Span foot = spanOfDisc(x, z, s.halfWidth * 1.15f);
    const Span tip = spanOfDisc(x - scene.light.x * reach, z - scene.light.z * reach, s.halfWidth * 1.15f);
    return {std::min(foot.first, tip.first), std::max(foot.last, tip.last)};
}

template<class SpanOf>
TESSERA_PIXEL void fill(const Scene &scene, SpriteSectors &sectors, SpanOf &&spanOf)
{
    int count = 0;
    for (int k = 0; k < kSpriteSectors; ++k) {
        sectors.begin[k] = static_cast<std::uint16_t>(count);
        for (int i = 0; i < scene.spriteCount && count < SpriteSectors::kMaxEntries; ++i) {
            const Span span = spanOf(scene, scene.sprites[i]);
            if (span.first <= k && k <= span.last)
                sectors.entries[count++] = static_cast<std::uint16_t>(i);
        }
    }
    sectors.begin[kSpriteSectors] = static_cast<std::uint16_t>(count);
}

} // namespace

TESSERA_PIXEL float shadowSlope(const Scene &scene)
{
    return std::min(4.f, 1 / std::max(.05f, scene.light.y));
}

TESSERA_PIXEL int spriteSector(float x, float z)
{
    return z <= 0 ? (x < 0 ? 0 : kSpriteSectors - 1) : sectorOf(x / z);
}

TESSERA_PIXEL void sortIntoSectors(Scene &scene)
{
    fill(scene, scene.spriteSectors, spanOfSprite);
    fill(scene, scene.shadowSectors, [](const Scene &all, const Sprite &s) {
        return castsShadow(s.kind) ? spanOfShadow(all, s) : Span{1, 0};
    });
}

} // namespace tessera::core
