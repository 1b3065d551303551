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
    float road = 0;
    float wall = 0;       // land beside the camera that rises above it
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
            const Vec3 p = scene.camera.position + ray * distance;
            c.wall += distance < .06f && p.y > scene.camera.position.y ? kShare : 0;
            c.road += scene.terrain.road && p.y > scene.terrain.waterLevel + .001f
                              && roadDistance(scene, p.x, p.z) < scene.terrain.roadWidth
                          ? kShare
                          : 0;
            c.water += scene.terrain.hasWater && p.y <= scene.terrain.waterLevel + .001f ? kShare : 0;
        }
        lowest = std::max(lowest, skyline);
        highest = std::min(highest, skyline);
    }
    c.skylineRange = lowest - highest;
    return c;
}

// The subject is in the picture and nothing stands before it.
bool showsSubject(const Scene &scene, const Composition &c)
{
    switch (scene.subject) {
    case Subject::Land:
    case Subject::Fog:
        return true;
    case Subject::Road:
        return c.road > .09f && c.wall < .04f;
    case Subject::Village:
        return c.road > .05f && c.wall < .03f;
    case Subject::Flowers:
    case Subject::Stones:
    case Subject::Mud:
        return c.water < .30f && c.wall < .08f;
    default:
        return c.wall < .03f;
    }
}

} // namespace

bool wellComposed(const Scene &scene, Random &random)
{
    const Composition c = look(scene);
    const float mostNear = scene.subject == Subject::Land ? .50f : .68f;
    if (c.sky < .12f || c.sky > .70f || c.close > mostNear || !showsSubject(scene, c))
        return false;
    if (scene.terrain.hasWater
        && (c.water > .55f || (c.water < (scene.terrain.river ? .03f : .06f) && random.chance(.75f))))
        return false;
    const bool mayBeFlat = scene.biome == Biome::Coast || scene.biome == Biome::Desert;
    return c.skylineRange >= 2 || random.chance(mayBeFlat ? .5f : .2f);
}

} // namespace tessera::core
