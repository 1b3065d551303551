#include "core/landscape/shading.h"

#include "core/landscape/groundshading.h"
#include "core/landscape/march.h"
#include "core/landscape/sky.h"

namespace tessera::core
{

namespace
{

PixelSample shadeSky(const Scene &scene, Vec3 eye, Vec3 ray)
{
    const SkySample sky = skyWithClouds(scene, eye, ray, true);
    PixelSample s;
    s.color = sky.color;
    s.object = s.material = sky.cloud > .35f ? LandscapeLabel::Cloud : LandscapeLabel::Sky;
    if (scene.air.fogDensity > 0) {
        const AirSample air =
            throughAir(scene, sky.color, eye, ray, std::min(20.f, .35f / std::max(.02f, ray.y)) * .3f);
        s.color = air.color;
        if (air.fog > kFogIsAThing)
            s.object = s.material = LandscapeLabel::Fog;
    }
    return s;
}

bool isSea(const Scene &scene)
{
    return scene.biome == Biome::Coast || scene.biome == Biome::Tropical;
}

Vec3 waterNormal(const Scene &scene, Vec3 p, float distance)
{
    const float scale = isSea(scene) && scene.biome == Biome::Coast ? 1.f : .45f;
    float x = p.x * 18 * scale, z = p.z * 34 * scale, slopeX = 0, slopeZ = 0, amplitude = 1;
    for (std::uint32_t i = 0; i < 4; ++i) {
        float dx, dz;
        valueNoise(x, z, scene.terrain.seed + 700 + i, dx, dz);
        slopeX += dx * amplitude;
        slopeZ += dz * amplitude;
        const float t = x;
        x = 1.7f * x + 1.1f * z;
        z = -1.1f * t + 1.7f * z;
        amplitude *= .62f;
    }
    const float wave = scene.terrain.wave * (.09f / (1 + distance * distance * .25f) + .010f);
    return normalize({-slopeX * wave, 1, -slopeZ * wave * 1.4f});
}

Vec3 mirrored(const Ground &ground, Vec3 from, Vec3 ray)
{
    const Scene &scene = ground.scene;
    float distance;
    if (marchGround(ground, from, ray, kMirrorMarch, distance)) {
        const Vec3 p = from + ray * distance;
        if (p.y > scene.terrain.waterLevel + .001f) {
            const PixelSample land = shadeGround(ground, p, std::max(distance, 3.f), false);
            return throughAir(scene, land.color, from, ray, distance).color;
        }
    }
    return skyWithClouds(scene, from, ray, false).color;
}

// White water at the shore and on high waves.
Vec3 withFoam(const Scene &scene, Vec3 color, Vec3 p, float depth, float distance, float reached)
{
    const Terrain &t = scene.terrain;
    const Vec3 white = scene.skyAverage * 1.6f + scene.lightColor * (.5f * reached * std::max(.15f, scene.light.y));
    const float edge = smoothStep(.012f, .002f, depth + .006f * (valueNoise(p.x * 60, p.z * 60, t.seed + 720) - .5f));
    const float shore = t.river ? .0f : scene.biome == Biome::Coast ? 1.f : .25f;
    color = mix(color, white, edge * shore * .8f);
    if (scene.biome == Biome::Coast && t.wave > .6f) {
        const float crest = fractalNoise(p.x * 14, p.z * 30, 4, t.seed + 730);
        color = mix(color, white, smoothStep(.66f, .76f, crest) * smoothStep(6.f, .4f, distance) * .7f);
    }
    return color;
}

// What is seen through the surface: the bed where it is shallow, the water's own colour where it is deep.
Vec3 waterBody(const Scene &scene, float depth, float reached)
{
    const float sun = reached * std::max(.1f, scene.light.y);
    const Vec3 deep = scene.palette.water * (scene.skyAverage * 2.2f + scene.lightColor * (.30f * sun));
    const Vec3 bed = scene.palette.sand * (scene.skyAverage * 1.3f + scene.lightColor * (.5f * sun));
    const float clearness = scene.terrain.river ? 120.f : 26.f;
    return mix(bed * .7f, deep, 1 - std::exp(-depth * clearness));
}

PixelSample shadeWater(const Ground &ground, Vec3 ray, Vec3 p, float distance)
{
    const Scene &scene = ground.scene;
    const Vec3 n = waterNormal(scene, p, distance);
    Vec3 reflected = ray - n * (2 * dot(ray, n));
    reflected.y = std::max(reflected.y, .003f);
    reflected = normalize(reflected);
    const Vec3 surface = {p.x, scene.terrain.waterLevel + .0006f, p.z};
    const float depth = scene.terrain.waterLevel - ground.bare(p.x, p.z, distance).height;
    const float reached = lightReaching(ground, surface);
    const float fresnel = std::min(.9f, .02f + .98f * std::pow(1 - saturate(-dot(ray, n)), 5.f));
    Vec3 color = mix(waterBody(scene, depth, reached), mirrored(ground, surface, reflected), fresnel);
    const float glint = std::pow(saturate(dot(n, normalize(scene.light - ray))), 280.f);
    color = color + scene.lightColor * (glint * 3 * reached * (1 - scene.air.overcast));
    color = withFoam(scene, color, p, depth, distance, reached);
    const LandscapeLabel label = isSea(scene)          ? LandscapeLabel::Sea
                                 : scene.terrain.river ? LandscapeLabel::River
                                                       : LandscapeLabel::Water;
    return {color, label, label, distance};
}

} // namespace

PixelSample shadeRay(const Ground &ground, Vec3 eye, Vec3 ray)
{
    const Scene &scene = ground.scene;
    float distance;
    if (!marchGround(ground, eye, ray, kViewMarch, distance))
        return shadeSky(scene, eye, ray);
    const Vec3 p = eye + ray * distance;
    const bool water = scene.terrain.hasWater && p.y <= scene.terrain.waterLevel + .0005f;
    PixelSample s = water ? shadeWater(ground, ray, p, distance) : shadeGround(ground, p, distance, true);
    const AirSample air = throughAir(scene, s.color, eye, ray, distance);
    s.color = air.color;
    if (air.fog > kFogIsAThing)
        s.object = LandscapeLabel::Fog;
    return s;
}

} // namespace tessera::core
