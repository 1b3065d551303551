#pragma once

#include "core/landscape/label.h"
#include "core/landscape/scene.h"

#include <cmath>

namespace tessera::core
{

struct StructureHit {
    float distance = 0; // km along the ray
    Vec3 normal;
    Vec3 albedo;
    LandscapeLabel label = LandscapeLabel::Wood;
    float glow = 0; // light of its own: a window at night
};

// What people built that a ray meets nearer than `limit` km; `hit` is left alone where there is nothing. `footprint`
// is the width in km of what a pixel shows at 1 km: patterns finer than a pixel are left out.
TESSERA_PIXEL bool meetsStructures(const Scene &scene, Vec3 eye, Vec3 ray, float limit, float footprint,
                                   StructureHit &hit);

// Whether a structure keeps the light from a point.
TESSERA_PIXEL bool structureShades(const Scene &scene, Vec3 point);

// Whether a structure stands on a place of the map, or so near that nothing else has room there.
TESSERA_PIXEL bool isBuiltOn(const Scene &scene, float x, float z);

// The single kinds. `limit` shrinks to the distance of a hit.
TESSERA_PIXEL bool meetsWalk(const Walk &walk, Vec3 eye, Vec3 ray, float &limit, float footprint, StructureHit &hit);
TESSERA_PIXEL bool meetsStoneBridge(const StoneBridge &bridge, Vec3 eye, Vec3 ray, float &limit, float footprint,
                                    StructureHit &hit);
TESSERA_PIXEL bool meetsHouse(const House &house, Vec3 eye, Vec3 ray, float &limit, float footprint, StructureHit &hit);

// Into the axes of a structure, x across and z along it, and back.
TESSERA_PIXEL inline Vec3 toAxes(float alongX, float alongZ, Vec3 v)
{
    return {v.x * alongZ - v.z * alongX, v.y, v.x * alongX + v.z * alongZ};
}
TESSERA_PIXEL inline Vec3 fromAxes(float alongX, float alongZ, Vec3 v)
{
    return {v.x * alongZ + v.z * alongX, v.y, -v.x * alongX + v.z * alongZ};
}

// Where a ray is inside of a body.
struct Passage {
    float enter = -1e9f;
    float leave = 1e9f;
    Vec3 normal;

    TESSERA_PIXEL bool any() const { return enter <= leave && leave > 0; }

    // Keeps what lies on the inner side of a plane: dot(normal, p) <= limit.
    TESSERA_PIXEL void cut(Vec3 plane, float limit, Vec3 from, Vec3 ray)
    {
        const float toward = dot(plane, ray), room = limit - dot(plane, from);
        if (std::fabs(toward) < 1e-9f) {
            leave = room < 0 ? -1e9f : leave;
            return;
        }
        const float t = room / toward;
        if (toward > 0) {
            leave = std::min(leave, t);
        } else if (t > enter) {
            enter = t;
            normal = plane;
        }
    }
};

TESSERA_PIXEL inline Passage throughBox(Vec3 low, Vec3 high, Vec3 from, Vec3 ray)
{
    Passage p;
    const auto slab = [&p](float origin, float direction, float a, float b, Vec3 axis) {
        const float inverse = 1 / (std::fabs(direction) < 1e-9f ? 1e-9f : direction);
        const float first = ((inverse > 0 ? a : b) - origin) * inverse,
                    last = ((inverse > 0 ? b : a) - origin) * inverse;
        if (first > p.enter) {
            p.enter = first;
            p.normal = axis * (inverse > 0 ? -1.f : 1.f);
        }
        p.leave = std::min(p.leave, last);
    };
    slab(from.x, ray.x, low.x, high.x, {1, 0, 0});
    slab(from.y, ray.y, low.y, high.y, {0, 1, 0});
    slab(from.z, ray.z, low.z, high.z, {0, 0, 1});
    return p;
}

// Whether a ray comes within `radius` km of a point.
TESSERA_PIXEL inline bool passesNear(Vec3 middle, float radius, Vec3 eye, Vec3 ray)
{
    const Vec3 d = middle - eye;
    const float along = dot(d, ray);
    return dot(d, d) - along * along < radius * radius && along > -radius;
}

} // namespace tessera::core
