#include "core/landscape/noise.h"
#include "core/landscape/structures.h"

namespace tessera::core
{

namespace
{

constexpr float kOver = .00045f;  // how far the roof hangs over the walls, km
constexpr float kSlate = .00016f; // thickness of the roof
constexpr float kBelow = .004f;   // how far the walls reach into the ground
constexpr float kStorey = .0027f;
constexpr float kBay = .0026f; // of the wall, with one window each
constexpr float kChimney = .00042f;

enum class WallKind { Planks, Stone, Plaster, Timber };

TESSERA_PIXEL WallKind kindOf(const House &h)
{
    return static_cast<WallKind>(h.seed % 4);
}

TESSERA_PIXEL Vec3 wallColor(const House &h, float x, float y, float inBay, float shown)
{
    const float patch = .84f + .32f * fractalNoise(x * 500, y * 420, 3, h.seed + 2);
    const Vec3 plain = h.wall * patch;
    Vec3 color = plain;
    switch (kindOf(h)) {
    case WallKind::Planks: {
        const float plank = y / .00024f, in = plank - std::floor(plank);
        color = plain * (in < .16f ? .55f : .86f + .26f * latticeValue(0, floorToInt(plank), h.seed));
        break;
    }
    case WallKind::Stone: {
        const float row = y / .00034f, along = x / .00062f + (floorToInt(row) & 1 ? .5f : 0.f);
        const bool joint = row - std::floor(row) < .14f || along - std::floor(along) < .08f;
        color = plain * (joint ? .62f : .68f + .55f * latticeValue(floorToInt(along), floorToInt(row), h.seed));
        break;
    }
    case WallKind::Plaster:
        color = plain * (y < .0006f ? .62f : 1.02f);
        break;
    case WallKind::Timber: {
        const float height = y / kStorey, in = height - std::floor(height);
        const bool beam = inBay < .05f || inBay > .95f || in < .07f || in > .95f
                          || (in < .34f && std::fabs(in * .8f - inBay * .3f - .04f) < .025f);
        color = beam ? Vec3{.10f, .065f, .04f} * patch : Vec3{.62f, .57f, .47f} * patch;
        break;
    }
    }
    return mix(plain * .9f, color, shown);
}

// A wall at `x` km along it and `y` above the floor: windows with frames and shutters, a door, or bare.
TESSERA_PIXEL void paintWall(const House &h, float x, float y, float length, float footprint, StructureHit &hit)
{
    const float shown = smoothStep(.0004f, .00012f, footprint);
    const float bays = std::max(1.f, std::floor(2 * length / kBay)), place = (x + length) / (2 * length) * bays;
    const int bay = floorToInt(place), storey = floorToInt(std::max(0.f, y) / kStorey);
    const float inBay = place - std::floor(place), high = y / kStorey - static_cast<float>(storey);
    const std::uint32_t own = hash32(h.seed * 13u + static_cast<std::uint32_t>(bay * 7 + storey));
    hit.albedo = wallColor(h, x, y, inBay, shown);
    const bool door = storey == 0 && bay == static_cast<int>(h.seed % 3) && y > 0;
    const float off = std::fabs(inBay - .5f);
    if (door && high < .76f && off < .22f) {
        hit.albedo = off > .185f || high > .72f ? Vec3{.42f, .38f, .32f} : Vec3{.13f, .075f, .045f};
        return;
    }
    if (door || y < 0 || high < .34f || high > .76f || own % 9 == 0)
        return;
    if (off < .20f) {
        const bool frame = off > .165f || high < .375f || high > .725f || off < .018f || std::fabs(high - .60f) < .012f;
        hit.albedo = frame ? Vec3{.58f, .55f, .50f} : Vec3{.03f, .04f, .055f};
        hit.glow = !frame && own % 5 < 3 ? 1.f : 0.f;
    } else if (off < .32f && h.seed % 3 == 1) {
        static constexpr Vec3 kShutters[] = {{.08f, .18f, .10f}, {.30f, .06f, .05f}, {.08f, .14f, .26f}};
        const float slat = high * 34 - std::floor(high * 34);
        hit.albedo = kShutters[hash32(h.seed + 4) % 3] * (slat < .3f ? .7f : 1.1f);
    }
}

TESSERA_PIXEL Vec3 roofColor(const House &h, float along, float down, float shown)
{
    const float row = down / .00030f, place = along / .00026f + (floorToInt(row) & 1 ? .5f : 0.f);
    const float tile = latticeValue(floorToInt(place), floorToInt(row), h.seed + 6);
    const float weather = .72f + .56f * fractalNoise(along * 260, down * 200, 3, h.seed + 7);
    const float pattern = (row - std::floor(row) < .2f ? .62f : 1.f) * (.74f + .5f * tile);
    return h.roof * (mix(.92f, pattern, shown) * weather);
}

// A ray in the axes of a house.
class Look
{
public:
    TESSERA_PIXEL Look(const House &house, Vec3 eye, Vec3 ray)
        : m_house(house)
        , m_from(toAxes(house.alongX, house.alongZ, eye - house.foot))
        , m_ray(toAxes(house.alongX, house.alongZ, ray))
        , m_slope((house.ridge - house.eaves) / house.halfWidth)
        , m_norm(1 / std::sqrt(1 + m_slope * m_slope))
    {}

