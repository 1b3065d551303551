#include "core/landscape/clouds.h"

#include "core/landscape/noise.h"
#include "core/landscape/sky.h"

// Heap clouds as a volume between two heights: a ray is followed through it in steps of equal height, eight at a
// time, and from every step a few looks towards the light find how much of it comes through.
namespace tessera::core
{

namespace
{

constexpr float kBase = 1.5f;    // km above the eye
constexpr float kCurve = .022f;  // stands for the curve of the earth: no ray runs in the layer for ever
constexpr float kExtinction = 9; // per km in the middle of a cloud

// Density in [0, 1] at (x, z) km and a height within the layer in [0, 1]. `octaves` of billows shape the surface,
// the last of them with the strength `finest`.
Float8 density(const Scene &scene, Float8 x, Float8 height, Float8 z, int octaves, float finest = 1)
{
    const Air &air = scene.air;
    x *= air.cloudScale;
    z *= air.cloudScale;
    const Float8 cover = fractalNoise<Float8>(x, z, 3, scene.seed + 410) + .06f;
    const float threshold = .30f + .40f * (1 - air.clouds);
    // Wide at the flat base, narrower towards the tops.
    const Float8 shape = cover - threshold - .20f * height * height;
    Float8 billows = x * 0.f, y = height * (air.cloudDepth * air.cloudScale);
    float amplitude = .17f;
    x *= 2.7f;
    y *= 2.7f;
    z *= 2.7f;
    for (int i = 0; i < octaves; ++i) {
        billows +=
            (i == octaves - 1 ? finest : 1.f) * amplitude
            * (absolute(2.f * valueNoise3(x, y, z, scene.seed + 420 + static_cast<std::uint32_t>(i)) - 1.f) - .42f);
        amplitude *= .56f;
        const Float8 t = x;
        x = 1.7f * x + 1.3f * z + 5.2f;
        z = -1.3f * t + 1.7f * z + 1.7f;
        y *= 2.15f;
    }
    return saturate<Float8>((shape + billows) * 9.f) * smoothStep<Float8>(-.02f, .07f, height);
}

// Share of the light that reaches eight points.
Float8 lightThrough(const Scene &scene, Float8 x, Float8 height, Float8 z)
{
    constexpr float kTaps[3] = {.07f, .20f, .48f}, kLengths[3] = {.10f, .18f, .40f};
    const Vec3 to = scene.light;
    Float8 depth = x * 0.f;
    for (int i = 0; i < 3; ++i) {
        const float d = kTaps[i];
        const Float8 h = height + (std::max(.05f, to.y) * d / scene.air.cloudDepth);
        const Float8 here = density(scene, x + to.x * d, h, z + to.z * d, i < 2 ? 3 : 2);
        depth += (h < 1.2f ? here : here * 0.f) * (kLengths[i] * kExtinction);
    }
    Float8 through;
    for (int k = 0; k < 8; ++k) // the second term stands for light scattered many times
        through[k] = .80f * std::exp(-.95f * depth[k]) + .20f * std::exp(-.22f * depth[k]);
    return through;
}

// Of light that comes from `mu` off the ray: much of it goes straight on.
float phase(float mu)
{
    const float g = .55f, k = 1 + g * g - 2 * g * mu;
    return .72f + .28f * std::min(6.f, (1 - g * g) / (k * std::sqrt(k)));
}

bool anyCloud(Float8 d)
{
    float most = 0;
    for (int k = 0; k < 8; ++k)
        most = std::max(most, d[k]);
    return most > .004f;
}

} // namespace

float heapClouds(const Scene &scene, Vec3 eye, Vec3 ray, bool fine, CloudLight light, Vec3 &behind)
{
    const Air &air = scene.air;
    const int groups = fine ? 5 : 1;
    const auto steps = static_cast<float>(8 * groups);
    const float slant = 1 / (ray.y + kCurve), lowFade = smoothStep(.012f, .06f, ray.y);
    const float length = std::min(.30f, air.cloudDepth / steps * slant) * kExtinction;
    const Vec3 farSky = skyRadiance(scene, normalize({ray.x, .02f, ray.z}));
    const float forward = phase(dot(ray, scene.light));
    // A start that differs from ray to ray turns the edges of the steps into fine grain.
    const float start =
        .5f + .35f * (latticeValue(static_cast<int>(ray.x * 4e4f), static_cast<int>(ray.y * 4e4f), 77) - .5f);
    const Float8 lanes = {0, 1, 2, 3, 4, 5, 6, 7};
    Vec3 color;
    float open = 1;
    for (int g = 0; g < groups && open > .02f; ++g) {
        const Float8 height = (lanes + (static_cast<float>(8 * g) + start)) * (1.f / steps);
        const Float8 t = (kBase + air.cloudDepth * height) * slant;
        const Float8 x = eye.x + ray.x * t, z = eye.z + ray.z * t;
        const Float8 d = density(scene, x, height, z, fine ? 4 : 2, fine ? smoothStep(.04f, .30f, ray.y) : 1.f);
        if (!anyCloud(d))
            continue;
        const Float8 reached = lightThrough(scene, x, height, z);
        for (int k = 0; k < 8; ++k) {
            if (d[k] <= .004f || t[k] > 60)
                continue;
            const float opacity = (1 - std::exp(-d[k] * length)) * lowFade;
            const float dim = (.40f + .60f * height[k]) * (1 - air.storm * .65f * (1 - height[k]));
            const Vec3 c = light.direct * (reached[k] * forward * (1 - .45f * air.storm)) + light.ambient * dim;
            const Vec3 seen = mix(c, farSky, 1 - std::exp(-t[k] * .018f * (.6f + .5f * air.haze)));
            color = color + seen * (open * opacity);
            open *= 1 - opacity;
        }
    }
    behind = color + behind * open;
    return 1 - open;
}

} // namespace tessera::core
