#include "core/landscape/terrain.h"

#include <cstddef>

namespace tessera::core
{

namespace
{

template<class F>
struct Relief {
    F mountain; // mix of eroded and ridged noise
    F eroded;
};

// Eroded noise (each octave is weaker where the slope so far is steep) and ridged noise in one pass.
template<class F>
TESSERA_PIXEL Relief<F> relief(const Terrain &t, F x, F z, int octaves)
{
    F eroded = x * 0.f, ridged = x * 0.f, slopeX = x * 0.f, slopeZ = x * 0.f, weight = x * 0.f + 1.f;
    float amplitude = .5f;
    for (int i = 0; i < octaves; ++i) {
        F dx, dz;
        const F n = valueNoise(x, z, t.seed + static_cast<std::uint32_t>(i) * 13, dx, dz);
        slopeX += dx * (amplitude * 2);
        slopeZ += dz * (amplitude * 2);
        eroded += amplitude * n / (1.f + (slopeX * slopeX + slopeZ * slopeZ));
        if (i < 7) {
            F crest = 1.f - absolute(2.f * n - 1.f);
            crest = crest * crest * weight;
            weight = saturate<F>(crest * 1.6f);
            ridged += amplitude * crest;
        }
        amplitude *= .5f;
        nextOctave(x, z);
    }
    return {eroded * (1.25f * (1 - t.ridge)) + ridged * (.95f * t.ridge), eroded};
}

template<class F>
TESSERA_PIXEL F terraced(const Terrain &t, F h)
{
    const F step = h * (1.f / t.terrace);
    const F base = toFloat(floorToInt(step));
    const F rest = step - base;
    return t.terrace * (base + smoothStep<F>(.35f, .75f, rest) * .85f + rest * .15f);
}

template<class F>
TESSERA_PIXEL F duneHeight(const Terrain &t, F x, F z)
{
    const F s = x * 1.7f + valueNoise<F>(x * .8f, z * .8f, t.seed + 91) * 1.6f;
    const F k = s - toFloat(floorToInt(s));
    F rise = k * (1 / .72f);
    const F fall = (1.f - k) * (1 / .28f);
    rise = rise < fall ? rise : fall;
    rise = rise * rise * (3.f - 2.f * rise);
    return t.dune * .5f * rise * (.35f + valueNoise<F>(x * .5f, z * .5f, t.seed + 92));
}

// Lowers the land to a bed along the river and lifts what would be under water beside it.
template<class F>
TESSERA_PIXEL F withRiver(const Scene &scene, F x, F z, F h)
{
    const Terrain &t = scene.terrain;
    const F d = riverDistance(scene, x, z);
    const F bank = t.waterLevel + .003f + .03f * saturate<F>(h - t.waterLevel + .3f);
    h = h < bank ? bank : h;
    const float depth = std::min(1.f, t.riverWidth / .016f); // brooks have low banks and a shallow bed
    const float brink = t.waterLevel + kBankHeight * depth;
    const F low = h < brink ? h : h * 0.f + brink;
    const F rx = x - scene.camera.position.x, rz = z - scene.camera.position.z;
    const F nearness = 1.f - smoothStep<F>(1.8f, 3.2f, squareRoot(rx * rx + rz * rz));
    h += (low - h) * smoothStep<F>(9 * t.riverWidth, 1.3f * t.riverWidth, d) * nearness;
    return h
           + (t.waterLevel - .008f * depth - h) * smoothStep<F>(1.25f * t.riverWidth, .75f * t.riverWidth, d)
                 * nearness;
}

} // namespace

template<class F>
TESSERA_PIXEL_CALL F terrainHeight(const Scene &scene, F x, F z, int octaves)
{
    const Terrain &t = scene.terrain;
    F wx = x * t.frequency, wz = z * t.frequency;
    const F warpX = valueNoise<F>(wx * .7f + 3.f, wz * .7f, t.seed + 71) - .5f;
    const F warpZ = valueNoise<F>(wx * .7f, wz * .7f + 9.f, t.seed + 72) - .5f;
    wx += warpX * t.warp;
    wz += warpZ * t.warp;
    const Relief<F> r = relief(t, wx, wz, octaves);
    const F plain = fractalNoise<F>(x * .35f, z * .35f, octaves < 4 ? octaves : 4, t.seed + 555);
    const F origin = squareRoot(x * x + z * z) + (plain - .5f) * (t.mountainDistance * 1.4f);
    const F mask = smoothStep<F>(t.mountainDistance * .5f, t.mountainDistance * 1.6f, origin);
    const F m = saturate<F>(r.mountain);
    // m * (0.76 + 0.24 m) follows pow(m, 1.2) within 0.02 and needs no logarithm.
    F h = t.plainHeight * (plain - .45f + .25f * (r.eroded - .4f))
          + mask * (t.mountainHeight * 1.2f) * m * (.76f + .24f * m);
    if (t.terrace > 0)
        h = terraced(t, h);
    if (t.dune > 0)
        h += duneHeight(t, x, z);
    if (octaves > 7)
        h += .0042f * (fractalNoise<F>(x * 30.f, z * 30.f, 3, t.seed + 33) - .5f);
    if (t.river)
        h = withRiver(scene, x, z, h);
    return h;
}

template<class F>
TESSERA_PIXEL_CALL F forestMask(const Scene &scene, F x, F z, F h)
{
    const Terrain &t = scene.terrain;
    if (t.forest <= 0)
        return x * 0.f;
    const F n = fractalNoise<F>(x * 1.3f, z * 1.3f, 3, t.seed + 201);
    F mask = smoothStep<F>(1 - t.forest - .05f, 1 - t.forest + .08f, n + .18f);
    mask *= 1.f - smoothStep<F>(t.treeLine - .15f, t.treeLine + .1f, h + .25f * (n - .5f));
    mask *= smoothStep<F>(t.waterLevel + .012f, t.waterLevel + .03f, h);
    const F rx = x - scene.camera.position.x, rz = z - scene.camera.position.z;
    mask *=
        smoothStep<F>(t.shrubs ? .03f : .13f, t.shrubs ? .06f : .26f, squareRoot(rx * rx + rz * rz) + .1f * (n - .5f));
    if (t.river)
        mask *= smoothStep<F>(1.3f * t.riverWidth, 2.2f * t.riverWidth, riverDistance(scene, x, z));
    if (t.road)
        mask *= smoothStep<F>(2 * t.roadWidth, 4 * t.roadWidth + .01f, roadDistance(scene, x, z));
    return mask;
}

namespace
{

TESSERA_PIXEL inline float select(bool condition, float a, float b)
{
    return condition ? a : b;
}

TESSERA_PIXEL inline bool anyAbove(float x, float limit)
{
    return x > limit;
}
#ifndef __CUDACC__
inline Float8 select(Int8 condition, Float8 a, Float8 b)
{
    return condition ? a : b;
}
inline bool anyAbove(Float8 x, float limit)
{
    for (int i = 0; i < 8; ++i)
        if (x[i] > limit)
            return true;
    return false;
}
#endif

} // namespace

template<class F>
TESSERA_PIXEL_CALL F canopyHeight(const Scene &scene, F x, F z, F &individual)
{
    const Terrain &t = scene.terrain;
    const F px = x * t.crownsPerKm, pz = z * t.crownsPerKm;
    const auto ix = floorToInt(px), iz = floorToInt(pz);
    F best = x * 0.f;
    individual = x * 0.f;
    for (int j = -1; j <= 1; ++j) {
        for (int i = -1; i <= 1; ++i) {
            auto bits = latticeHash(ix + i, iz + j, t.seed + 301);
            const F dx = toFloat(ix + i) + hashToFloat(bits & 0xffff0000u) - px;
            const F dz = toFloat(iz + j) + hashToFloat(bits << 16) - pz;
            bits = (bits ^ bits >> 13) * 0x7feb352du;
            const F kind = hashToFloat(bits), size = .62f + .55f * hashToFloat(bits << 14);
            const F cone = select(kind < t.conifers, x * 0.f + 1.f, x * 0.f);
            const F radius = size * (1.f - .22f * cone);
            const F d2 = (dx * dx + dz * dz) / (radius * radius);
            const F inside = select(d2 < 1.f, d2, x * 0.f + 1.f);
            const F root = squareRoot(inside), dome = squareRoot(1.f - inside);
            const F crown = size * (cone * (1.15f * (1.f - root)) + (1.f - cone) * dome);
            individual = select(crown > best, kind, individual);
            best = select(crown > best, crown, best);
        }
    }
    return best * (.78f + .44f * valueNoise<F>(px * 4.3f, pz * 4.3f, t.seed + 305));
}

template<class F>
TESSERA_PIXEL F crownsAbove(const Scene &scene, F x, F z, F forest)
{
    if (!anyAbove(forest, .01f))
        return x * 0.f;
    F individual;
    return forest * (canopyHeight(scene, x, z, individual) + .3f) * scene.terrain.crownHeight;
}

namespace
{

constexpr int kCrownGrids = 6; // from the seventh grid on a cell is larger than a tree
constexpr float kCrownReaches = 1 << (kCrownGrids - 1);
constexpr float kFarCrowns = .7f;

// How far from the eye a place is, on the map and in the reach of the cache's finest grid.
TESSERA_PIXEL float awayInReaches(const Scene &scene, float x, float z)
{
    const Vec3 eye = scene.camera.position;
    return std::max(std::fabs(x - eye.x), std::fabs(z - eye.z)) / finestReach(scene.camera);
}

TESSERA_PIXEL int octavesOfGrid(int grid)
{
    return grid < 2 ? 10 : grid < 4 ? 9 : grid < 6 ? 8 : 7;
}

TESSERA_PIXEL int octavesAway(float reaches)
{
    return octavesOfGrid(reaches < 2 ? 0 : reaches < 8 ? 2 : reaches < 32 ? 4 : 6); // each grid reaches twice as far
}

} // namespace

TESSERA_PIXEL GroundSample wholeSample(const Scene &scene, float x, float z)
{
    const float reaches = awayInReaches(scene, x, z);
    GroundSample sample;
    sample.height = terrainHeight(scene, x, z, octavesAway(reaches));
    sample.forest = forestMask(scene, x, z, sample.height);
    sample.top = sample.height
                 + (reaches < kCrownReaches ? crownsAbove(scene, x, z, sample.forest)
                                            : sample.forest * (kFarCrowns * scene.terrain.crownHeight));
    return sample;
}

TESSERA_PIXEL float wholeHeight(const Scene &scene, float x, float z, float away)
{
    const float reaches = std::max(awayInReaches(scene, x, z), away / finestReach(scene.camera));
    return terrainHeight(scene, x, z, octavesAway(reaches));
}

#ifdef __CUDACC__

TESSERA_PIXEL void Ground::heights(const float (&x)[8], const float (&z)[8], int octaves, float (&h)[8]) const
{
#pragma unroll 1
    for (int k = 0; k < 8; ++k) {
        const float bare = terrainHeight(scene, x[k], z[k], octaves);
        h[k] = bare + crownsAbove(scene, x[k], z[k], forestMask(scene, x[k], z[k], bare));
    }
}

#else

template float terrainHeight<float>(const Scene &, float, float, int);
template Float8 terrainHeight<Float8>(const Scene &, Float8, Float8, int);
template float forestMask<float>(const Scene &, float, float, float);
template Float8 forestMask<Float8>(const Scene &, Float8, Float8, Float8);
template float canopyHeight<float>(const Scene &, float, float, float &);
template Float8 canopyHeight<Float8>(const Scene &, Float8, Float8, Float8 &);
template float crownsAbove<float>(const Scene &, float, float, float);
template Float8 crownsAbove<Float8>(const Scene &, Float8, Float8, Float8);

void Ground::heights(const float (&x)[8], const float (&z)[8], int octaves, float (&h)[8]) const
{
    Float8 eastward, ahead;
    for (int k = 0; k < 8; ++k) {
        eastward[k] = x[k];
        ahead[k] = z[k];
    }
    const Float8 bare = terrainHeight(scene, eastward, ahead, octaves);
    const Float8 top = bare + crownsAbove(scene, eastward, ahead, forestMask(scene, eastward, ahead, bare));
    for (int k = 0; k < 8; ++k)
        h[k] = top[k];
}

HeightCache::HeightCache()
{
    for (Level &level : m_levels) {
        for (std::unique_ptr<float[]> *plane : {&level.heights, &level.forests, &level.tops})
            *plane = std::make_unique_for_overwrite<float[]>(static_cast<std::size_t>(kSide) * kSide);
        level.filled.resize((kSide / kPatch) * (kSide / kPatch));
    }
}

void HeightCache::begin(const Scene &scene)
{
    m_scene = &scene;
    m_x = scene.camera.position.x;
    m_z = scene.camera.position.z;
    m_inverseReach = 1 / finestReach(scene.camera);
    for (int i = 0; i < kLevels; ++i) {
        Level &level = m_levels[i];
        level.cell = kFinestCell * static_cast<float>(1 << i);
        level.inverseCell = 1 / level.cell;
        level.x = m_x - level.cell * kSide / 2;
        level.z = m_z - level.cell * kSide / 2;
        level.octaves = octavesOfGrid(i);
        std::fill(level.filled.begin(), level.filled.end(), std::uint8_t(0));
    }
}

void HeightCache::fill(int levelIndex, int patchX, int patchZ)
{
    Level &level = m_levels[levelIndex];
    const Float8 lanes = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int j = patchZ * kPatch; j < (patchZ + 1) * kPatch; ++j) {
        const Float8 z = lanes * 0.f + (level.z + static_cast<float>(j) * level.cell);
        for (int i = patchX * kPatch; i < (patchX + 1) * kPatch; i += 8) {
            const Float8 x = level.x + (lanes + static_cast<float>(i)) * level.cell;
            const Float8 h = terrainHeight(*m_scene, x, z, level.octaves);
            const Float8 forest = forestMask(*m_scene, x, z, h);
            const Float8 crown = levelIndex < kCrownGrids ? crownsAbove(*m_scene, x, z, forest)
                                                          : forest * (kFarCrowns * m_scene->terrain.crownHeight);
            for (int k = 0; k < 8; ++k) {
                const std::size_t at = indexZ(j) + indexX(i + k);
                level.heights[at] = h[k];
                level.forests[at] = forest[k];
                level.tops[at] = h[k] + crown[k];
            }
        }
    }
    level.filled[static_cast<std::size_t>(patchZ * (kSide / kPatch) + patchX)] = 1;
}

#endif

} // namespace tessera::core
