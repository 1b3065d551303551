#include "core/landscape/sprites.h"

#include "core/landscape/sky.h"
#include "core/landscape/structures.h"

namespace tessera::core
{

namespace
{

TESSERA_PIXEL bool isPlant(SpriteKind kind)
{
    return kind <= SpriteKind::Flowers;
}

TESSERA_PIXEL LandscapeLabel labelOf(const Scene &scene, SpriteKind kind)
{
    switch (kind) {
    case SpriteKind::Bush:
    case SpriteKind::Reed:
        return LandscapeLabel::Bush;
    case SpriteKind::Tuft:
        return scene.palette.dryGrass ? LandscapeLabel::Straw : LandscapeLabel::Grass;
    case SpriteKind::Flowers:
        return LandscapeLabel::Flower;
    case SpriteKind::Boulder:
        return LandscapeLabel::Stone;
    case SpriteKind::Bale:
        return LandscapeLabel::Straw;
    case SpriteKind::Fence:
    case SpriteKind::Log:
        return LandscapeLabel::Wood;
    default:
        return LandscapeLabel::Tree;
    }
}

// Light from windows, when it is dark enough to light lamps.
TESSERA_PIXEL Vec3 lampLight(const Scene &scene, float glow)
{
    const float dark = smoothStep(.07f, -.03f, scene.sun.y);
    return Vec3{1.f, .55f, .18f} * (glow * dark * (scene.night ? .022f : .13f));
}

// `toEye` is the horizontal unit vector from the sprite to the eye.
TESSERA_PIXEL Vec3 litTexel(const Scene &scene, const Sprite &s, const SpriteTexel &texel, Vec3 ray, Vec3 toEye,
                            float v)
{
    const Vec3 right = {-toEye.z, 0, toEye.x};
    const Vec3 n = normalize(right * texel.normal.x + Vec3{0, texel.normal.y, 0} + toEye * texel.normal.z);
    Vec3 albedo = texel.color;
    if (s.foot.y > scene.terrain.snowLine)
        albedo = mix(albedo, {.8f, .84f, .9f}, smoothStep(.25f, .6f, n.y));
    const bool plant = isPlant(s.kind);
    const float soft = plant ? .25f : .05f;
    const float facing = saturate((dot(n, scene.light) + soft) / (1 + soft));
    const float open = .35f + .65f * saturate(v * 1.3f);
    Vec3 color =
        albedo
        * (scene.lightColor * (facing * 1.0f) + scene.skyAverage * ((plant ? 1.95f : 2.1f) * open * (.6f + .4f * n.y)));
    if (plant) // leaves let light through
        color = color + albedo * scene.lightColor * (.7f * std::pow(saturate(dot(ray, scene.light)), 5.f));
    return color;
}

TESSERA_PIXEL void overlayStructures(const Scene &scene, Vec3 eye, Vec3 ray, PixelSample &pixel)
{
    StructureHit hit;
    if (!meetsStructures(scene, eye, ray, pixel.distance, scene.camera.footprint(1), hit))
        return;
    Vec3 albedo = hit.albedo;
    const Vec3 at = eye + ray * hit.distance;
    if (at.y > scene.terrain.snowLine)
        albedo = mix(albedo, {.8f, .84f, .9f}, .9f * smoothStep(.35f, .7f, hit.normal.y));
    float facing = saturate(dot(hit.normal, scene.light));
    if (facing > .01f && structureShades(scene, at + hit.normal * .00004f))
        facing *= .1f;
    const Vec3 light = scene.lightColor * facing + scene.skyAverage * (.95f + .75f * hit.normal.y);
    const AirSample air = throughAir(scene, albedo * light + lampLight(scene, hit.glow), eye, ray, hit.distance);
    pixel = {air.color, air.fog > kFogIsAThing ? LandscapeLabel::Fog : hit.label, hit.label, hit.distance};
}

} // namespace

TESSERA_PIXEL void overlaySprites(const Scene &scene, Vec3 eye, Vec3 ray, PixelSample &pixel)
{
    overlayStructures(scene, eye, ray, pixel);
    const float horizontal = std::sqrt(ray.x * ray.x + ray.z * ray.z);
    const float dirX = ray.x / horizontal, dirZ = ray.z / horizontal;
    const SpriteSectors &sectors = scene.spriteSectors;
    const int sector = spriteSector(ray.x, ray.z);
    // From near to far: the first one that is hit hides the rest.
    for (int k = sectors.begin[sector + 1] - 1; k >= sectors.begin[sector]; --k) {
        const Sprite &s = scene.sprites[sectors.entries[k]];
        const float dx = s.foot.x - eye.x, dz = s.foot.z - eye.z;
        const float side = dirX * dz - dirZ * dx;
        if (std::fabs(side) > s.halfWidth || dirX * dx + dirZ * dz < 0)
            continue;
        const float away = std::sqrt(dx * dx + dz * dz), t = away / horizontal;
        if (t > pixel.distance + .01f)
            return;
        const float u = side / s.halfWidth;
        const float v = (eye.y + ray.y * t - s.foot.y - u * s.slope) / s.height;
        if (v < 0 || v > 1)
            continue;
        const SpriteTexel texel = isPlant(s.kind) ? plantTexel(s, u, v) : builtTexel(s, u, v);
        if (!texel.hit)
            continue;
        const Vec3 color = litTexel(scene, s, texel, ray, {-dx / away, 0, -dz / away}, v);
        const AirSample air = throughAir(scene, color, eye, ray, t);
        const LandscapeLabel label = labelOf(scene, s.kind);
        pixel = {air.color, air.fog > kFogIsAThing ? LandscapeLabel::Fog : label, label, t};
        return;
    }
}

TESSERA_PIXEL float spriteShadow(const Scene &scene, Vec3 p, float distance)
{
    if (distance > 1.5f)
        return 0;
    // A crown's shadow is a round spot that is drawn out away from the light.
    const float slope = shadowSlope(scene);
    const float axisX = -scene.light.x * slope, axisZ = -scene.light.z * slope;
    const float squared = std::max(1e-6f, axisX * axisX + axisZ * axisZ);
    const SpriteSectors &sectors = scene.shadowSectors;
    const int sector = spriteSector(p.x - scene.camera.position.x, p.z - scene.camera.position.z);
    float shadow = 0;
    for (int k = sectors.begin[sector]; k < sectors.begin[sector + 1]; ++k) {
        const Sprite &s = scene.sprites[sectors.entries[k]];
        const float dx = p.x - s.foot.x, dz = p.z - s.foot.z;
        const float reach = s.halfWidth + s.height * slope;
        if (dx * dx + dz * dz > reach * reach)
            continue;
        const float along = std::clamp((dx * axisX + dz * axisZ) / squared, 0.f, s.height * .8f);
        const float rx = dx - axisX * along, rz = dz - axisZ * along;
        // A trunk near the foot, a crown farther out.
        const bool tree = s.kind == SpriteKind::Broadleaf || s.kind == SpriteKind::Palm;
        const float width = s.halfWidth * (tree && along < .3f * s.height ? .25f : 1.f);
        shadow = std::max(shadow, .88f * smoothStep(width * 1.1f, width * .6f, std::sqrt(rx * rx + rz * rz)));
    }
    return shadow;
}

} // namespace tessera::core
