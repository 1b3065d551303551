#include "core/landscape/noise.h"
#include "core/landscape/structures.h"

namespace tessera::core
{

namespace
{

constexpr float kParapet = .0009f; // height, km
constexpr float kWall = .00035f;   // thickness of the parapet
constexpr float kSpring = .0007f;  // height above the water at which the arches begin
constexpr float kCrown = .0007f;   // least thickness above an arch
constexpr float kDepth = .010f;    // below the water
constexpr float kRing = .00055f;   // width of the ring of stones round an arch
constexpr float kPierShare = .17f; // of the width of an arch

// The arch that is nearest to a place along the bridge.
struct Arch {
    float middle;
    float radius;
    float rise;
};

TESSERA_PIXEL float deckAt(const StoneBridge &b, float z)
{
    const float k = z / b.halfLength;
    return b.deck + b.hump * (1 - k * k);
}

TESSERA_PIXEL Arch archAt(const StoneBridge &b, float z)
{
    const float reach = .80f * b.halfLength, width = 2 * reach / static_cast<float>(b.arches);
    const float cell = std::clamp(std::floor((z + reach) / width), 0.f, static_cast<float>(b.arches - 1));
    Arch a;
    a.middle = (cell + .5f) * width - reach;
    a.radius = .5f * width * (1 - kPierShare);
    a.rise = std::min(a.radius, deckAt(b, a.middle) - kSpring - kCrown);
    return a;
}

// How far a point lies inside the opening of an arch, as a share of the radius: negative in the masonry.
TESSERA_PIXEL float inOpening(const Arch &a, float y, float z)
{
    const float across = (z - a.middle) / a.radius, up = std::max(0.f, y - kSpring) / a.rise;
    return 1 - std::sqrt(across * across + up * up);
}

TESSERA_PIXEL bool isMasonry(const StoneBridge &b, Vec3 p)
{
    const float top = deckAt(b, p.z) + (std::fabs(p.x) > b.halfWidth - kWall ? kParapet : 0.f);
    return p.y <= top && inOpening(archAt(b, p.z), p.y, p.z) < 0;
}

// Of a face that the ray met inside the bridge's box.
TESSERA_PIXEL Vec3 innerNormal(const StoneBridge &b, Vec3 p, Vec3 ray)
{
    const float above = p.y - deckAt(b, p.z);
    const bool inParapet = std::fabs(p.x) > b.halfWidth - kWall;
    if (above > -.00012f && (!inParapet || above > kParapet - .00012f))
        return {0, 1, 0};
    if (above > -.00012f)
        return {ray.x > 0 ? -1.f : 1.f, 0, 0};
    const Arch a = archAt(b, p.z);
    return normalize({0, std::min(0.f, kSpring - p.y), a.middle - p.z});
}

// Rows of hewn stones, a ring of long ones round each arch, damp and green near the water.
TESSERA_PIXEL Vec3 masonry(const StoneBridge &b, Vec3 p, Vec3 normal, float shown)
{
    const Arch a = archAt(b, p.z);
    const float opening = inOpening(a, p.y, p.z), ring = -opening * a.radius;
    const float up = p.y - deckAt(b, p.z);
    float row = p.y / .00032f, along = (std::fabs(normal.x) > .5f ? p.z : p.x + p.z) / .00058f;
    const bool voussoir = ring < kRing && up < -.0003f && p.y > kSpring && std::fabs(normal.x) > .5f;
    if (voussoir) {
        row = ring / kRing * .99f;
        along = 7 * std::atan2((p.y - kSpring) / a.rise, (p.z - a.middle) / a.radius);
    } else if (normal.y > .5f) {
        row = p.x / .00034f;
    }
    const int number = floorToInt(row);
    along += number & 1 ? .5f : 0.f;
    const float inRow = row - std::floor(row), inStone = along - std::floor(along);
    const bool joint = inRow < .12f || inStone < .07f;
    const float stone = latticeValue(floorToInt(along), number, b.seed + (voussoir ? 5 : 0));
    const float rough = valueNoise(p.z * 6000, (p.y + p.x) * 6000, b.seed + 1);
    const float stain = fractalNoise(p.z * 300, p.y * 190, 3, b.seed + 2);
    const float pattern = mix(.82f, (.55f + .6f * stone) * (joint ? .55f : 1.f) * (.8f + .4f * rough), shown);
    const float cap = up > kParapet - .00022f ? 1.25f : 1.f;
    Vec3 color = b.color * (pattern * (.62f + .75f * stain) * cap * (voussoir ? 1.18f : 1.f));
    const float damp = smoothStep(.0016f, .0002f, p.y + .0012f * (stain - .5f));
    color = mix(color, color * Vec3{.48f, .56f, .34f}, damp);
    return mix(color, color * Vec3{.70f, .85f, .50f}, .6f * smoothStep(.50f, .66f, stain));
}

} // namespace

TESSERA_PIXEL bool meetsStoneBridge(const StoneBridge &b, Vec3 eye, Vec3 ray, float &limit, float footprint,
                                    StructureHit &hit)
{
    if (!passesNear(b.middle, b.halfLength + .012f, eye, ray))
        return false;
    const Vec3 from = toAxes(b.alongX, b.alongZ, eye - b.middle), d = toAxes(b.alongX, b.alongZ, ray);
    const Passage box = throughBox({-b.halfWidth, -kDepth, -b.halfLength},
                                   {b.halfWidth, b.deck + b.hump + kParapet, b.halfLength}, from, d);
    if (!box.any() || box.enter >= limit)
        return false;
    constexpr float kNudge = 2e-6f;
    const float last = std::min(box.leave, limit);
    float t = std::max(0.f, box.enter) + kNudge;
    Vec3 normal = box.normal;
    const bool solid = isMasonry(b, from + d * t);
    if (solid && box.enter <= 0)
        return false;
    if (!solid) { // over the parapet or under an arch
        const int steps = std::clamp(static_cast<int>((last - t) / .00012f), 8, 120);
        const float step = (last - t) / static_cast<float>(steps);
        float above = t;
        int k = 0;
        for (; k < steps && !isMasonry(b, from + d * t); ++k) {
            above = t;
            t += step;
        }
        if (k == steps)
            return false;
        for (k = 0; k < 7; ++k) {
            const float middle = .5f * (above + t);
            (isMasonry(b, from + d * middle) ? t : above) = middle;
        }
        normal = innerNormal(b, from + d * above, d);
    }
    const float shown = smoothStep(.0006f, .00018f, footprint * t);
    limit = t;
    hit = {t, fromAxes(b.alongX, b.alongZ, normal), masonry(b, from + d * t, normal, shown), LandscapeLabel::Bridge};
    return true;
}

} // namespace tessera::core
