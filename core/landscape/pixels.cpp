#include "core/landscape/pixels.h"

#include "core/landscape/march.h"
#include "core/landscape/sprites.h"

namespace tessera::core
{

namespace
{

TESSERA_PIXEL float startBefore(float reached)
{
    return reached >= kSkyDistance ? reached : .985f * reached - .0004f;
}

// Where a ray between a pixel and its neighbours may begin.
TESSERA_PIXEL float startNear(const PicturePlanes &p, int x, int y)
{
    float nearest = kSkyDistance;
    for (int j = std::max(0, y - 1); j <= std::min(p.height - 1, y + 1); ++j)
        for (int i = std::max(0, x - 1); i <= std::min(p.width - 1, x + 1); ++i)
            nearest = std::min(nearest, p.reached[p.at(i, j)]);
    return startBefore(nearest);
}

TESSERA_PIXEL PixelSample sampleAt(const Ground &ground, Vec3 ray, float reached)
{
    const Vec3 eye = ground.scene.camera.position;
    PixelSample s = shadeAt(ground, eye, ray, reached);
    overlaySprites(ground.scene, eye, ray, s);
    return s;
}

TESSERA_PIXEL Vec3 rayThrough(const Ground &ground, const PicturePlanes &planes, float px, float py)
{
    return viewRay(ground.scene.camera, px, py, planes.width, planes.height);
}

TESSERA_PIXEL Vec3 middleRay(const Ground &ground, const PicturePlanes &planes, int x, int y)
{
    return rayThrough(ground, planes, static_cast<float>(x) + .5f, static_cast<float>(y) + .5f);
}

// What one of the rays of a pixel beside the one through its middle sees.
TESSERA_PIXEL Vec3 colorBeside(const Ground &ground, const PicturePlanes &planes, int x, int y, int number, float start)
{
    const float shiftX = number == 0 ? .83f : number == 1 ? .17f : .67f;
    const float shiftY = number == 0 ? .8f : number == 1 ? .33f : .17f;
    const Vec3 ray = rayThrough(ground, planes, static_cast<float>(x) + shiftX, static_cast<float>(y) + shiftY);
    float once = kNotReached;
    float &reached = planes.reachedBeside ? planes.reachedBeside[kBesideRays * planes.at(x, y) + number] : once;
    if (reached == kNotReached)
        reached = reachOf(ground, ground.scene.camera.position, ray, start);
    return sampleAt(ground, ray, reached).color;
}

TESSERA_PIXEL float difference(Vec3 a, Vec3 b)
{
    const Vec3 d = a - b;
    return std::fabs(d.x) + std::fabs(d.y) + std::fabs(d.z);
}

// Largest difference to the four neighbours, as seen on the screen.
TESSERA_PIXEL float contrastAt(const PicturePlanes &p, int x, int y)
{
    const Vec3 own = p.shown[p.at(x, y)];
    float most = 0;
    if (x + 1 < p.width)
        most = std::max(most, difference(own, p.shown[p.at(x + 1, y)]));
    if (x > 0)
        most = std::max(most, difference(own, p.shown[p.at(x - 1, y)]));
    if (y + 1 < p.height)
        most = std::max(most, difference(own, p.shown[p.at(x, y + 1)]));
    if (y > 0)
        most = std::max(most, difference(own, p.shown[p.at(x, y - 1)]));
    return most;
}

TESSERA_PIXEL Vec3 clipped(Vec3 c, float white)
{
    return {std::min(c.x, white), std::min(c.y, white), std::min(c.z, white)};
}

TESSERA_PIXEL float exposureKey(const Scene &scene)
{
    const float hour = scene.night ? .088f : scene.sun.y < 0 ? .15f : .185f;
    const float taste = .72f + .6f * hashToFloat(hash32(scene.seed + 31)); // some pictures are bright, some dark
    return taste * (scene.biome == Biome::Arctic ? hour * 1.45f : hour);
}

} // namespace

TESSERA_PIXEL std::uint16_t depthCode(float distanceKm)
{
    if (distanceKm >= kSkyDistance)
        return 0;
    return static_cast<std::uint16_t>(65535 * std::sqrt(1 / (1 + std::max(0.f, distanceKm))) + .5f);
}

TESSERA_PIXEL void reachPixel(const Ground &ground, const PicturePlanes &planes, int x, int y, float below)
{
    planes.reached[planes.at(x, y)] =
        reachOf(ground, ground.scene.camera.position, middleRay(ground, planes, x, y), startBefore(below));
}

TESSERA_PIXEL void shadePixel(const Ground &ground, const PicturePlanes &planes, int x, int y)
{
    const std::size_t i = planes.at(x, y);
    const PixelSample s = sampleAt(ground, middleRay(ground, planes, x, y), planes.reached[i]);
    planes.radiance[i] = s.color;
    planes.object[i] = static_cast<std::uint8_t>(s.object);
    planes.material[i] = static_cast<std::uint8_t>(s.material);
    planes.depth[i] = depthCode(s.distance);
}

TESSERA_PIXEL Exposure exposureOf(const Scene &scene, const PicturePlanes &planes, const LogSums &sums)
{
    return {sums, planes.width * planes.height, exposureKey(scene), scene.night ? 160.f : 60.f};
}

TESSERA_PIXEL void showPixel(const PicturePlanes &planes, const Exposure &exposure, std::size_t pixel)
{
    planes.shown[pixel] = exposure.develop(planes.radiance[pixel], 1);
}

TESSERA_PIXEL int raysBeside(const PicturePlanes &planes, int x, int y)
{
    constexpr float kVisible = .22f, kStrong = .34f;
    const float contrast = contrastAt(planes, x, y);
    return contrast < kVisible ? 0 : contrast < kStrong ? 1 : kBesideRays;
}

TESSERA_PIXEL void smoothPixel(const Ground &ground, const PicturePlanes &planes, const Exposure &exposure, int x,
                               int y, int rays)
{
    const float white = exposure.white(), start = startNear(planes, x, y);
    Vec3 &c = planes.radiance[planes.at(x, y)];
    c = clipped(c, white);
    for (int k = 0; k < rays; ++k)
        c = c + clipped(colorBeside(ground, planes, x, y, k, start), white);
    c = c * (1 / static_cast<float>(rays + 1));
}

TESSERA_PIXEL void developPixel(const Scene &scene, const PicturePlanes &planes, const Exposure &exposure,
                                std::size_t pixel)
{
    const float saturation = scene.saturation * (scene.night ? .55f : 1.f); // eyes see few colours at night
    const Vec3 c = exposure.develop(planes.radiance[pixel], saturation);
    planes.rgb[3 * pixel] = static_cast<std::uint8_t>(c.x * 255 + .5f);
    planes.rgb[3 * pixel + 1] = static_cast<std::uint8_t>(c.y * 255 + .5f);
    planes.rgb[3 * pixel + 2] = static_cast<std::uint8_t>(c.z * 255 + .5f);
}

} // namespace tessera::core
