#include "core/landscape/shading.h"

#include "core/landscape/detail.h"
#include "core/landscape/groundshading.h"
#include "core/landscape/march.h"
#include "core/landscape/sky.h"
#include "core/landscape/sprites.h"

namespace tessera::core
{

namespace
{

TESSERA_PIXEL PixelSample shadeSky(const Scene &scene, Vec3 eye, Vec3 ray)
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

TESSERA_PIXEL bool isSea(const Scene &scene)
{
    return scene.biome == Biome::Coast || scene.biome == Biome::Tropical;
}

// Swell, and ripples from the size of a pixel up. Lakes have patches that the wind leaves smooth.
TESSERA_PIXEL Vec3 waterNormal(const Scene &scene, Vec3 ray, Vec3 p, float distance)
{
    const std::uint32_t seed = scene.terrain.seed;
    const float footprint = scene.camera.footprint(distance), facing = std::max(.02f, -ray.y);
    const Detail ripples = detailAt(p.x * .55f, p.z, footprint * std::pow(facing, -.5f), seed + 700);
    const float wind =
        scene.biome == Biome::Coast ? 1.f : smoothStep(.35f, .6f, fractalNoise(p.x * 5, p.z * 11, 3, seed + 705));
    const float strength = scene.terrain.wave * (.012f + .060f * wind) + .004f;
    float swellX = 0, swellZ = 0;
    if (isSea(scene)) {
        float dx, dz;
        valueNoise(p.x * 26, p.z * 60, seed + 710, dx, dz);
        const float swell = scene.terrain.wave * .10f * smoothStep(3.f, .2f, distance);
        swellX = .4f * dx * swell;
        swellZ = dz * swell;
    }
    return normalize({-ripples.slopeA * strength - swellX, 1, -ripples.slopeB * strength - swellZ});
}

// What a ray from the water, `away` km from the eye, sees: sky, land and the sprites on it.
TESSERA_PIXEL Vec3 mirrored(const Ground &ground, Vec3 from, Vec3 ray, float away)
{
    const Scene &scene = ground.scene;
    PixelSample seen;
    float distance;
    bool land = marchGround(ground, from, ray, kMirrorMarch, distance);
    if (land) {
        const Vec3 p = from + ray * distance;
        land = p.y > scene.terrain.waterLevel + .001f;
        if (land) {
            seen = shadeGround(ground, p, std::max(distance, .6f), false);
            seen.distance = away + distance;
            seen.color = throughAir(scene, seen.color, from, ray, distance).color;
        }
    }
    if (!land)
        seen.color = skyWithClouds(scene, from, ray, false).color;
    const Vec3 eye = scene.camera.position;
    overlaySprites(scene, {eye.x, 2 * scene.terrain.waterLevel - eye.y, eye.z}, ray, seen);
    return seen.color;
}

// White water at the shore and on high waves.
TESSERA_PIXEL Vec3 withFoam(const Scene &scene, Vec3 color, Vec3 p, float depth, float distance, float reached)
{
    const Terrain &t = scene.terrain;
    const Vec3 white = scene.skyAverage * 1.6f + scene.lightColor * (.5f * reached * std::max(.15f, scene.light.y));
    // A torn seam at the shore, and a line of breakers where it is a man deep.
    const float torn = fractalNoise(p.x * 55, p.z * 75, 3, t.seed + 720);
    const float seam =
        smoothStep(.0006f, .0001f, depth + .0010f * (torn - .45f)) * (.3f + .7f * smoothStep(.38f, .5f, torn));
    const float line = std::fabs(depth - .0018f - .0022f * (torn - .45f));
    const float breaker = smoothStep(.0005f, .0001f, line) * smoothStep(.40f, .52f, torn);
    const float edge = std::max(seam, breaker * t.wave);
    const float shore = t.river ? .0f : scene.biome == Biome::Coast ? 1.f : isSea(scene) ? .6f : .15f;
    color = mix(color, white, edge * shore * .8f);
    if (scene.biome == Biome::Coast && t.wave > .6f) {
        const float crest = fractalNoise(p.x * 14, p.z * 30, 4, t.seed + 730);
        color = mix(color, white, smoothStep(.70f, .79f, crest) * smoothStep(6.f, .4f, distance) * .7f);
    }
    return color;
}

// What is seen through the surface: the bed where it is shallow, the water's own colour where it is deep. Water takes
// red first, so that a bed of sand looks green before it is lost.
TESSERA_PIXEL Vec3 waterBody(const Scene &scene, float depth, float reached)
{
    const float sun = reached * std::max(.1f, scene.light.y);
    const Vec3 deep = scene.palette.water * (scene.skyAverage * 2.2f + scene.lightColor * (.30f * sun));
    const Vec3 bed = scene.palette.sand * (scene.skyAverage * 1.3f + scene.lightColor * (.5f * sun));
    const float clearness = scene.terrain.river ? 160.f : 110.f;
    return deep + (bed * .55f - deep) * exp(Vec3{2.6f, 1.f, .8f} * (-depth * clearness));
}

TESSERA_PIXEL PixelSample shadeWater(const Ground &ground, Vec3 ray, Vec3 p, float distance)
{
    const Scene &scene = ground.scene;
    const Vec3 n = waterNormal(scene, ray, p, distance);
    Vec3 reflected = ray - n * (2 * dot(ray, n));
    reflected.y = std::max(reflected.y, .003f);
    reflected = normalize(reflected);
    const Vec3 surface = {p.x, scene.terrain.waterLevel + .0006f, p.z};
    const float depth = scene.terrain.waterLevel - ground.bareHeight(p.x, p.z, distance);
    const float reached = lightReaching(ground, surface);
    const float fresnel = std::min(.9f, .02f + .98f * std::pow(1 - saturate(-dot(ray, n)), 5.f));
    Vec3 color = mix(waterBody(scene, depth, reached), mirrored(ground, surface, reflected, distance), fresnel);
    const float facing = saturate(dot(n, normalize(scene.light - ray)));
    const float glint = 3 * std::pow(facing, 420.f) + .25f * std::pow(facing, 60.f);
    color = color + scene.lightColor * (glint * reached * (1 - scene.air.overcast));
    color = withFoam(scene, color, p, depth, distance, reached);
    const LandscapeLabel label = isSea(scene)          ? LandscapeLabel::Sea
                                 : scene.terrain.river ? LandscapeLabel::River
                                                       : LandscapeLabel::Water;
    return {color, label, label, distance};
}

} // namespace

TESSERA_PIXEL float reachOf(const Ground &ground, Vec3 eye, Vec3 ray, float start)
{
    float distance;
    const bool land = start < kSkyDistance && marchGround(ground, eye, ray, kViewMarch, distance, start);
    return land ? distance : kSkyDistance;
}

TESSERA_PIXEL PixelSample shadeAt(const Ground &ground, Vec3 eye, Vec3 ray, float reached)
{
    const Scene &scene = ground.scene;
    if (reached >= kSkyDistance)
        return shadeSky(scene, eye, ray);
    const Vec3 p = eye + ray * reached;
    const float shore = std::min(.0005f, .5f * scene.camera.footprint(reached)); // how exactly the ray met the land
    const bool water = scene.terrain.hasWater && p.y <= scene.terrain.waterLevel + shore;
    PixelSample s = water ? shadeWater(ground, ray, p, reached) : shadeGround(ground, p, reached, true);
    const AirSample air = throughAir(scene, s.color, eye, ray, reached);
    s.color = air.color;
    if (air.fog > kFogIsAThing)
        s.object = LandscapeLabel::Fog;
    return s;
}

} // namespace tessera::core
