#include "core/landscape/sky.h"

#include "core/landscape/clouds.h"
#include "core/landscape/noise.h"

namespace tessera::core
{

namespace
{

// Kilometres and inverse kilometres.
constexpr float kEarthRadius = 6360;
constexpr float kAirRadius = 6420;
constexpr float kAirScale = 8;
constexpr float kHazeScale = 1.2f;
TESSERA_PIXEL_CONSTANT Vec3 kRayleigh = {5.8e-3f, 13.5e-3f, 33.1e-3f};
TESSERA_PIXEL_CONSTANT Vec3 kOzone = {.65e-3f, 1.88e-3f, .085e-3f};
TESSERA_PIXEL_CONSTANT Vec3 kEye = {0, kEarthRadius + .3f, 0};
constexpr float kSunPower = 20;
TESSERA_PIXEL_CONSTANT Vec3 kNightGlow = {.0025f, .0045f, .0090f};
TESSERA_PIXEL_CONSTANT Vec3 kMoonColor = {.030f, .038f, .052f};

TESSERA_PIXEL float mie(const Scene &scene)
{
    return 21e-3f * .35f * scene.air.haze;
}

struct Depths {
    float air;
    float haze;
};

// Distance to the edge of the atmosphere.
TESSERA_PIXEL float airLength(Vec3 from, Vec3 ray)
{
    const float b = dot(from, ray), c = dot(from, from) - kAirRadius * kAirRadius;
    return -b + std::sqrt(std::max(0.f, b * b - c));
}

// Optical depths from a point to space; very large through the earth.
TESSERA_PIXEL Depths depthsToSpace(Vec3 from, Vec3 ray)
{
    constexpr int kSteps = 8;
    const float step = airLength(from, ray) / kSteps;
    Depths sum = {0, 0};
    for (int i = 0; i < kSteps; ++i) {
        const float h = length(from + ray * (step * (static_cast<float>(i) + .5f))) - kEarthRadius;
        if (h < 0)
            return {1e4f, 1e4f};
        sum.air += std::exp(-h / kAirScale) * step;
        sum.haze += std::exp(-h / kHazeScale) * step;
    }
    return sum;
}

TESSERA_PIXEL Vec3 scatteredLight(const Scene &scene, Vec3 ray)
{
    constexpr int kSteps = 16;
    const float total = airLength(kEye, ray), bM = mie(scene);
    Vec3 air, haze;
    float airDepth = 0, hazeDepth = 0;
    for (int k = 0; k < kSteps; ++k) {
        const auto i = static_cast<float>(k);
        const float t0 = total * i * i / (kSteps * kSteps), t1 = total * (i + 1) * (i + 1) / (kSteps * kSteps);
        const Vec3 p = kEye + ray * (.5f * (t0 + t1));
        const float h = length(p) - kEarthRadius;
        const float airHere = std::exp(-h / kAirScale) * (t1 - t0), hazeHere = std::exp(-h / kHazeScale) * (t1 - t0);
        airDepth += airHere;
        hazeDepth += hazeHere;
        const Depths sun = depthsToSpace(p, scene.sun);
        const Vec3 tau = (kRayleigh + kOzone * 1.2f) * (airDepth + sun.air) + grey(bM * 1.1f * (hazeDepth + sun.haze));
        const Vec3 through = exp(tau * -1.f);
        air = air + through * airHere;
        haze = haze + through * hazeHere;
    }
    const float mu = dot(ray, scene.sun), g = .76f;
    const float phaseAir = 3 / (16 * kPi) * (1 + mu * mu);
    const float phaseHaze =
        3 / (8 * kPi) * ((1 - g * g) * (1 + mu * mu)) / ((2 + g * g) * std::pow(1 + g * g - 2 * g * mu, 1.5f));
    // The last term stands for light scattered more than once.
    return (air * kRayleigh * phaseAir + haze * (bM * phaseHaze) + air * kRayleigh * .03f) * kSunPower;
}

TESSERA_PIXEL void setLight(Scene &scene)
{
    if (scene.night) {
        scene.lightColor = kMoonColor * (1 - scene.air.overcast * .8f);
        return;
    }
    Vec3 direction = scene.sun;
    direction.y = std::max(direction.y, 0.f);
    const Depths depth = depthsToSpace(kEye, normalize(direction));
    const Vec3 through = exp((kRayleigh * depth.air + grey(mie(scene) * 1.1f * depth.haze)) * -1.f);
    const float seen = (1 - scene.air.overcast * .93f) * smoothStep(-.05f, .03f, scene.sun.y);
    scene.lightColor = through * (kSunPower * .16f * seen);
}

TESSERA_PIXEL void coverSky(Scene &scene)
{
    const float cover = scene.air.overcast;
    const Vec3 lid = grey(dot(scene.skyAverage, {.3f, .5f, .2f}));
    for (int j = 0; j < kSkyRows; ++j) {
        const float k = .55f + .6f * static_cast<float>(j) / (kSkyRows - 1);
        for (int i = 0; i < kSkyColumns; ++i) {
            Vec3 &c = scene.sky[j * kSkyColumns + i];
            c = mix(c, lid * Vec3{.97f, 1, 1.06f} * k, cover);
        }
    }
    scene.skyAverage = mix(scene.skyAverage, lid, cover);
}

TESSERA_PIXEL Vec3 stars(const Scene &scene, Vec3 ray)
{
    const float u = std::atan2(ray.x, ray.z) * 90, w = std::asin(ray.y) * 90;
    const int iu = floorToInt(u), iw = floorToInt(w);
    const float strength = latticeValue(iu, iw, scene.seed + 900);
    if (strength < .985f)
        return {};
    const float du = u - static_cast<float>(iu) - .5f, dw = w - static_cast<float>(iw) - .5f;
    return grey((strength - .985f) * 1.1f * std::exp(-(du * du + dw * dw) * 14));
}

TESSERA_PIXEL Vec3 lampInSky(const Scene &scene, float mu)
{
    if (scene.air.overcast >= .8f)
        return {};
    if (scene.night)
        return Vec3{.55f, .58f, .6f} * smoothStep(.99982f, .99990f, mu) + grey(.010f * std::pow(saturate(mu), 300.f));
    if (scene.sun.y < -.03f)
        return {};
    const float glow = smoothStep(.99965f, .9999f, mu) * 25 + std::pow(saturate(mu), 900.f) * 1.2f;
    return scene.lightColor * (glow * (1 - scene.air.overcast));
}

TESSERA_PIXEL float cirrusOpacity(const Scene &scene, Vec3 eye, Vec3 ray, bool fine)
{
    const float t = 7 / (ray.y + .04f);
    float x = (eye.x + ray.x * t) * .09f;
    const float z = (eye.z + ray.z * t) * .22f;
    x += .6f * fractalNoise(x * 1.3f, z, 2, scene.seed + 402);
    const float d = fractalNoise(x, z, fine ? 5 : 3, scene.seed + 400);
    return smoothStep(.62f - .3f * scene.air.cirrus, .95f, d) * .75f * smoothStep(.03f, .15f, ray.y);
}

} // namespace

TESSERA_PIXEL void computeSky(Scene &scene)
{
    // Light scattered many times keeps a twilight blue after the sun has gone.
    const Vec3 glow = kNightGlow * (scene.night ? .8f : .3f + 1.3f * smoothStep(.02f, -.10f, scene.sun.y));
    Vec3 sum;
    float weights = 0;
    for (int j = 0; j < kSkyRows; ++j) {
        const float row = static_cast<float>(j) / (kSkyRows - 1);
        const float elevation = j == 0 ? .002f : row * row * (kPi / 2);
        for (int i = 0; i < kSkyColumns; ++i) {
            const float azimuth = static_cast<float>(i) / kSkyColumns * 2 * kPi;
            const Vec3 ray = {std::cos(elevation) * std::sin(azimuth), std::sin(elevation),
                              std::cos(elevation) * std::cos(azimuth)};
            const Vec3 c = scatteredLight(scene, ray) + glow;
            scene.sky[j * kSkyColumns + i] = c;
            sum = sum + c * std::cos(elevation);
            weights += std::cos(elevation);
        }
    }
    scene.skyAverage = sum * (1 / weights);
    // Light from all around is paler than the sky: the land sends it back and forth.
    scene.skyAverage = mix(scene.skyAverage, grey(luminance(scene.skyAverage)), .3f);
    if (scene.air.overcast > 0)
        coverSky(scene);
    setLight(scene);
}

TESSERA_PIXEL Vec3 skyRadiance(const Scene &scene, Vec3 ray)
{
    const float elevation = std::asin(std::clamp(ray.y, .002f, 1.f));
    float azimuth = std::atan2(ray.x, ray.z);
    if (azimuth < 0)
        azimuth += 2 * kPi;
    const float row = std::sqrt(elevation / (kPi / 2)) * (kSkyRows - 1), column = azimuth / (2 * kPi) * kSkyColumns;
    const int j = std::min(kSkyRows - 2, static_cast<int>(row));
    const int i = static_cast<int>(column) % kSkyColumns, next = (i + 1) % kSkyColumns;
    const float fi = column - std::floor(column), fj = row - static_cast<float>(j);
    const Vec3 *low = scene.sky + j * kSkyColumns, *high = low + kSkyColumns;
    return mix(mix(low[i], low[next], fi), mix(high[i], high[next], fi), fj);
}

TESSERA_PIXEL SkySample skyWithClouds(const Scene &scene, Vec3 eye, Vec3 ray, bool fine)
{
    const float mu = dot(ray, scene.light);
    SkySample s = {skyRadiance(scene, ray) + lampInSky(scene, mu), 0};
    if (scene.night && fine)
        s.color = s.color + stars(scene, ray);
    if (ray.y < .012f)
        return s;
    const CloudLight light = {scene.lightColor * (scene.night ? .16f : .62f),
                              mix(scene.skyAverage, grey(luminance(scene.skyAverage)), .55f)
                                  * (scene.night ? .8f : 1.05f)};
    if (scene.air.cirrus > 0) {
        const float opacity = cirrusOpacity(scene, eye, ray, fine);
        s.color = mix(s.color, light.direct * .9f + light.ambient, opacity);
        s.cloud = opacity * .8f;
    }
    if (scene.air.clouds > 0)
        s.cloud = std::max(s.cloud, heapClouds(scene, eye, ray, fine, light, s.color));
    return s;
}

namespace
{

// Share of a ray that is hidden by fog whose density falls off with height.
TESSERA_PIXEL float fogOpacity(const Scene &scene, Vec3 eye, Vec3 ray, float distance)
{
    const float falloff = 1 / scene.air.fogHeight;
    const float atEye = std::exp(-std::max(0.f, eye.y - scene.air.fogBase) * falloff);
    const float t = std::min(distance, 20.f);
    const float amount = std::fabs(ray.y) > 1e-4f
                             ? atEye * (1 - std::exp(-std::clamp(ray.y * t * falloff, -30.f, 30.f))) / (ray.y * falloff)
                             : atEye * t;
    return saturate(1 - std::exp(-std::max(0.f, amount) * scene.air.fogDensity));
}

} // namespace

TESSERA_PIXEL AirSample throughAir(const Scene &scene, Vec3 color, Vec3 eye, Vec3 ray, float distance)
{
    const Vec3 horizon = skyRadiance(scene, normalize({ray.x, .015f, ray.z}));
    const float mu = saturate(dot(ray, scene.light));
    const Vec3 extinction = Vec3{.010f, .016f, .028f} + grey(.016f * scene.air.haze);
    const Vec3 through = exp(extinction * -distance);
    AirSample s = {color * through + horizon * (grey(1) - through), 0};
    s.color =
        s.color + scene.lightColor * (std::pow(mu, 6.f) * .10f * (1 - std::exp(-distance * .04f * scene.air.haze)));
    if (scene.air.fogDensity > 0) {
        s.fog = fogOpacity(scene, eye, ray, distance);
        s.color = mix(s.color, scene.skyAverage * 1.05f + scene.lightColor * (.14f * (.6f + std::pow(mu, 4.f))), s.fog);
    }
    return s;
}

} // namespace tessera::core
