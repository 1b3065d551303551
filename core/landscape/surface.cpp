#include "core/landscape/surface.h"

namespace tessera::core
{

namespace
{

TESSERA_PIXEL_CONSTANT Vec3 kSnow = {.86f, .89f, .95f};

TESSERA_PIXEL void cover(Surface &s, Vec3 albedo, float weight, LandscapeLabel label, float roughness)
{
    s.albedo = mix(s.albedo, albedo, weight);
    s.roughness = mix(s.roughness, roughness, weight);
    if (weight > .5f) {
        s.label = label;
        s.lumpWeight = s.ripple = s.shade = 0;
    }
}

// Brightness from the detail, mean near 1.
TESSERA_PIXEL float grain(const Place &m, float strength)
{
    return std::max(.12f, 1 + .8f * strength * m.detail.value + .6f * strength * m.detail.fine);
}

// Lumps of about `size` km, when they are large enough to be seen, and the shadows they throw.
struct SeenLump {
    Lump lump;
    float visible = 0; // [0, 1]
    float shadow = 0;
};

TESSERA_PIXEL SeenLump seenLump(const Scene &scene, const Place &m, float size, float share, std::uint32_t seed)
{
    SeenLump seen;
    seen.visible = m.fine ? smoothStep(.40f, .16f, m.footprint / size) : 0;
    if (seen.visible <= 0 || share <= 0 || m.normal.y < .5f)
        return {};
    const float x = m.p.x / size, z = m.p.z / size;
    seed += scene.terrain.seed;
    seen.lump = lumpAt(x, z, m.normal, m.ray, share, seed);
    if (!seen.lump.hit && scene.light.y > .05f)
        seen.shadow = lumpAt(x, z, m.normal, scene.light * -1.f, share, seed).hit ? seen.visible : 0;
    return seen;
}

TESSERA_PIXEL void raise(Surface &s, const SeenLump &seen, float strength)
{
    if (seen.lump.hit) {
        s.lump = seen.lump.normal;
        s.lumpWeight = std::max(s.lumpWeight, strength * seen.visible);
        s.shade *= 1 - seen.visible;
    } else {
        s.shade = std::max(s.shade, .8f * strength * seen.shadow);
    }
}

TESSERA_PIXEL Vec3 flowerColor(const Scene &scene, Vec3 p, float individual)
{
    static constexpr Vec3 kColors[] = {{.72f, .06f, .05f}, {.82f, .62f, .05f}, {.50f, .22f, .70f},
                                       {.80f, .78f, .74f}, {.78f, .24f, .42f}, {.22f, .25f, .72f}};
    const std::uint32_t seed = scene.terrain.seed;
    const auto first = hash32(seed + 3) % 6, second = (first + 1 + hash32(seed + 5) % 5) % 6;
    const float patch = fractalNoise(p.x * 14, p.z * 8, 3, seed + 641) + .25f * (individual - .5f);
    return patch > .44f ? kColors[first] : kColors[second];
}

// Tufts with lit tops and dark feet, at three sizes.
TESSERA_PIXEL void addTufts(const Scene &scene, const Place &m, Surface &s)
{
    constexpr float kSizes[3] = {.0008f, .0030f, .0110f}, kShares[3] = {.8f, .35f, .25f};
    for (std::uint32_t k = 0; k < 3; ++k) {
        const SeenLump tuft = seenLump(scene, m, kSizes[k], kShares[k], 660 + k);
        if (tuft.visible <= 0)
            continue;
        const float shade = tuft.lump.hit ? .66f + .58f * tuft.lump.height + .35f * (tuft.lump.individual - .5f) : .9f;
        s.albedo = s.albedo * mix(1.f, shade, .9f * tuft.visible);
        raise(s, tuft, k < 2 ? .4f : .6f);
    }
}

TESSERA_PIXEL void addFlowers(const Scene &scene, const Place &m, Surface &s)
{
    if (scene.terrain.flowers <= 0 || m.distance > 3 || m.broad < scene.terrain.flowering)
        return;
    const float density =
        scene.terrain.flowers * smoothStep(1.5f, .25f, m.distance)
        * smoothStep(scene.terrain.flowering, scene.terrain.flowering + .12f, m.broad + .1f * (m.middle - .5f))
        * smoothStep(.72f, .84f, m.steep);
    const SeenLump flower = seenLump(scene, m, .00055f, .35f + .6f * density, 640);
    const float head = flower.lump.hit && flower.lump.height > .55f ? 1.f : 0.f;
    const float blurred = saturate(.25f + .5f * density + .55f * m.detail.value);
    const float weight = density * mix(.85f * blurred, head, flower.visible);
    const float own = flower.lump.individual;
    s.albedo = mix(s.albedo, flowerColor(scene, m.p, own) * (.75f + .5f * own), weight);
    if (density > .3f)
        s.label = LandscapeLabel::Flower;
}

// Straw-coloured fields between green ones: rows of the plough, stubble, a field's own colour.
TESSERA_PIXEL void addFarms(const Scene &scene, const Place &m, Surface &s)
{
    if (scene.terrain.farms <= 0 || m.steep < .9f)
        return;
    const std::uint32_t seed = scene.terrain.seed;
    const float turn = .3f + hashToFloat(hash32(seed + 9)), c = std::cos(turn), d = std::sin(turn);
    const float x = (c * m.p.x - d * m.p.z) * 6, z = (d * m.p.x + c * m.p.z) * 3.3f;
    const float kind = latticeValue(floorToInt(x), floorToInt(z), seed + 670);
    if (kind > scene.terrain.farms)
        return;
    const float edge = std::min(std::fabs(x - std::floor(x + .5f)) / 6, std::fabs(z - std::floor(z + .5f)) / 3.3f);
    const float rows = m.footprint < .0012f ? .86f + .22f * std::sin((x - std::floor(x)) * 260) : 1.f;
    const Vec3 straw = mix(Vec3{.42f, .31f, .11f}, Vec3{.30f, .25f, .10f}, kind / scene.terrain.farms);
    cover(s, straw * (rows * grain(m, .45f)), smoothStep(.001f, .003f, edge), LandscapeLabel::Straw, .22f);
}

TESSERA_PIXEL Surface meadow(const Scene &scene, const Place &m)
{
    const Palette &c = scene.palette;
    if (scene.biome == Biome::Canyon)
        return {mix(c.dirt, c.rockB, m.broad) * grain(m, .55f), LandscapeLabel::Dirt, .3f};
    const float dryness = saturate(m.broad * 1.6f - .3f + .35f * m.detail.value);
    Surface s = {mix(c.grassA, c.grassB, dryness) * (grain(m, .62f) * (.65f + .75f * m.middle)),
                 c.dryGrass ? LandscapeLabel::Straw : LandscapeLabel::Grass, .34f};
    s.albedo = mix(s.albedo, Vec3{.24f, .20f, .075f} * (.7f + .6f * m.middle),
                   .5f * smoothStep(.15f, .75f, m.detail.value + .5f * (m.broad - .5f)));
    addFarms(scene, m, s);
    if (s.label != LandscapeLabel::Straw || c.dryGrass)
        addTufts(scene, m, s);
    addFlowers(scene, m, s);
    return s;
}

TESSERA_PIXEL LandscapeLabel shoreLabel(Shore shore)
{
    return shore == Shore::Sand     ? LandscapeLabel::Sand
           : shore == Shore::Gravel ? LandscapeLabel::Gravel
                                    : LandscapeLabel::Mud;
}

// Stones of three sizes, the smallest that can be seen and larger ones: each of its own shade.
TESSERA_PIXEL void addPebbles(const Scene &scene, const Place &m, Surface &s, float strength)
{
    constexpr float kSizes[3] = {.0004f, .0011f, .0032f}, kShares[3] = {.9f, .6f, .25f};
    for (std::uint32_t k = 0; k < 3; ++k) {
        const SeenLump stone = seenLump(scene, m, kSizes[k], kShares[k] * std::min(1.f, strength + .1f), 680 + k);
        if (stone.visible <= 0)
            continue;
        const float shade = stone.lump.hit ? .65f + .8f * stone.lump.individual : .85f;
        s.albedo = s.albedo * mix(1.f, shade, strength * stone.visible);
        raise(s, stone, .9f);
    }
}

// Ripples of wind or water.
TESSERA_PIXEL float ripples(const Scene &scene, const Place &m)
{
    if (m.footprint > .0005f)
        return 0;
    const float warp = 5 * fractalNoise(m.p.x * 60, m.p.z * 60, 2, scene.terrain.seed + 655);
    return std::sin(m.p.z * 4200 + m.p.x * 900 + 6 * warp) * smoothStep(.0005f, .0002f, m.footprint);
}

TESSERA_PIXEL void addBeach(const Scene &scene, const Place &m, Surface &s)
{
    const Palette &c = scene.palette;
    const bool desert = scene.biome == Biome::Desert;
    const float beach = beachWeight(scene, m);
    const float weight = desert ? 1.f : beach * smoothStep(.62f, .80f, m.steep);
    if (weight <= 0)
        return;
    const Shore shore = desert ? Shore::Sand : scene.terrain.shore;
    Vec3 color = shore == Shore::Sand     ? c.sand * ((.78f + .44f * m.middle) * grain(m, desert ? .20f : .26f))
                 : shore == Shore::Gravel ? mix(c.rockA, c.rockB, m.middle) * (1.35f * grain(m, .7f))
                                          : c.dirt * ((.55f + .5f * m.middle) * grain(m, .35f));
    if (desert)
        color = mix(color, c.rockA * grain(m, .5f), .45f * smoothStep(.5f, .75f, m.broad + .3f * m.detail.value));
    cover(s, color, weight, shoreLabel(shore), shore == Shore::Sand ? .11f : shore == Shore::Gravel ? .4f : .2f);
    if (weight > .5f && shore == Shore::Gravel)
        addPebbles(scene, m, s, .9f);
    if (weight > .5f && shore == Shore::Sand)
        s.ripple = .22f * ripples(scene, m);
    if (beach > .2f) {
        const Terrain &t = scene.terrain;
        const float puddle = shore == Shore::Mud ? .25f * m.detail.value : 0;
        const float dry = t.river ? .5f * kBankHeight : shore == Shore::Mud ? .02f : .008f; // from here up
        const float wet = saturate(smoothStep(dry, .2f * dry, m.bare - t.waterLevel) + puddle);
        s.albedo = s.albedo * mix(1.f, .5f, wet);
        s.gloss = .85f * wet;
    }
}

// Layers, faces and cracks.
TESSERA_PIXEL Vec3 rockColor(const Scene &scene, const Place &m)
{
    const Palette &c = scene.palette;
    const std::uint32_t seed = scene.terrain.seed;
    const float bent = m.p.y + .02f * m.broad + .003f * m.detail.value;
    const float layer =
        valueNoise(bent * 55, m.broad * 2, seed + 650) * .6f + valueNoise(bent * 190, 1.7f, seed + 652) * .4f;
    const float layered = 1.1f - saturate(scene.terrain.strata);
    Vec3 color =
        mix(c.rockA, c.rockB, saturate(m.broad * 1.5f - .25f + .5f * m.detail.value + layered * (layer - .5f)));
    if (scene.biome == Biome::Canyon) {
        color = mix(c.rockA, c.rockB, valueNoise(bent * 12, 1.3f, seed + 651));
        color =
            mix(color, Vec3{.58f, .42f, .30f}, .6f * smoothStep(.62f, .72f, valueNoise(bent * 26, 2.3f, seed + 653)));
    }
    color = mix(color, Vec3{.16f, .17f, .09f},
                .35f * smoothStep(.1f, .8f, m.detail.value) * smoothStep(.55f, .8f, m.steep));
    return color * (grain(m, .75f) * (.6f + .8f * mix(.5f, layer, layered)) * mix(.68f, 1.f, m.detail.crack));
}

TESSERA_PIXEL void addRock(const Scene &scene, const Place &m, Surface &s)
{
    const Palette &c = scene.palette;
    const bool desert = scene.biome == Biome::Desert;
    const float slope = m.steep + (desert ? .03f : .10f) * m.detail.value + (desert ? 0 : .12f * (m.middle - .5f));
    const float weight = desert ? smoothStep(.72f, .55f, slope) : smoothStep(.80f, .66f, slope);
    if (scene.biome == Biome::Alpine || scene.biome == Biome::Arctic || scene.biome == Biome::Canyon) {
        const float scree =
            smoothStep(.91f, .85f, slope) * smoothStep(.38f, .48f, m.broad + .3f * (m.middle - .5f)) * (1 - weight);
        cover(s, mix(c.rockA, c.rockB, m.middle) * (1.15f * grain(m, .6f)), scree, LandscapeLabel::Gravel, .45f);
        if (scree > .5f)
            addPebbles(scene, m, s, .8f);
    }
    if (weight > 0)
        cover(s, rockColor(scene, m), weight, LandscapeLabel::Rock, .55f);
}

// Boulders that lie about on stony ground. Each one that can be seen is stone, the ground between them is not.
TESSERA_PIXEL void addBoulders(const Scene &scene, const Place &m, Surface &s)
{
    const float share = scene.terrain.stones
                        * smoothStep(scene.terrain.stony, scene.terrain.stony + .16f, m.broad + .2f * (m.middle - .5f));
    if (share <= 0 || m.bare < scene.terrain.waterLevel - .001f)
        return;
    const Palette &c = scene.palette;
    constexpr float kSizes[3] = {.0014f, .0036f, .0085f};
    for (std::uint32_t k = 0; k < 3; ++k) {
        const SeenLump stone = seenLump(scene, m, kSizes[k], share * (k == 2 ? .4f : .8f), 690 + k);
        if (stone.lump.hit) {
            const Vec3 color = mix(c.rockA, c.rockB, .1f + .7f * stone.lump.individual);
            cover(s, color * (1.4f * grain(m, .5f) * (.5f + .6f * stone.lump.height)), stone.visible,
                  LandscapeLabel::Stone, .5f);
            s.gloss *= 1 - stone.visible;
        }
        raise(s, stone, 1);
    }
}

// Crowns: each tree its own colour, lit leaves above dark gaps.
TESSERA_PIXEL void addForest(const Scene &scene, const Place &m, Surface &s)
{
    if (m.forest <= .3f)
        return;
    const Palette &c = scene.palette;
    float individual;
    canopyHeight(scene, m.p.x, m.p.z, individual);
    const bool cone = individual < scene.terrain.conifers;
    // Single trees differ where they can be told apart, groves farther away.
    const float apart = smoothStep(.7f, .2f, m.footprint * scene.terrain.crownsPerKm);
    const float own =
        mix(.3f + .6f * m.middle, hashToFloat(hash32(static_cast<std::uint32_t>(individual * 65536))), apart);
    const float depth = saturate((m.top - m.bare) / (scene.terrain.crownHeight * std::max(.3f, m.forest)));
    Vec3 color = mix(c.treeA, c.treeB, saturate(.75f * own + .5f * m.broad - .1f));
    const float limit = 1 - scene.palette.accent;
    if (!cone)
        color = mix(color, c.treeC,
                    smoothStep(limit - .02f - .3f * (1 - apart), limit + .02f + .3f * (1 - apart), own) * .9f);
    color = mix(color, color * Vec3{.62f, .72f, .85f}, mix(scene.terrain.conifers, cone ? 1.f : 0.f, apart));
    const float leaves = std::max(.3f, 1 + .6f * m.detail.value + .35f * m.detail.fine);
    color = color * (leaves * (.22f + 1.15f * depth * std::sqrt(depth)) * (.75f + .5f * m.middle) * 1.25f);
    const float rooted = smoothStep(.42f, .6f, m.steep + .08f * m.detail.value); // nothing grows on walls
    cover(s, color, smoothStep(.3f, .42f, m.forest) * rooted,
          scene.terrain.shrubs ? LandscapeLabel::Bush : LandscapeLabel::Tree, .5f);
}

TESSERA_PIXEL void addSnow(const Scene &scene, const Place &m, Surface &s)
{
    const float line = scene.terrain.snowLine;
    const float reach = m.bare + .45f * (m.broad - .5f) + .12f * (m.middle - .5f)
                        + .10f * m.detail.value * (m.steep < .86f ? 1.f : .35f);
    float weight = smoothStep(line - .06f, line + .16f, reach);
    weight *= smoothStep(.50f, .64f, m.steep + .09f * m.detail.value);
    if (weight <= 0)
        return;
    const bool wooded = m.forest > .36f;
    if (wooded) // lies on the crowns' tops only
        weight *= smoothStep(.25f, .7f, m.normal.y + .3f * m.detail.value) * .7f;
    if (s.label == LandscapeLabel::Road) // ploughed and trodden
        weight *= .8f * smoothStep(.50f, .72f, m.middle + .35f * m.detail.value);
    const bool stone = s.label == LandscapeLabel::Stone && s.lumpWeight > .3f;
    if (stone)
        weight *= smoothStep(.55f, .9f, s.lump.y + .25f * m.detail.value);
    const Vec3 color = kSnow * (.84f + .18f * m.middle + .10f * m.detail.value);
    const LandscapeLabel before = s.label;
    const float lumpWeight = s.lumpWeight, shade = s.shade;
    cover(s, color, weight, LandscapeLabel::Snow, wooded ? .4f : .16f);
    if (wooded || stone) {
        s.label = before;
        s.lumpWeight = lumpWeight;
    }
    s.shade = shade;
    s.gloss *= 1 - weight;
}

// Ruts in the earth with worn grass between them; worn asphalt with a dashed line.
TESSERA_PIXEL Vec3 roadColor(const Scene &scene, const Place &m, float d)
{
    const Terrain &t = scene.terrain;
    const Vec3 color = scene.palette.road;
    const float across = d / t.roadWidth;
    if (t.paved) {
        const float patch = .85f + .3f * m.middle, dash = m.p.z / .006f;
        const bool line = d < .00008f && dash - std::floor(dash) < .5f;
        const Vec3 asphalt = color * (grain(m, .22f) * patch);
        return line && m.footprint < .0002f ? mix(asphalt, grey(.55f), .75f) : asphalt;
    }
    const float rut = smoothStep(.12f, .30f, std::fabs(across - .5f));
    const float grass = smoothStep(.30f, .12f, across) * smoothStep(.40f, .60f, m.middle + .35f * m.detail.value);
    const Vec3 earth = color * (grain(m, .40f) * (.80f + .34f * rut));
    const bool green = scene.biome != Biome::Desert && scene.biome != Biome::Canyon;
    return green ? mix(earth, scene.palette.grassB * (1.3f * grain(m, .6f)), .75f * grass) : earth;
}

TESSERA_PIXEL void addRoad(const Scene &scene, const Place &m, Surface &s)
{
    const Terrain &t = scene.terrain;
    if (!t.road || m.distance > 3 || m.bare < t.waterLevel + .001f)
        return;
    const float frayed = t.paved ? .1f : 1.f;
    const float d = roadDistance(scene, m.p.x, m.p.z) + frayed * (.0012f * (m.middle - .5f) + .0004f * m.detail.value);
    // A path that climbs too steeply is lost between the stones.
    const float weight = smoothStep(1.1f * t.roadWidth, .85f * t.roadWidth, d) * smoothStep(.82f, .90f, m.steep);
    if (weight <= 0)
        return;
    cover(s, roadColor(scene, m, d), weight, LandscapeLabel::Road, t.paved ? .12f : .2f);
    if (weight > .5f && !t.paved)
        addPebbles(scene, m, s, .22f);
}

TESSERA_PIXEL void addBareEarth(const Scene &scene, const Place &m, Surface &s)
{
    if (scene.biome == Biome::Desert || s.label == LandscapeLabel::Flower)
        return;
    const float strength = scene.biome == Biome::Canyon ? 1.f : .8f;
    const bool wet = scene.terrain.shore == Shore::Mud && m.bare < scene.terrain.waterLevel + .04f;
    const float weight = strength
                         * smoothStep(wet ? scene.terrain.mud : .55f, wet ? scene.terrain.mud + .08f : .63f,
                                      m.broad + .25f * (m.middle - .5f) + .12f * m.detail.value);
    if (weight <= 0)
        return;
    cover(s, scene.palette.dirt * (grain(m, .5f) * (wet ? .65f : 1.f)), weight,
          wet ? LandscapeLabel::Mud : LandscapeLabel::Dirt, .3f);
    if (wet && weight > .5f)
        s.gloss = .5f * saturate(.4f - m.detail.value);
    else if (weight > .5f)
        addPebbles(scene, m, s, .5f);
}

} // namespace

TESSERA_PIXEL float beachWeight(const Scene &scene, const Place &m)
{
    const Terrain &t = scene.terrain;
    if (!t.hasWater)
        return 0;
    const float top = t.river ? (.6f + .9f * m.broad) * kBankHeight : .03f + .03f * m.broad;
    const float height = m.bare + (t.river ? .0015f : .005f) * m.detail.value;
    return smoothStep(t.waterLevel + top, t.waterLevel + (t.river ? .4f : .5f) * top, height);
}

TESSERA_PIXEL Surface surfaceAt(const Scene &scene, const Place &m)
{
    Surface s = meadow(scene, m);
    addBareEarth(scene, m, s);
    addBeach(scene, m, s);
    addRock(scene, m, s);
    addBoulders(scene, m, s);
    addForest(scene, m, s);
    addRoad(scene, m, s);
    addSnow(scene, m, s);
    return s;
}

} // namespace tessera::core
