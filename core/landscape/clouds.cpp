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
template<class F>
TESSERA_PIXEL_CALL F density(const Scene &scene, F x, F height, F z, int octaves, float finest = 1)
{
    const Air &air = scene.air;
    x *= air.cloudScale;
    z *= air.cloudScale;
    const F cover = fractalNoise<F>(x, z, 3, scene.seed + 410) + .06f;
    const float threshold = .30f + .40f * (1 - air.clouds);
    // Wide at the flat base, narrower towards the tops.
    const F shape = cover - threshold - .20f * height * height;
    F billows = x * 0.f, y = height * (air.cloudDepth * air.cloudScale);
    float amplitude = .17f;
    x *= 2.7f;
    y *= 2.7f;
    z *= 2.7f;
    for (int i = 0; i < octaves; ++i) {
        billows +=
            (i == octaves - 1 ? finest : 1.f) * amplitude
            * (absolute(2.f * valueNoise3(x, y, z, scene.seed + 420 + static_cast<std::uint32_t>(i)) - 1.f) - .42f);
        amplitude *= .56f;
        const F t = x;
        x = 1.7f * x + 1.3f * z + 5.2f;
        z = -1.3f * t + 1.7f * z + 1.7f;
        y *= 2.15f;
    }
    return saturate<F>((shape + billows) * 9.f) * smoothStep<F>(-.02f, .07f, height);
}

// Share of the light that a depth lets through; the second term stands for light scattered many times.
TESSERA_PIXEL float passing(float depth)
{
    return .80f * std::exp(-.95f * depth) + .20f * std::exp(-.22f * depth);
}
#ifndef __CUDACC__
Float8 passing(Float8 depth)
{
    Float8 through;
    for (int k = 0; k < 8; ++k)
        through[k] = passing(depth[k]);
    return through;
}
#endif

// Share of the light that reaches a point, or eight.
template<class F>
TESSERA_PIXEL F lightThrough(const Scene &scene, F x, F height, F z)
{
    constexpr float kTaps[3] = {.07f, .20f, .48f}, kLengths[3] = {.10f, .18f, .40f};
    const Vec3 to = scene.light;
    F depth = x * 0.f;
    for (int i = 0; i < 3; ++i) {
        const float d = kTaps[i];
        const F h = height + (std::max(.05f, to.y) * d / scene.air.cloudDepth);
        const F here = density<F>(scene, x + to.x * d, h, z + to.z * d, i < 2 ? 3 : 2);
        depth += (h < 1.2f ? here : here * 0.f) * (kLengths[i] * kExtinction);
    }
    return passing(depth);
}

// Of light that comes from `mu` off the ray: much of it goes straight on.
TESSERA_PIXEL float phase(float mu)
{
    const float g = .55f, k = 1 + g * g - 2 * g * mu;
    return .72f + .28f * std::min(6.f, (1 - g * g) / (k * std::sqrt(k)));
}

// A start that differs from ray to ray turns the edges of the steps into fine grain.
TESSERA_PIXEL float startOf(Vec3 ray)
{
    return .5f + .35f * (latticeValue(static_cast<int>(ray.x * 4e4f), static_cast<int>(ray.y * 4e4f), 77) - .5f);
}

// A ray on its way through the layer, and what it has gathered.
class CloudRay
{
public:
    TESSERA_PIXEL CloudRay(const Scene &scene, Vec3 eye, Vec3 ray, bool fine, CloudLight light)
        : m_scene(scene)
        , m_eye(eye)
        , m_ray(ray)
        , m_fine(fine)
        , m_light(light)
        , m_steps(fine ? 40 : 8)
        , m_slant(1 / (ray.y + kCurve))
        , m_lowFade(smoothStep(.012f, .06f, ray.y))
        , m_length(std::min(.30f, scene.air.cloudDepth / static_cast<float>(m_steps) * m_slant) * kExtinction)
        , m_farSky(skyRadiance(scene, normalize({ray.x, .02f, ray.z})))
        , m_forward(phase(dot(ray, scene.light)))
        , m_start(startOf(ray))
    {}

    TESSERA_PIXEL int steps() const { return m_steps; }
    TESSERA_PIXEL bool goesOn() const { return m_open > .02f; }
    TESSERA_PIXEL float open() const { return m_open; }
    TESSERA_PIXEL Vec3 over(Vec3 behind) const { return m_color + behind * m_open; }

