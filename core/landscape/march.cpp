#include "core/landscape/march.h"

namespace tessera::core
{

namespace
{

TESSERA_PIXEL_CONSTANT float kNearest = .0008f; // km from the eye at which a ray begins

TESSERA_PIXEL float highestPoint(const Terrain &t)
{
    return t.mountainHeight * 1.3f + t.plainHeight + t.dune + .1f;
}

// Where the ray meets the plane of the water, if the land is below it there.
TESSERA_PIXEL bool meetsWater(const Ground &ground, Vec3 eye, Vec3 ray, float &distance)
{
    const float level = ground.scene.terrain.waterLevel;
    const float t = (level - eye.y) / ray.y;
    const Vec3 p = eye + ray * t;
    if (ground.height(p.x, p.z, t) >= level)
        return false;
    distance = t;
    return true;
}

// Halves the step in which the ray went under ground.
TESSERA_PIXEL float refine(const Ground &ground, Vec3 eye, Vec3 ray, float above, float below)
{
    for (int k = 0; k < 6; ++k) {
        const float middle = .5f * (above + below);
        const Vec3 p = eye + ray * middle;
        (p.y < ground.height(p.x, p.z, middle) ? below : above) = middle;
    }
    return below;
}

enum class Way { Misses, Meets, BeginsBelow };

// marchGround() as far as it goes without a second try.
TESSERA_PIXEL Way follow(const Ground &ground, Vec3 eye, Vec3 ray, MarchQuality quality, float &distance, float start)
{
    const Terrain &terrain = ground.scene.terrain;
    float reach = quality.reach;
    if (ray.y > 0)
        reach = std::min(reach, (highestPoint(terrain) - eye.y) / ray.y);
    const float least = .35f * ground.scene.camera.footprint(1); // a third of a pixel
    float t = std::max(kNearest, start), previous = t, before = 1;
    for (int i = 0; i < quality.steps; ++i) {
        if (t > reach)
            return Way::Misses;
        const Vec3 p = eye + ray * t;
        const float h = ground.heightBelow(p, t, i > 0 ? before : 0);
        const float clearance = p.y - h;
        if (terrain.hasWater && ray.y < 0 && p.y < terrain.waterLevel && (clearance > 0 || terrain.waterLevel > h)
            && meetsWater(ground, eye, ray, distance))
            return Way::Meets;
        if (clearance < 0 && i == 0 && start > 0)
            return Way::BeginsBelow;
        if (clearance < 0) {
            distance = refine(ground, eye, ray, previous, t);
            return Way::Meets;
        }
        // Where the ray comes down slowly on the ground it may go farther, up to half of the way to where they would
        // meet; but never so far that a peak between two steps is missed.
        const float nearing = (before - clearance) / std::max(1e-6f, t - previous);
        const float meeting = nearing > 1e-3f ? .5f * clearance / nearing : 3 * clearance;
        before = clearance;
        previous = t;
        const float step = std::max(clearance * quality.stride, std::min(meeting, 1.2f * clearance));
        t += std::max(std::min(step, .05f * t + .025f), least * t + .0003f);
    }
    distance = t;
    return t < reach ? Way::Meets : Way::Misses;
}

} // namespace

TESSERA_PIXEL bool marchGround(const Ground &ground, Vec3 eye, Vec3 ray, MarchQuality quality, float &distance,
                               float start)
{
    Way way = follow(ground, eye, ray, quality, distance, start);
    if (way == Way::BeginsBelow)
        way = follow(ground, eye, ray, quality, distance, 0);
    return way == Way::Meets;
}

TESSERA_PIXEL float lightReaching(const Ground &ground, Vec3 point)
{
    const Scene &scene = ground.scene;
    if (scene.light.y < -.02f)
        return 0;
    const float top = scene.terrain.mountainHeight * 1.25f + scene.terrain.plainHeight + .1f;
    float open = 1, t = .015f;
    for (int i = 0; i < 22 && t <= 14; ++i) {
        const Vec3 q = point + scene.light * t;
        if (q.y > top)
            break;
        const float clearance = q.y - ground.bareHeight(q.x, q.z, 3, 8 * t); // what is far throws soft shadows
        open = std::min(open, 14 * clearance / t);
        if (open < .002f)
            return 0;
        t += std::clamp(clearance * 1.2f, .022f + .05f * t, 1.6f);
    }
    return saturate(open);
}

TESSERA_PIXEL Vec3 viewRay(const Camera &camera, float px, float py, int width, int height)
{
    const auto w = static_cast<float>(width), h = static_cast<float>(height);
    const Vec3 d = normalize({(2 * px - w) / w, (h - 2 * py) / w, camera.focal});
    const float c = std::cos(camera.pitch), s = std::sin(camera.pitch);
    return {d.x, d.y * c + d.z * s, -d.y * s + d.z * c};
}

} // namespace tessera::core
