#pragma once

#include "core/landscape/noise.h"
#include "core/landscape/scene.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace tessera::core
{

// Fraction of ground under trees, [0, 1], at places (x, z) of height h.
template<class F>
F forestMask(const Scene &scene, F x, F z, F h);

// Height of the land without trees, in km. `octaves` sets the detail.
template<class F>
F terrainHeight(const Scene &scene, F x, F z, int octaves);

// Distance in km from the middle of the river or the road, measured across the view.
template<class F>
inline F windingDistance(float middle, float bend, std::uint32_t seed, F x, F z)
{
    const F a = valueNoise(z * 2.1f, z * 0.f + .5f, seed), b = valueNoise(z * 6.3f, z * 0.f + .5f, seed + 1);
    return absolute(x - middle - bend * (a - .5f + .3f * (b - .5f)));
}
template<class F>
inline F riverDistance(const Scene &scene, F x, F z)
{
    const Terrain &t = scene.terrain;
    return windingDistance<F>(scene.camera.position.x + t.riverOffset, t.riverBend, t.seed + 811, x, z);
}
template<class F>
inline F roadDistance(const Scene &scene, F x, F z)
{
    const Terrain &t = scene.terrain;
    return windingDistance<F>(scene.camera.position.x + t.roadOffset, t.roadBend, t.seed + 821, x, z);
}

struct GroundSample {
    float height;
    float forest; // share of the place under trees, see forestMask
};

// Heights on nested square grids around the camera, each twice as coarse as the one inside it; tiles are
// filled when first asked for. One per thread; begin() makes it ready for another scene without giving memory
// back.
class HeightCache
{
public:
    HeightCache();
    void begin(const Scene &scene);

    // Bilinear height and forest at a place; false when the place is outside all grids.
    bool lookUp(float x, float z, GroundSample &sample)
    {
        const float r = std::max(std::fabs(x - m_x), std::fabs(z - m_z));
        int level = 0;
        for (float limit = kFinestCell * 440; level < kLevels - 1 && r > limit; limit *= 2)
            ++level;
        const Level &grid = m_levels[level];
        float fx = (x - grid.x) * grid.inverseCell, fz = (z - grid.z) * grid.inverseCell;
        const int ix = floorToInt(fx), iz = floorToInt(fz);
        if (ix < 0 || iz < 0 || ix >= kSide - 2 || iz >= kSide - 2)
            return false;
        fx -= static_cast<float>(ix);
        fz -= static_cast<float>(iz);
        require(level, ix, iz);
        require(level, ix + 1, iz + 1);
        if ((ix + 1) % kTile == 0 || (iz + 1) % kTile == 0) {
            require(level, ix + 1, iz);
            require(level, ix, iz + 1);
        }
        const GroundSample *q = grid.samples.get() + static_cast<std::size_t>(iz) * kSide + ix;
        const GroundSample a = q[0], b = q[1], c = q[kSide], d = q[kSide + 1];
        sample.height = mix(mix(a.height, b.height, fx), mix(c.height, d.height, fx), fz);
        sample.forest = mix(mix(a.forest, b.forest, fx), mix(c.forest, d.forest, fx), fz);
        return true;
    }

private:
    static constexpr int kLevels = 9;
    static constexpr int kSide = 1024;
    static constexpr int kTile = 32;
    static constexpr float kFinestCell = .0004f;

    struct Level {
        float cell = 0;
        float inverseCell = 0;
        float x = 0;
        float z = 0;
        int octaves = 0;
        std::unique_ptr<GroundSample[]> samples; // not cleared: `filled` says what is valid
        std::vector<std::uint8_t> filled;
    };

    void require(int level, int ix, int iz)
    {
        const int tile = (iz / kTile) * (kSide / kTile) + ix / kTile;
        if (!m_levels[level].filled[static_cast<std::size_t>(tile)])
            fill(level, ix / kTile, iz / kTile);
    }
    void fill(int level, int tileX, int tileZ);

    const Scene *m_scene = nullptr;
    float m_x = 0;
    float m_z = 0;
    Level m_levels[kLevels];
};

// The land of a scene as the pixel functions see it: exact, or through a cache. Cheap to copy.
struct Ground {
    const Scene &scene;
    HeightCache *cache = nullptr;

    // Bare height and forest at a place that is `distance` km from the eye.
    GroundSample bare(float x, float z, float distance) const
    {
        GroundSample sample;
        if (cache && cache->lookUp(x, z, sample))
            return sample;
        const int octaves = cache ? 5 : distance < .6f ? 9 : distance < 3 ? 8 : distance < 9 ? 7 : 6;
        sample.height = terrainHeight(scene, x, z, octaves);
        sample.forest = forestMask(scene, x, z, sample.height);
        return sample;
    }

    // Height with the tree tops of a forest.
    float height(float x, float z, float distance) const;

    // Exact heights with tree tops at (x, z), (x + e, z), (x, z + e).
    void heightsAround(float x, float z, float e, int octaves, float distance, float out[3]) const;
};

// Height of the tree tops above the bare ground of a closed forest. `individual` gets a number in [0, 1) that
// belongs to the tree.
float canopyHeight(const Scene &scene, float x, float z, float &individual);

// How far a crown of a closed forest can be above the ground.
inline constexpr float kCrownHeight = .016f;

} // namespace tessera::core
