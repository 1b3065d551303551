#pragma once

#include "core/landscape/noise.h"
#include "core/landscape/scene.h"

#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

namespace tessera::core
{

// Fraction of ground under trees, [0, 1], at places (x, z) of height h.
template<class F>
TESSERA_PIXEL_CALL F forestMask(const Scene &scene, F x, F z, F h);

// Height of the land without trees, in km. `octaves` sets the detail.
template<class F>
TESSERA_PIXEL_CALL F terrainHeight(const Scene &scene, F x, F z, int octaves);

// Sideways way of a river or a road from its straight line, km.
template<class F>
TESSERA_PIXEL inline F windingShift(float bend, std::uint32_t seed, F z)
{
    const F a = valueNoise(z * 2.1f, z * 0.f + .5f, seed), b = valueNoise(z * 6.3f, z * 0.f + .5f, seed + 1);
    return bend * (a - .5f + .3f * (b - .5f));
}

inline constexpr float kBankHeight = .004f; // of a broad river, above the water, km

inline constexpr std::uint32_t kRiverSeed = 811, kRoadSeed = 821;

// Distance in km from the middle of the river or the road, measured across the view.
template<class F>
TESSERA_PIXEL inline F windingDistance(float middle, float bend, std::uint32_t seed, F x, F z)
{
    return absolute(x - middle - windingShift(bend, seed, z));
}
template<class F>
TESSERA_PIXEL inline F riverDistance(const Scene &scene, F x, F z)
{
    const Terrain &t = scene.terrain;
    const F d = windingDistance<F>(scene.camera.position.x + t.riverOffset, t.riverBend, t.seed + kRiverSeed, x, z);
    return d * (.62f + .9f * valueNoise<F>(x * 11.f, z * 16.f, t.seed + 813)); // uneven banks
}
template<class F>
TESSERA_PIXEL inline F roadDistance(const Scene &scene, F x, F z)
{
    const Terrain &t = scene.terrain;
    return windingDistance<F>(scene.camera.position.x + t.roadOffset, t.roadBend, t.seed + kRoadSeed, x, z);
}

struct GroundSample {
    float height; // bare
    float forest; // share of the place under trees, see forestMask
    float top;    // with tree tops
};

inline constexpr float kFinestCell = .0004f; // of the heights' cache, km

// How far from the eye the finest grid is used, km, and each coarser one twice as far: cells are 0.6 to 1.2 pixels
// wide, in small pictures less, as the shape of what is near would suffer, in large ones more, as a grid has no more.
TESSERA_PIXEL inline float finestReach(const Camera &camera)
{
    return kFinestCell * std::clamp(.85f * camera.columns * camera.focal, 300.f, 440.f);
}

#ifdef __CUDACC__
// A GPU has none.
struct HeightCache {
    TESSERA_PIXEL bool lookUp(float, float, GroundSample &) { return false; }
    TESSERA_PIXEL bool lookUpTop(float, float, float &, float = 0) { return false; }
    TESSERA_PIXEL bool lookUpHeight(float, float, float &, float = 0) { return false; }
};
#else
// Heights on nested square grids around the camera, each twice as coarse as the one inside it; patches are
// filled when first asked for. One per thread; begin() makes it ready for another scene without giving memory
// back.
class HeightCache
{
public:
    HeightCache();
    void begin(const Scene &scene);

    // Bilinear sample of a place; false when the place is outside all grids.
    bool lookUp(float x, float z, GroundSample &sample)
    {
        Corner q;
        if (!find(x, z, q))
            return false;
        sample = {q.blend(q.level->heights.get()), q.blend(q.level->forests.get()), q.blend(q.level->tops.get())};
        return true;
    }

    // The same for one number of the sample, from no finer grid than is used `away` km from the eye.
    bool lookUpTop(float x, float z, float &top, float away = 0)
    {
        Corner q;
        if (!find(x, z, q, away))
            return false;
        top = q.blend(q.level->tops.get());
        return true;
    }
    bool lookUpHeight(float x, float z, float &height, float away = 0)
    {
        Corner q;
        if (!find(x, z, q, away))
            return false;
        height = q.blend(q.level->heights.get());
        return true;
    }

private:
    static constexpr int kLevels = 9;
    static constexpr int kSide = 1024;
    static constexpr int kTile = 32; // lie together
    static constexpr int kPatch = 8; // are filled together

    struct Level {
        float cell = 0;
        float inverseCell = 0;
        float x = 0;
        float z = 0;
        int octaves = 0;
        // Planes of one kind each: most looks need one of them. Not cleared: `filled` says what is valid.
        std::unique_ptr<float[]> heights, forests, tops;
        std::vector<std::uint8_t> filled;
    };

    // Where a sample lies in its plane: the sum of a part for each coordinate. A tile fills a page of memory and four
    // by four samples a cache line, for a ray that walks over the land asks for one place after another.
    static std::uint32_t indexX(int i)
    {
        const auto x = static_cast<std::uint32_t>(i);
        return (x / kTile) * (kTile * kTile) + (x % kTile / 4) * 16 + x % 4;
    }
    static std::uint32_t indexZ(int i)
    {
        const auto z = static_cast<std::uint32_t>(i);
        return (z / kTile) * (kTile * kSide) + (z % kTile / 4) * (4 * kTile) + z % 4 * 4;
    }