    TESSERA_PIXEL Passage walls() const
    {
        const House &h = m_house;
        Passage p =
            throughBox({-h.halfWidth, -kBelow, -h.halfLength}, {h.halfWidth, h.ridge, h.halfLength}, m_from, m_ray);
        for (const float side : {-1.f, 1.f})
            p.cut({side * m_slope * m_norm, m_norm, 0}, h.ridge * m_norm, m_from, m_ray);
        return p;
    }

    TESSERA_PIXEL Passage roof(float side) const
    {
        const House &h = m_house;
        const float low = side > 0 ? 0.f : -h.halfWidth - kOver, high = side > 0 ? h.halfWidth + kOver : 0.f;
        Passage p = throughBox({low, 0, -h.halfLength - kOver}, {high, 1, h.halfLength + kOver}, m_from, m_ray);
        const Vec3 up = {side * m_slope * m_norm, m_norm, 0};
        p.cut(up, h.ridge * m_norm + kSlate, m_from, m_ray);
        p.cut(up * -1.f, -h.ridge * m_norm + .00001f, m_from, m_ray);
        return p;
    }

    TESSERA_PIXEL Passage chimney() const
    {
        const House &h = m_house;
        const float x = .35f * h.halfWidth, z = .45f * h.halfLength;
        return throughBox({x - kChimney, h.eaves, z - kChimney}, {x + kChimney, h.ridge + .0009f, z + kChimney}, m_from,
                          m_ray);
    }

    TESSERA_PIXEL Vec3 at(float t) const { return m_from + m_ray * t; }
    TESSERA_PIXEL float down(Vec3 p) const { return std::fabs(p.x) / m_norm * .9f; }

private:
    const House &m_house;
    Vec3 m_from;
    Vec3 m_ray;
    float m_slope;
    float m_norm;
};

} // namespace

TESSERA_PIXEL bool meetsHouse(const House &h, Vec3 eye, Vec3 ray, float &limit, float footprint, StructureHit &hit)
{
    if (!passesNear(h.foot + Vec3{0, .5f * h.ridge, 0}, h.halfLength + h.halfWidth + .5f * h.ridge, eye, ray))
        return false;
    const Look look(h, eye, ray);
    enum { None, Wall, Roof, Chimney } part = None;
    Vec3 normal;
    const auto consider = [&](const Passage &p, auto kind) {
        if (!p.any() || p.enter <= 0 || p.enter >= limit)
            return;
        limit = p.enter;
        normal = p.normal;
        part = kind;
    };
    consider(look.walls(), Wall);
    consider(look.roof(-1), Roof);
    consider(look.roof(1), Roof);
    if (h.seed % 5 < 4)
        consider(look.chimney(), Chimney);
    if (part == None)
        return false;
    const Vec3 p = look.at(limit);
    const float pixel = footprint * limit;
    StructureHit met = {limit, fromAxes(h.alongX, h.alongZ, normal), {}, LandscapeLabel::Building};
    if (part == Roof)
        met.albedo = std::fabs(normal.z) > .5f || normal.y < .1f
                         ? h.roof * .5f
                         : roofColor(h, p.z, look.down(p), smoothStep(.0004f, .00012f, pixel));
    else if (part == Chimney)
        met.albedo = Vec3{.24f, .14f, .10f} * (.7f + .5f * valueNoise(p.y * 9000, (p.x + p.z) * 5000, h.seed));
    else if (std::fabs(normal.z) > .5f)
        paintWall(h, p.x, p.y, h.halfWidth, pixel, met);
    else
        paintWall(h, p.z, p.y, h.halfLength, pixel, met);
    if (part == Wall) // the overhanging roof shades the wall below it
        met.albedo = met.albedo * mix(.5f, 1.f, smoothStep(h.eaves + .0001f, h.eaves - .0007f, p.y));
    hit = met;
    return true;
}

} // namespace tessera::core
