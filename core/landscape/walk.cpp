#include "core/landscape/noise.h"
#include "core/landscape/structures.h"

namespace tessera::core
{

namespace
{

constexpr float kPlank = .00009f; // thickness, km
constexpr float kBeam = .00034f;  // height of the beams below the planks
constexpr float kPost = .00007f;  // half of a post's width
constexpr float kRail = .000055f; // half of a rail's width
constexpr float kBoard = .00020f; // width of a board
constexpr int kRails = 3;

// One stretch from point to point, in axes that follow it: z along from 0 to `length`, y above the deck.
struct Stretch {
    float alongX;
    float alongZ;
    float length;
    float rise; // km per km

    TESSERA_PIXEL Vec3 in(Vec3 v) const
    {
        Vec3 q = toAxes(alongX, alongZ, v);
        q.y -= rise * q.z;
        return q;
    }
};

TESSERA_PIXEL Stretch stretchBetween(Vec3 a, Vec3 b)
{
    const float dx = b.x - a.x, dz = b.z - a.z, length = std::max(1e-6f, std::sqrt(dx * dx + dz * dz));
    return {dx / length, dz / length, length, (b.y - a.y) / length};
}

// Boards across the way on top, the grain along the beams and rails.
TESSERA_PIXEL Vec3 planks(const Walk &walk, Vec3 at, Vec3 normal, bool deck, float shown)
{
    const float board = at.z / kBoard, inBoard = board - std::floor(board);
    const float own = deck ? latticeValue(floorToInt(board), 1, walk.seed) : .5f;
    const float grain = deck ? valueNoise(at.x * 3500, at.z * 30000, walk.seed + 1)
                             : valueNoise((at.x + at.y) * 28000, at.z * 2500, walk.seed + 2);
    const float worn = valueNoise(at.x * 900, at.z * 420, walk.seed + 3);
    const float gap = deck && normal.y > .5f && inBoard < .10f ? .38f : .97f;
    const float nail = deck && normal.y > .5f && std::fabs(std::fabs(at.x) - .8f * walk.halfWidth) < .00002f
                               && std::fabs(inBoard - .5f) < .12f
                           ? .5f
                           : 1.f;
    return walk.color * (mix(.86f, (.56f + .5f * own + .5f * (grain - .5f)) * gap * nail, shown) * (.75f + .5f * worn));
}

// Looks at the parts of one stretch.
class Parts
{
public:
    TESSERA_PIXEL Parts(const Walk &walk, const Stretch &stretch, Vec3 from, Vec3 ray, float &limit)
        : m_walk(walk)
        , m_stretch(stretch)
        , m_from(stretch.in(from))
        , m_ray(stretch.in(ray))
        , m_limit(limit)
    {}

    TESSERA_PIXEL bool any() const
    {
        const float wide = m_walk.halfWidth + kPost;
        return throughBox({-wide, -m_walk.legs, -kPost}, {wide, m_walk.railing + kPost, m_stretch.length + kPost},
                          m_from, m_ray)
            .any();
    }

    TESSERA_PIXEL bool look(float first, float footprint, StructureHit &hit)
    {
        const float w = m_walk.halfWidth, end = m_stretch.length;
        part({-w, -kPlank, 0}, {w, 0, end}, true);
        part({-.82f * w, -kBeam, 0}, {.82f * w, -kPlank, end}, false);
        for (const float x : {-w, w}) {
            part({x - kPost, -m_walk.legs, -kPost}, {x + kPost, m_walk.railing, kPost}, false);
            for (int k = 1; k <= kRails && m_walk.railing > 0; ++k) {
                const float y = m_walk.railing * static_cast<float>(k) / kRails;
                part({x - kRail, y - 1.6f * kRail, 0}, {x + kRail, y, end}, false);
            }
        }
        if (!m_met)
            return false;
        const Vec3 at = m_from + m_ray * m_limit;
        const float shown = smoothStep(.00032f, .00010f, footprint * m_limit);
        hit = {m_limit, fromAxes(m_stretch.alongX, m_stretch.alongZ, m_normal),
               planks(m_walk, {at.x, at.y, at.z + first}, m_normal, m_deck, shown),
               m_walk.bridge ? LandscapeLabel::Bridge : LandscapeLabel::Wood};
        return true;
    }

private:
    TESSERA_PIXEL void part(Vec3 low, Vec3 high, bool deck)
    {
        const Passage p = throughBox(low, high, m_from, m_ray);
        if (!p.any() || p.enter <= 0 || p.enter >= m_limit)
            return;
        m_limit = p.enter;
        m_normal = p.normal;
        m_deck = deck;
        m_met = true;
    }

    const Walk &m_walk;
    const Stretch &m_stretch;
    Vec3 m_from;
    Vec3 m_ray;
    float &m_limit;
    Vec3 m_normal;
    bool m_deck = false;
    bool m_met = false;
};

} // namespace

TESSERA_PIXEL bool meetsWalk(const Walk &walk, Vec3 eye, Vec3 ray, float &limit, float footprint, StructureHit &hit)
{
    const Vec3 ends = walk.points[walk.count - 1] - walk.points[0];
    if (!passesNear((walk.points[0] + walk.points[walk.count - 1]) * .5f, .62f * length(ends) + .012f, eye, ray))
        return false;
    bool met = false;
    float first = 0;
    for (int i = 0; i + 1 < walk.count; ++i) {
        const Stretch stretch = stretchBetween(walk.points[i], walk.points[i + 1]);
        Parts parts(walk, stretch, eye - walk.points[i], ray, limit);
        // The shear keeps lengths along the ray: a point at t km stays at t km.
        const Vec3 from = eye - walk.points[i];
        if (dot(from, from) < (limit + .02f) * (limit + .02f) && parts.any())
            met |= parts.look(first, footprint, hit);
        first += stretch.length;
    }
    return met;
}

} // namespace tessera::core
