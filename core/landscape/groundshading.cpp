#include "core/landscape/groundshading.h"

#include "core/landscape/march.h"
#include "core/landscape/sky.h"
#include "core/landscape/sprites.h"
#include "core/landscape/structures.h"
#include "core/landscape/surface.h"

namespace tessera::core
{

namespace
{

// Octaves down to about the size of a pixel.
TESSERA_PIXEL int octavesAt(float footprint)
{
    return std::clamp(static_cast<int>(std::log2(2.6f / std::max(1e-5f, footprint)) + .6f), 7, 11);
}

// How far the eight points of one look at the land lie from its middle.
struct Surroundings {
    float shift;    // of the neighbours for the slope, km
    float shade[5]; // towards the light on the map, km
    float rise;     // of the light's rays over one km on the map
};

TESSERA_PIXEL Surroundings surroundings(const Scene &scene, float footprint)
{
    const float flat = std::sqrt(scene.light.x * scene.light.x + scene.light.z * scene.light.z);
    Surroundings s;
    s.shift = std::max(1.1f * footprint, .00005f);
    s.rise = std::clamp(scene.light.y, .06f, 1.f) / std::max(.02f, flat);
    constexpr float kSteps[5] = {.10f, .28f, .55f, .95f, 1.5f};
    for (int i = 0; i < 5; ++i)
        s.shade[i] = std::max(kSteps[i] * scene.terrain.crownHeight * std::min(2.5f, 1 / s.rise),
                              footprint * (1.3f + static_cast<float>(i)));
    return s;
}

// Heights around a place, its normal, and how much of the light crowns and small rises near by let through.
TESSERA_PIXEL float lookAround(const Ground &ground, bool fine, Place &m)
{
    const Scene &scene = ground.scene;
    const Surroundings s = surroundings(scene, m.footprint);
    const Vec3 p = m.p;
    if (!fine) {
        const float e = std::max(s.shift, .001f);
        m.top = ground.height(p.x, p.z, m.distance);
        m.normal = normalize(
            {m.top - ground.height(p.x + e, p.z, m.distance), e, m.top - ground.height(p.x, p.z + e, m.distance)});
        return 1;
    }
    const float flat = std::max(.02f, std::sqrt(scene.light.x * scene.light.x + scene.light.z * scene.light.z));
    const float dx = scene.light.x / flat, dz = scene.light.z / flat;
    float xs[8] = {p.x, p.x + s.shift, p.x}, zs[8] = {p.z, p.z, p.z + s.shift}, h[8];
    for (int i = 0; i < 5; ++i) {
        xs[3 + i] = p.x + dx * s.shade[i];
        zs[3 + i] = p.z + dz * s.shade[i];
    }
    ground.heights(xs, zs, octavesAt(m.footprint), h);
    m.top = h[0];
    m.normal = normalize({h[0] - h[1], s.shift, h[0] - h[2]});
    float open = 1;
    for (int i = 0; i < 5; ++i) {
        const float over = h[3 + i] - (h[0] + s.rise * s.shade[i]);
        open = std::min(open, 1 - smoothStep(-.04f * s.shade[i], .22f * s.shade[i] + .0004f, over));
    }
    return open;
}

// Detail of flat ground in the plane of the map, drawn out along the view as upright blades look; of walls in a
// vertical plane, drawn out along the layers.
TESSERA_PIXEL void findDetail(const Scene &scene, Place &m, Vec3 eye)
{
    const std::uint32_t seed = scene.terrain.seed;
    m.ray = normalize(m.p - eye);
    const float facing = std::max(.10f, std::fabs(dot(m.ray, m.normal)));
    m.cliff = smoothStep(.84f, .62f, m.steep);
    const float spread = m.footprint * std::pow(facing, -.35f);
    if (m.cliff < 1)
        m.detail = detailAt(m.p.x, m.p.z * .85f, spread, seed + 620);
    if (m.forest > .36f) { // leaves hang on the sides of the crowns
        m.detail = detailAt(m.p.x + .6f * m.p.z, 1.3f * m.p.y + .35f * m.p.z, m.footprint, seed + 622);
    } else if (m.cliff > 0) {
        const Detail wall = detailAt((m.p.x + .6f * m.p.z) * scene.terrain.strata, m.p.y, m.footprint, seed + 621);
        m.detail = mix(m.detail, wall, m.cliff);
    }
}

TESSERA_PIXEL Place measure(const Ground &ground, Vec3 p, float distance, bool fine, float &open)
{
    const Scene &scene = ground.scene;
    const std::uint32_t seed = scene.terrain.seed;
    Place m;
    m.p = p;
    m.distance = distance;
    m.fine = fine;
    m.footprint = scene.camera.footprint(distance);
    open = lookAround(ground, fine, m);
    constexpr float kWide = .06f;
    const GroundSample here = ground.at(p.x, p.z, distance);
    m.bare = here.height;
    m.forest = here.forest;
    const Vec3 wide = normalize({here.height - ground.bareHeight(p.x + kWide, p.z, distance), kWide,
                                 here.height - ground.bareHeight(p.x, p.z + kWide, distance)});
    m.steep = m.forest > .3f ? wide.y : .5f * (m.normal.y + wide.y);
    m.broad = fractalNoise(p.x * 2.1f, p.z * 2.1f, 4, seed + 600);
    m.middle = fractalNoise(p.x * 23, p.z * 23, fine ? 4 : 2, seed + 610);
    findDetail(scene, m, scene.camera.position);
    return m;
}

// The normal with the bumps of the surface.
TESSERA_PIXEL Vec3 bumpedNormal(const Place &m, const Surface &s)
{
    const float a = s.roughness * m.detail.slopeA, b = s.roughness * m.detail.slopeB, flat = 1 - m.cliff;
    const Vec3 smooth = mix(m.normal, s.lump, s.lumpWeight);
    return normalize(smooth - Vec3{a, b * m.cliff, .7f * b * flat + s.ripple});
}

// Darker in hollows and between trees.
TESSERA_PIXEL float openness(const Ground &ground, const Place &m, const Surface &s)
{
    constexpr float kStep = .12f;
    const float around =
        ground.bareHeight(m.p.x + kStep, m.p.z, m.distance) + ground.bareHeight(m.p.x - kStep, m.p.z, m.distance)
        + ground.bareHeight(m.p.x, m.p.z + kStep, m.distance) + ground.bareHeight(m.p.x, m.p.z - kStep, m.distance);
    float open = saturate(.82f + (m.bare - .25f * around) * 3.5f);
    if (m.forest > .36f)
        open *= .30f + .85f * saturate((m.top - m.bare) / ground.scene.terrain.crownHeight);
    return open * std::clamp(1 + 1.1f * s.roughness * m.detail.value, .4f, 1.25f);
}

TESSERA_PIXEL Vec3 lit(const Ground &ground, const Place &m, const Surface &s, float reached)
{
    const Scene &scene = ground.scene;
    const Vec3 sun = scene.light, normal = bumpedNormal(m, s);
    const bool soft =
        s.label == LandscapeLabel::Snow || s.label == LandscapeLabel::Tree || s.label == LandscapeLabel::Bush;
    const float wrap = soft ? .22f : 0, facing = saturate((dot(normal, sun) + wrap) / (1 + wrap));
    reached *= 1 - s.shade;
    if (reached * facing > .01f)
        reached *= lightReaching(ground, m.p + m.normal * .004f);
    if (m.fine && reached * facing > .01f)
        reached *= 1 - spriteShadow(scene, m.p, m.distance);
    if (m.fine && m.distance < 1 && reached * facing > .01f && structureShades(scene, m.p + m.normal * .00003f))
        reached *= .12f;
    const float open = openness(ground, m, s);
    const float bounced = saturate(dot(normal, normalize({-sun.x, .15f, -sun.z})));
    const Vec3 light = scene.lightColor * (facing * reached + .06f * bounced * open)
                       + scene.skyAverage * (kPi * .40f * (.5f + .5f * normal.y) * open);
    Vec3 color = s.albedo * light;
    if (s.label == LandscapeLabel::Snow)
        color = color + scene.lightColor * (.02f * reached);
    const float gloss = s.gloss * (1 - .65f * s.lumpWeight);
    if (gloss > 0 && m.fine) { // wet ground mirrors the sky
        const Vec3 ray = m.ray;
        const Vec3 n = normalize({.25f * normal.x, 1, .25f * normal.z});
        Vec3 mirror = ray - n * (2 * dot(ray, n));
        mirror.y = std::max(mirror.y, .01f);
        const float straight = saturate(std::max(-dot(ray, n), -dot(ray, m.normal))); // a bank's slope faces the eye
        const float fresnel = .03f + .8f * std::pow(1 - straight, 4.f);
        color = mix(color, skyRadiance(scene, normalize(mirror)), gloss * fresnel);
        color =
            color + scene.lightColor * (gloss * reached * std::pow(saturate(dot(normal, normalize(sun - ray))), 60.f));
    }
    return color;
}

// Far away a painter sees mountains and hills, not what covers them.
TESSERA_PIXEL LandscapeLabel objectOf(const Scene &scene, const Place &m, LandscapeLabel material)
{
    const bool high = m.bare > .70f && scene.terrain.mountainHeight > .8f;
    switch (material) {
    case LandscapeLabel::Tree:
        return m.distance > 4 && high ? LandscapeLabel::Mountain
               : m.distance > 4       ? LandscapeLabel::Hill
                                      : LandscapeLabel::Tree;
    case LandscapeLabel::Snow:
        return m.distance > 2.2f && high ? LandscapeLabel::Mountain : LandscapeLabel::Snow;
    case LandscapeLabel::Sand:
    case LandscapeLabel::Road:
        return material;
    default:
        return m.distance > 2.2f && high ? LandscapeLabel::Mountain
               : m.distance > 2.8f       ? LandscapeLabel::Hill
                                         : material;
    }
}

} // namespace

TESSERA_PIXEL PixelSample shadeGround(const Ground &ground, Vec3 point, float distance, bool fine)
{
    float open;
    const Place m = measure(ground, point, distance, fine, open);
    const Surface s = surfaceAt(ground.scene, m);
    return {lit(ground, m, s, open), objectOf(ground.scene, m, s.label), s.label, distance};
}

} // namespace tessera::core
