#include "core/landscape/composition.h"

#include "core/landscape/march.h"

namespace tessera::core
{

namespace
{

// What a coarse look through the camera finds.
struct Composition {
    float sky = 0;   // shares of the picture
    float close = 0; // nearer than 50 m
    float water = 0;
    int skylineRange = 0; // rows of 14
};

constexpr int kProbes = 14;

Composition look(const Scene &scene)
{
    const Ground ground{scene};
    constexpr float kShare = 1.f / (kProbes * kProbes);
    Composition c;
    int lowest = 0, highest = kProbes;
    for (int i = 0; i < kProbes; ++i) {
        int skyline = kProbes;
        for (int j = 0; j < kProbes; ++j) {
            const Vec3 ray =
                viewRay(scene.camera, static_cast<float>(i) + .5f, static_cast<float>(j) + .5f, kProbes, kProbes);
            float distance;
            if (!marchGround(ground, scene.camera.position, ray, kProbeMarch, distance)) {
                c.sky += kShare;
                continue;
            }
            skyline = std::min(skyline, j);
            c.close += distance < .05f ? kShare : 0;
            const float y = scene.camera.position.y + ray.y * distance;
            c.water += scene.terrain.hasWater && y <= scene.terrain.waterLevel + .001f ? kShare : 0;
        }
        lowest = std::max(lowest, skyline);
        highest = std::min(highest, skyline);
    }
    c.skylineRange = lowest - highest;
    return c;
}

} // namespace

bool wellComposed(const Scene &scene, Random &random)
{
    const Composition c = look(scene);
    if (c.sky < .12f || c.sky > .70f || c.close > .50f)
        return false;
    if (scene.terrain.hasWater
        && (c.water > .55f || (c.water < (scene.terrain.river ? .03f : .06f) && random.chance(.75f))))
        return false;
    const bool mayBeFlat = scene.biome == Biome::Coast || scene.biome == Biome::Desert;
    return c.skylineRange >= 2 || random.chance(mayBeFlat ? .5f : .2f);
}

} // namespace tessera::core