    // Four samples and where the place lies between them.
    struct Corner {
        const Level *level;
        std::uint32_t x0, x1, z0, z1;
        float x;
        float z;

        float blend(const float *plane) const
        {
            return mix(mix(plane[z0 + x0], plane[z0 + x1], x), mix(plane[z1 + x0], plane[z1 + x1], x), z);
        }
    };

    bool find(float x, float z, Corner &corner, float away = 0)
    {
        const float r = std::max({std::fabs(x - m_x), std::fabs(z - m_z), away}) * m_inverseReach;
        // Each grid reaches twice as far as the one inside it: the exponent of the float counts the doublings.
        const int doublings = static_cast<int>(std::bit_cast<std::uint32_t>(r) >> 23) - 126;
        const int level = std::clamp(doublings, 0, kLevels - 1);
        const Level &grid = m_levels[level];
        const float fx = (x - grid.x) * grid.inverseCell, fz = (z - grid.z) * grid.inverseCell;
        const int ix = floorToInt(fx), iz = floorToInt(fz);
        if (ix < 0 || iz < 0 || ix >= kSide - 2 || iz >= kSide - 2)
            return false;
        require(level, ix, iz);
        if ((ix + 1) % kPatch == 0 || (iz + 1) % kPatch == 0) {
            require(level, ix + 1, iz + 1);
            require(level, ix + 1, iz);
            require(level, ix, iz + 1);
        }
        corner = {&grid,
                  indexX(ix),
                  indexX(ix + 1),
                  indexZ(iz),
                  indexZ(iz + 1),
                  fx - static_cast<float>(ix),
                  fz - static_cast<float>(iz)};
        return true;
    }

    void require(int level, int ix, int iz)
    {
        const int patch = (iz / kPatch) * (kSide / kPatch) + ix / kPatch;
        if (!m_levels[level].filled[static_cast<std::size_t>(patch)])
            fill(level, ix / kPatch, iz / kPatch);
    }
    void fill(int level, int patchX, int patchZ);

    const Scene *m_scene = nullptr;
    float m_x = 0;
    float m_z = 0;
    float m_inverseReach = 0;
    Level m_levels[kLevels];
};
#endif

// Height of the tree tops above the bare ground of a closed forest, in units of the terrain's crown height.
// `individual` gets a number in [0, 1) that belongs to the tree.
template<class F>
TESSERA_PIXEL_CALL F canopyHeight(const Scene &scene, F x, F z, F &individual);

// Height of the tree tops above the ground at a place whose share of forest is known.
template<class F>
TESSERA_PIXEL F crownsAbove(const Scene &scene, F x, F z, F forest);

// What the cache holds of a place, without the rounding of its cells: as many octaves as the grid that the place lies
// in.
TESSERA_PIXEL GroundSample wholeSample(const Scene &scene, float x, float z);
TESSERA_PIXEL float wholeHeight(const Scene &scene, float x, float z, float away = 0);

// Where there is no cache: heights for a first look, without single crowns; or what the cache would give, exactly.
enum class Heights : std::uint8_t { Rough, Whole };

// The land of a scene as the pixel functions see it. Cheap to copy.
struct Ground {
    const Scene &scene;
    HeightCache *cache = nullptr;
    Heights uncached = Heights::Rough;

    // Height and trees at a place that is `distance` km from the eye.
    TESSERA_PIXEL GroundSample at(float x, float z, float distance) const
    {
        GroundSample sample;
        if (cache && cache->lookUp(x, z, sample))
            return sample;
        if (uncached == Heights::Whole)
            return wholeSample(scene, x, z);
        const int octaves = cache ? 5 : distance < .6f ? 9 : distance < 3 ? 8 : distance < 9 ? 7 : 6;
        sample.height = terrainHeight(scene, x, z, octaves);
        sample.forest = forestMask(scene, x, z, sample.height);
        sample.top = sample.height + sample.forest * scene.terrain.crownHeight * .5f;
        return sample;
    }

    // Height with the tree tops of a forest, and without them; the latter from no finer grid than is used `away` km from
    // the eye.
    TESSERA_PIXEL float height(float x, float z, float distance) const
    {
        float top;
        return cache && cache->lookUpTop(x, z, top) ? top : at(x, z, distance).top;
    }
    TESSERA_PIXEL float bareHeight(float x, float z, float distance, float away = 0) const
    {
        float bare;
        if (cache && cache->lookUpHeight(x, z, bare, away))
            return bare;
        return uncached == Heights::Whole ? wholeHeight(scene, x, z, away) : at(x, z, distance).height;
    }

    // height() below a point of a ray that was `clearance` km above the land a step before, 0 where that is not known:
    // while it stays high, a coarse grid will do, of which less has to be filled.
    TESSERA_PIXEL float heightBelow(Vec3 point, float distance, float clearance) const
    {
        float top;
        if (cache && cache->lookUpTop(point.x, point.z, top, 40 * clearance) && point.y - top > .5f * clearance)
            return top;
        return height(point.x, point.z, distance);
    }

    // Exact heights with tree tops at eight places.
    TESSERA_PIXEL void heights(const float (&x)[8], const float (&z)[8], int octaves, float (&h)[8]) const;
};

} // namespace tessera::core