    // The points of step `step` and, in lanes, of the ones after it: their density and the light that reaches them.
    template<class F>
    struct Points {
        F height, away, x, z; // height within the layer, km from the eye, places
    };
    template<class F>
    TESSERA_PIXEL Points<F> points(int step, F lanes) const
    {
        Points<F> p;
        p.height = (lanes + (static_cast<float>(step) + m_start)) * (1.f / static_cast<float>(m_steps));
        p.away = (kBase + m_scene.air.cloudDepth * p.height) * m_slant;
        p.x = m_eye.x + m_ray.x * p.away;
        p.z = m_eye.z + m_ray.z * p.away;
        return p;
    }
    template<class F>
    TESSERA_PIXEL F densityAt(const Points<F> &p) const
    {
        return density<F>(m_scene, p.x, p.height, p.z, m_fine ? 4 : 2, m_fine ? smoothStep(.04f, .30f, m_ray.y) : 1.f);
    }
    TESSERA_PIXEL static bool isCloud(float dense) { return dense > .004f; }

    // A point of a cloud that so much light reaches.
    TESSERA_PIXEL void add(float dense, float height, float away, float reached)
    {
        if (!isCloud(dense) || away > 60)
            return;
        const Air &air = m_scene.air;
        const float opacity = (1 - std::exp(-dense * m_length)) * m_lowFade;
        const float dim = (.40f + .60f * height) * (1 - air.storm * .65f * (1 - height));
        const Vec3 c = m_light.direct * (reached * m_forward * (1 - .45f * air.storm)) + m_light.ambient * dim;
        const Vec3 seen = mix(c, m_farSky, 1 - std::exp(-away * .018f * (.6f + .5f * air.haze)));
        m_color = m_color + seen * (m_open * opacity);
        m_open *= 1 - opacity;
    }

private:
    const Scene &m_scene;
    Vec3 m_eye;
    Vec3 m_ray;
    bool m_fine;
    CloudLight m_light;
    int m_steps;
    float m_slant;
    float m_lowFade;
    float m_length;
    Vec3 m_farSky;
    float m_forward;
    float m_start;
    Vec3 m_color;
    float m_open = 1;
};

} // namespace

TESSERA_PIXEL float heapCloudsByPoints(const Scene &scene, Vec3 eye, Vec3 ray, bool fine, CloudLight light,
                                       Vec3 &behind)
{
    CloudRay clouds(scene, eye, ray, fine, light);
    for (int k = 0; k < clouds.steps() && (k % 8 != 0 || clouds.goesOn()); ++k) {
        const auto p = clouds.points(k, 0.f);
        const float dense = clouds.densityAt(p);
        if (CloudRay::isCloud(dense))
            clouds.add(dense, p.height, p.away, lightThrough(scene, p.x, p.height, p.z));
    }
    behind = clouds.over(behind);
    return 1 - clouds.open();
}

#ifdef __CUDACC__

TESSERA_PIXEL float heapClouds(const Scene &scene, Vec3 eye, Vec3 ray, bool fine, CloudLight light, Vec3 &behind)
{
    return heapCloudsByPoints(scene, eye, ray, fine, light, behind);
}

#else

namespace
{

bool anyCloud(Float8 d)
{
    float most = 0;
    for (int k = 0; k < 8; ++k)
        most = std::max(most, d[k]);
    return CloudRay::isCloud(most);
}

} // namespace

float heapClouds(const Scene &scene, Vec3 eye, Vec3 ray, bool fine, CloudLight light, Vec3 &behind)
{
    CloudRay clouds(scene, eye, ray, fine, light);
    const Float8 lanes = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int first = 0; first < clouds.steps() && clouds.goesOn(); first += 8) {
        const auto p = clouds.points(first, lanes);
        const Float8 dense = clouds.densityAt(p);
        if (!anyCloud(dense))
            continue;
        const Float8 reached = lightThrough(scene, p.x, p.height, p.z);
        for (int k = 0; k < 8; ++k)
            clouds.add(dense[k], p.height[k], p.away[k], reached[k]);
    }
    behind = clouds.over(behind);
    return 1 - clouds.open();
}

#endif

} // namespace tessera::core
