#include "core/landscape/groundshading.h"

#include "core/landscape/march.h"
#include "core/landscape/sprites.h"

namespace tessera::core
{

namespace
{

constexpr Vec3 kSnow = {.86f, .89f, .95f};

// All that is measured at a place before it gets a material.
struct Place {
    Vec3 p;
    float distance;
    float bare;   // height without trees
    float top;    // height with trees
    float forest; // [0, 1]
    float steep;  // mean of the normals' y: 1 flat
    Vec3 normal;
    float broad;  // noise, about 500 m
    float middle; // noise, about 40 m
    float micro;  // brightness of the fine grain, mean near 1
    bool fine;
};

// The material so far: later layers cover earlier ones.
struct Surface {
    Vec3 albedo;
    LandscapeLabel label;
};

int octavesAt(float distance, bool fine)
{
    return distance < .6f ? (fine ? 11 : 8) : distance < 3 ? (fine ? 10 : 7) : distance < 9 ? 8 : 7;
}

// Grain down to half a metre near the eye; finer than a pixel it would only be noise.
float fineGrain(const Scene &scene, Vec3 p, float distance, float middle, bool fine)
{
    if (!fine || distance > 1.5f)
        return .25f + 1.55f * middle;
    const std::uint32_t seed = scene.terrain.seed;
    float grain = mix(middle, fractalNoise(p.x * 260, p.z * 260, 3, seed + 620), .6f * smoothStep(1.5f, .3f, distance));
    if (distance < .3f)
        grain += (fractalNoise(p.x * 1700, p.z * 900, 2, seed + 625) - .37f) * .75f * smoothStep(.3f, .04f, distance);
    return std::max(.12f, .2f + 1.65f * grain);
}

Place measure(const Ground &ground, Vec3 p, float distance, bool fine)
{
    const std::uint32_t seed = ground.scene.terrain.seed;
    Place m;
    m.p = p;
    m.distance = distance;
    m.fine = fine;
    const float e = std::max(.0012f * distance, .0006f);
    float h[3];
    if (fine) {
        ground.heightsAround(p.x, p.z, e, octavesAt(distance, fine), distance, h);
    } else {
        h[0] = ground.height(p.x, p.z, distance);
        h[1] = ground.height(p.x + e, p.z, distance);
        h[2] = ground.height(p.x, p.z + e, distance);
    }
    m.top = h[0];
    m.normal = normalize({h[0] - h[1], e, h[0] - h[2]});
    constexpr float kWide = .06f;
    const GroundSample bare = ground.bare(p.x, p.z, distance);
    m.bare = bare.height;
    m.forest = bare.forest;
    const Vec3 wide = normalize({bare.height - ground.bare(p.x + kWide, p.z, distance).height, kWide,
                                 bare.height - ground.bare(p.x, p.z + kWide, distance).height});
    m.steep = .5f * (m.normal.y + wide.y);
    m.broad = fractalNoise(p.x * 2.1f, p.z * 2.1f, 4, seed + 600);
    m.middle = fractalNoise(p.x * 23, p.z * 23, fine ? 4 : 2, seed + 610);
    m.micro = fineGrain(ground.scene, p, distance, m.middle, fine);
    return m;
}

void cover(Surface &s, Vec3 albedo, float weight, LandscapeLabel label)
{
    s.albedo = mix(s.albedo, albedo, weight);
    if (weight > .5f)
        s.label = label;
}

Vec3 flowerColor(const Scene &scene, Vec3 p)
{
    const int ix = floorToInt(p.x * 3), iz = floorToInt(p.z * 3);
    if (latticeValue(ix, iz, scene.terrain.seed + 641) < .5f)
        return {.75f, .12f, .10f};
    return latticeValue(ix, iz, scene.terrain.seed + 642) < .5f ? Vec3{.80f, .65f, .08f} : Vec3{.55f, .30f, .72f};
}

void addFlowers(const Scene &scene, const Place &m, Surface &s)
{
    if (scene.terrain.flowers <= 0 || m.distance > 2 || m.broad < .42f)
        return;
    constexpr float kPerKm = 420;
    const float density = scene.terrain.flowers * smoothStep(.42f, .6f, m.broad);
    if (latticeValue(floorToInt(m.p.x * kPerKm), floorToInt(m.p.z * kPerKm), scene.terrain.seed + 640) < density * .5f)
        s.albedo = mix(s.albedo, flowerColor(scene, m.p), .75f);
    if (density > .3f)
        s.label = LandscapeLabel::Flower;
}

Surface meadow(const Scene &scene, const Place &m)
{
    const Palette &c = scene.palette;
    if (scene.biome == Biome::Canyon)
        return {mix(c.dirt, c.rockB, m.broad) * m.micro, LandscapeLabel::Dirt};
    Surface s = {mix(c.grassA, c.grassB, saturate(m.broad * 1.6f - .3f)) * m.micro,
                 c.dryGrass ? LandscapeLabel::Straw : LandscapeLabel::Grass};
    addFlowers(scene, m, s);
    return s;
}

LandscapeLabel shoreLabel(Shore shore)
{
    return shore == Shore::Sand     ? LandscapeLabel::Sand
           : shore == Shore::Gravel ? LandscapeLabel::Gravel
                                    : LandscapeLabel::Mud;
}

// The strip beside water: 1 at the water.
float beachWeight(const Scene &scene, const Place &m)
{
    const Terrain &t = scene.terrain;
    if (!t.hasWater)
        return 0;
    const float top = t.river ? .0045f : .035f + .03f * m.broad;
    return smoothStep(t.waterLevel + top, t.waterLevel + (t.river ? .002f : .008f), m.bare);
}

void addBeach(const Scene &scene, const Place &m, Surface &s)
{
    const Palette &c = scene.palette;
    const bool desert = scene.biome == Biome::Desert,
               sea = scene.biome == Biome::Coast || scene.biome == Biome::Tropical;
    const float beach = beachWeight(scene, m);
    const float weight = desert ? 1.f : sea ? beach : beach * .9f;
    if (weight <= 0)
        return;
    const Shore shore = desert ? Shore::Sand : scene.terrain.shore;
    Vec3 color = shore == Shore::Sand     ? c.sand * (.8f + .4f * m.middle)
                 : shore == Shore::Gravel ? c.rockA * (1.3f * m.micro)
                                          : c.dirt * (.75f * m.micro);
    if (desert)
        color = color * (.75f + .25f * m.micro);
    if (beach > .2f)
        color =
            color
            * mix(1.f, .55f, smoothStep(scene.terrain.waterLevel + .012f, scene.terrain.waterLevel + .003f, m.bare));
    cover(s, color, weight, shoreLabel(shore));
}

void addRock(const Scene &scene, const Place &m, Surface &s)
{
    const Palette &c = scene.palette;
    const std::uint32_t seed = scene.terrain.seed;
    const bool desert = scene.biome == Biome::Desert;
    const float slope = desert ? m.steep : m.steep + .12f * (m.middle - .5f);
    const float weight = desert ? smoothStep(.72f, .55f, slope) : smoothStep(.80f, .62f, slope);
    if (scene.biome == Biome::Alpine || scene.biome == Biome::Arctic) {
        const float scree =
            smoothStep(.87f, .82f, slope) * smoothStep(.42f, .55f, m.broad + .3f * (m.middle - .5f)) * (1 - weight);
        cover(s, mix(c.rockA, c.rockB, m.middle) * (1.15f * m.micro), scree, LandscapeLabel::Gravel);
    }
    if (weight <= 0)
        return;
    Vec3 color = mix(c.rockA, c.rockB, saturate(m.broad * 1.5f - .25f)) * m.micro
                 * (.6f + .75f * valueNoise(m.p.y * 38 + m.broad * 4, m.middle * 3, seed + 650));
    if (scene.biome == Biome::Canyon)
        color =
            mix(c.rockA, c.rockB, valueNoise(m.p.y * 9 + .6f * m.broad, 1.3f, seed + 651)) * (.55f + .9f * m.middle);
    cover(s, color, weight, LandscapeLabel::Rock);
}

void addForest(const Scene &scene, const Place &m, Surface &s)
{
    if (m.forest <= .4f)
        return;
    const Palette &c = scene.palette;
    float individual;
    canopyHeight(scene, m.p.x, m.p.z, individual);
    const float depth = saturate((m.top - m.bare) / kCrownHeight);
    const Vec3 color = mix(c.treeA, c.treeB, saturate(.65f * individual + .5f * m.broad - .1f)) * (.3f + 1.f * depth)
                       * (.6f + .85f * m.middle);
    cover(s, color, smoothStep(.35f, .55f, m.forest), LandscapeLabel::Tree);
    s.label = LandscapeLabel::Tree;
}

void addSnow(const Scene &scene, const Place &m, Surface &s)
{
    const float line = scene.terrain.snowLine;
    const float weight = smoothStep(line - .08f, line + .22f, m.bare + .45f * (m.broad - .5f) + .12f * (m.middle - .5f))
                         * smoothStep(.45f, .68f, m.steep);
    if (weight <= 0)
        return;
    s.albedo =
        mix(s.albedo, kSnow * (.86f + .2f * m.middle + .05f * (m.micro - 1)), weight * (m.forest > .4f ? .75f : 1.f));
    if (weight > .5f)
        s.label = LandscapeLabel::Snow;
}

void addRoad(const Scene &scene, const Place &m, Surface &s)
{
    const Terrain &t = scene.terrain;
    if (!t.road || m.distance > 3 || m.bare < t.waterLevel + .001f)
        return;
    const float d = roadDistance(scene, m.p.x, m.p.z) + .0012f * (m.middle - .5f);
    const float weight = smoothStep(1.15f * t.roadWidth, .8f * t.roadWidth, d);
    const float rut = .85f + .3f * smoothStep(.15f * t.roadWidth, .4f * t.roadWidth, std::fabs(d - .5f * t.roadWidth));
    cover(s, scene.palette.road * ((.55f + .45f * m.micro) * rut), weight, LandscapeLabel::Road);
}

Surface surfaceAt(const Scene &scene, const Place &m)
{
    Surface s = meadow(scene, m);
    if (scene.biome != Biome::Desert) {
        const float strength = scene.biome == Biome::Canyon ? 1.f : .62f;
        const bool wet = scene.terrain.shore == Shore::Mud && m.bare < scene.terrain.waterLevel + .04f;
        const float weight =
            strength * smoothStep(wet ? .48f : .58f, wet ? .58f : .70f, m.broad + .25f * (m.middle - .5f));
        cover(s, scene.palette.dirt * (wet ? .7f * m.micro : m.micro), weight,
              wet ? LandscapeLabel::Mud : LandscapeLabel::Dirt);
    }
    addBeach(scene, m, s);
    addRock(scene, m, s);
    addForest(scene, m, s);
    addRoad(scene, m, s);
    addSnow(scene, m, s);
    return s;
}

// Darker in hollows and between trees.
float openness(const Ground &ground, const Place &m)
{
    constexpr float kStep = .12f;
    const float around =
        ground.bare(m.p.x + kStep, m.p.z, m.distance).height + ground.bare(m.p.x - kStep, m.p.z, m.distance).height
        + ground.bare(m.p.x, m.p.z + kStep, m.distance).height + ground.bare(m.p.x, m.p.z - kStep, m.distance).height;
    float open = saturate(.82f + (m.top - .25f * around) * 3.5f);
    if (m.forest > .4f)
        open *= .5f + .65f * saturate((m.top - m.bare) / kCrownHeight);
    return open;
}

Vec3 lit(const Ground &ground, const Place &m, const Surface &s)
{
    const Scene &scene = ground.scene;
    const Vec3 sun = scene.light;
    float reached = lightReaching(ground, m.p + m.normal * .004f);
    if (m.fine)
        reached *= 1 - spriteShadow(scene, m.p, m.distance);
    float facing = saturate(dot(m.normal, sun));
    if (s.label == LandscapeLabel::Snow || s.label == LandscapeLabel::Tree)
        facing = saturate((dot(m.normal, sun) + .25f) / 1.25f);
    const float open = openness(ground, m);
    const float bounced = saturate(dot(m.normal, normalize({-sun.x, .15f, -sun.z})));
    const Vec3 light = scene.lightColor * (facing * reached + .06f * bounced * open)
                       + scene.skyAverage * (kPi * .40f * (.5f + .5f * m.normal.y) * open);
    Vec3 color = s.albedo * light;
    if (s.label == LandscapeLabel::Snow)
        color = color + scene.lightColor * (.02f * reached);
    return color;
}

// Far away a painter sees mountains and hills, not what covers them.
LandscapeLabel objectOf(const Scene &scene, const Place &m, LandscapeLabel material)
{
    const bool high = m.bare > .38f && scene.terrain.mountainHeight > .8f;
    switch (material) {
    case LandscapeLabel::Tree:
        return m.distance > 5 && high ? LandscapeLabel::Mountain : LandscapeLabel::Tree;
    case LandscapeLabel::Snow:
        return m.distance > 2.2f && high ? LandscapeLabel::Mountain : LandscapeLabel::Snow;
    case LandscapeLabel::Sand:
    case LandscapeLabel::Road:
        return material;
    default:
        return m.distance > 2.2f && high ? LandscapeLabel::Mountain
               : m.distance > 3.2f       ? LandscapeLabel::Hill
                                         : material;
    }
}

} // namespace

PixelSample shadeGround(const Ground &ground, Vec3 point, float distance, bool fine)
{
    const Place m = measure(ground, point, distance, fine);
    const Surface s = surfaceAt(ground.scene, m);
    return {lit(ground, m, s), objectOf(ground.scene, m, s.label), s.label, distance};
}

} // namespace tessera::core
