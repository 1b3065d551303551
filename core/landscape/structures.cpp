#include "core/landscape/structures.h"

namespace tessera::core
{

namespace
{

// Square of the distance on the map from a place to the line between two points.
TESSERA_PIXEL float squaredDistance(float x, float z, Vec3 from, Vec3 to)
{
    const float dx = to.x - from.x, dz = to.z - from.z;
    const float along =
        std::clamp(((x - from.x) * dx + (z - from.z) * dz) / std::max(1e-12f, dx * dx + dz * dz), 0.f, 1.f);
    const float ox = x - from.x - along * dx, oz = z - from.z - along * dz;
    return ox * ox + oz * oz;
}

TESSERA_PIXEL bool meetsAny(const Structures &all, Vec3 eye, Vec3 ray, float limit, float footprint, StructureHit &hit)
{
    bool met = false;
    for (int i = 0; i < all.walkCount; ++i)
        met |= meetsWalk(all.walks[i], eye, ray, limit, footprint, hit);
    if (all.bridge.present)
        met |= meetsStoneBridge(all.bridge, eye, ray, limit, footprint, hit);
    for (int i = 0; i < all.houseCount; ++i)
        met |= meetsHouse(all.houses[i], eye, ray, limit, footprint, hit);
    return met;
}

TESSERA_PIXEL bool isEmpty(const Structures &all)
{
    return all.walkCount == 0 && all.houseCount == 0 && !all.bridge.present;
}

} // namespace

TESSERA_PIXEL bool meetsStructures(const Scene &scene, Vec3 eye, Vec3 ray, float limit, float footprint,
                                   StructureHit &hit)
{
    if (isEmpty(scene.structures))
        return false;
    // A mirrored eye looks up through the water: nothing that lies below its surface is reflected.
    const float level = scene.terrain.waterLevel;
    const float start = scene.terrain.hasWater && eye.y < level && ray.y > 0 ? (level - eye.y) / ray.y : 0;
    if (start >= limit || !meetsAny(scene.structures, eye + ray * start, ray, limit - start, footprint, hit))
        return false;
    hit.distance += start;
    return true;
}

TESSERA_PIXEL bool structureShades(const Scene &scene, Vec3 point)
{
    StructureHit hit;
    return !isEmpty(scene.structures) && meetsAny(scene.structures, point, scene.light, .2f, 1, hit);
}

TESSERA_PIXEL bool isBuiltOn(const Scene &scene, float x, float z)
{
    const Structures &all = scene.structures;
    for (int i = 0; i < all.houseCount; ++i) {
        const House &h = all.houses[i];
        const float dx = x - h.foot.x, dz = z - h.foot.z, room = h.halfLength + .0012f;
        if (dx * dx + dz * dz < room * room)
            return true;
    }
    for (int i = 0; i < all.walkCount; ++i) {
        const Walk &w = all.walks[i];
        const float room = w.halfWidth + .0008f;
        for (int k = 0; k + 1 < w.count; ++k)
            if (squaredDistance(x, z, w.points[k], w.points[k + 1]) < room * room)
                return true;
    }
    const StoneBridge &b = all.bridge;
    const Vec3 reach = {b.alongX * b.halfLength, 0, b.alongZ * b.halfLength};
    const float room = b.halfWidth + .001f;
    return b.present && squaredDistance(x, z, b.middle - reach, b.middle + reach) < room * room;
}

} // namespace tessera::core
