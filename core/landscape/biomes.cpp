#include "core/landscape/biomes.h"

namespace tessera::core
{

namespace
{

// Bushes instead of trees.
void growShrubs(Terrain &t, Random &random)
{
    t.shrubs = true;
    t.crownHeight = random.range(.0016f, .0034f);
    t.crownsPerKm = random.range(240, 380);
    t.conifers = 0;
    t.forest = random.range(.4f, .75f);
}

void alpine(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.hasWater = random.chance(.72f);
    t.waterLevel = random.range(-.04f, .06f);
    t.river = t.hasWater && random.chance(.45f);
    t.mountainHeight = random.range(2.5f, 4.6f);
    t.mountainDistance = random.range(1.6f, 6.5f);
    t.frequency *= random.range(.75f, 1.1f);
    t.ridge = std::sqrt(t.ridge);
    t.road = random.chance(.3f);
    t.flowers = random.chance(.35f) ? random.range(.3f, 1.f) : 0;
    if (random.chance(.75f))
        t.shore = Shore::Gravel;
    t.road = random.chance(.3f);
}

void meadow(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.mountainHeight = random.range(.5f, 2.6f);
    t.mountainDistance = random.range(1.5f, 6.f);
    t.flowers = random.chance(.65f) ? random.range(.4f, 1.f) : 0;
    t.farms = random.chance(.4f) ? random.range(.3f, .8f) : 0;
    t.snowLine = random.chance(.3f) ? random.range(.9f, 1.6f) : 9;
    t.forest *= .8f;
    t.conifers = random.range(.1f, .7f);
    t.hasWater = random.chance(.6f);
    t.river = t.hasWater && random.chance(.75f);
    if (random.chance(.3f))
        t.shore = Shore::Mud;
    t.waterLevel = random.range(-.06f, .0f);
    t.road = random.chance(.65f);
    t.stones *= .5f;
    if (random.chance(.22f))
        growShrubs(t, random);
}

void desert(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.mountainHeight = random.range(.5f, 1.9f);
    t.dune = random.range(.05f, .25f);
    t.snowLine = 9;
    t.forest = 0;
    t.road = random.chance(.2f);
    t.stones = random.range(0, .5f);
    scene.palette.rockA = {.34f, .20f, .12f};
    scene.palette.rockB = {.24f, .13f, .08f};
    scene.palette.sand = mix(Vec3{.58f, .40f, .22f}, Vec3{.62f, .50f, .34f}, random.next());
    scene.air.clouds *= .6f;
}

void coast(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.hasWater = true;
    const float shore = random.next();
    t.shore = shore < .46f ? Shore::Sand : shore < .85f ? Shore::Gravel : Shore::Mud;
    t.waterLevel = random.range(.0f, .14f);
    t.mountainHeight = random.range(.5f, 2.0f);
    t.mountainDistance = random.range(1.4f, 7);
    t.wave = random.range(.3f, 1.f);
    t.snowLine = random.range(1.2f, 3.f);
    t.stones = random.range(.1f, .8f);
    t.conifers = random.range(.2f, 1.f);
    t.road = random.chance(.35f);
    if (random.chance(.3f))
        growShrubs(t, random);
}

void broadleaf(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.forest = random.range(.45f, .85f);
    t.conifers = random.range(0, .3f);
    t.mountainHeight = random.range(.5f, 1.9f);
    t.snowLine = random.chance(.2f) ? random.range(-.2f, .1f) : 9;
    t.treeLine = 3;
    t.hasWater = random.chance(.65f);
    t.river = t.hasWater && random.chance(.6f);
    if (random.chance(.3f))
        t.shore = Shore::Mud;
    t.waterLevel = random.range(-.04f, .02f);
    t.road = random.chance(.6f);
    t.farms = random.chance(.2f) ? random.range(.3f, .7f) : 0;
}

void canyon(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.terrace = random.range(.18f, .4f);
    t.mountainHeight = random.range(.8f, 1.8f);
    t.snowLine = 9;
    t.forest = 0;
    if (random.chance(.3f)) {
        growShrubs(t, random);
        t.forest = random.range(.2f, .35f);
    }
    t.ridge *= .4f;
    t.stones = random.range(.2f, .7f);
    t.strata = random.range(.1f, .35f);
    t.hasWater = random.chance(.5f);
    t.river = t.hasWater;
    t.waterLevel = 0;
    t.road = random.chance(.3f);
    scene.palette.rockA = {.42f, .21f, .11f};
    scene.palette.rockB = {.28f, .13f, .075f};
    scene.palette.dirt = {.30f, .18f, .11f};
}

void tropical(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.hasWater = true;
    t.shore = Shore::Sand;
    t.waterLevel = random.range(.01f, .12f);
    t.mountainHeight = random.range(.5f, 1.6f);
    t.snowLine = 9;
    t.forest = random.range(.4f, .8f);
    t.conifers = 0;
    t.treeLine = 2;
    t.wave = random.range(.2f, .7f);
    t.road = random.chance(.3f);
    Palette &c = scene.palette;
    c.water = {.01f, .16f, .17f};
    c.sand = {.66f, .58f, .45f};
    c.treeA = {.018f, .055f, .014f};
    c.treeB = {.058f, .105f, .022f};
    c.treeC = {.10f, .12f, .02f};
    c.dryGrass = false;
}

void arctic(Scene &scene, Random &random)
{
    Terrain &t = scene.terrain;
    t.snowLine = random.range(-.6f, .3f);
    t.mountainHeight = random.range(1.f, 3.f);
    t.mountainDistance = random.range(1.f, 5.f);
    t.forest *= .8f;
    t.hasWater = random.chance(.6f);
    t.waterLevel = random.range(-.05f, .06f);
    t.shore = Shore::Gravel;
    t.road = random.chance(.3f);
}

} // namespace

void drawBiomeDetails(Scene &scene, Random &random)
{
    using Draw = void (*)(Scene &, Random &);
    static constexpr Draw kDraw[] = {alpine, meadow, desert, coast, broadleaf, canyon, tropical, arctic};
    kDraw[static_cast<int>(scene.biome)](scene, random);
}

} // namespace tessera::core
