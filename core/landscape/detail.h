#pragma once

#include "core/landscape/noise.h"
#include "core/landscape/vector.h"

namespace tessera::core
{

// Fine structure of the ground, from the size of a pixel up to a few hundred of them. The octaves lie on a fixed
// ladder of wavelengths, so the pattern stays where it is while the eye comes nearer; the finest fades out and the
// coarsest fades in as the pixel's footprint grows.
struct Detail {
    float value = 0;  // sum of the octaves, mean 0, mostly in [-1, 1]
    float fine = 0;   // the three finest octaves alone
    float crack = 1;  // near 0 on thin winding lines, else near 1
    float slopeA = 0; // slopes along the two axes, about as large as `value`
    float slopeB = 0;
};

// Cosine and sine of 0.9 radians times the octave, by which each is turned, so that the lattice's axes do not show.
TESSERA_PIXEL_CONSTANT float kOctaveCosine[16] = {1.f,    .6216f,  -.2272f, -.9041f, -.8968f, -.2108f, .6347f, .9999f,
                                                  .6084f, -.2436f, -.9111f, -.8892f, -.1943f, .6476f,  .9994f, .5949f};
TESSERA_PIXEL_CONSTANT float kOctaveSine[16] = {0.f,    .7833f, .9738f, .4274f,  -.4425f, -.9775f, -.7728f, .0168f,
                                                .7937f, .9699f, .4121f, -.4575f, -.9809f, -.7620f, .0336f,  .8038f};

TESSERA_PIXEL_CONSTANT float kOctaveWeights[8] = {.42f, .60f, .74f, .76f, .68f, .58f, .46f, .36f};

// The finest octave that pixels of `footprint` km show; its fraction says how far that one has faded out.
TESSERA_PIXEL inline float finestOctave(float footprint)
{
    return std::log2(std::max(footprint, 2e-6f) * 1.5f) + 20;
}

// At (a, b) km on any surface, for pixels of `footprint` km, octave by octave.
TESSERA_PIXEL_CALL inline Detail detailByOctaves(float a, float b, float footprint, std::uint32_t seed)
{
    const float level = finestOctave(footprint);
    const int first = static_cast<int>(level);
    const float fade = level - static_cast<float>(first);
    float frequency = std::ldexp(1.f, 20 - first);
    Detail d;
    for (int k = 0; k < 8; ++k, frequency *= .5f) {
        const int octave = first + k;
        const float cosine = kOctaveCosine[octave & 15], sine = kOctaveSine[octave & 15];
        const float weight = kOctaveWeights[k] * (k == 0 ? 1 - fade : k == 7 ? fade : 1.f);
        float dx, dz;
        const float n = 2
                            * valueNoise((cosine * a - sine * b) * frequency + static_cast<float>(octave) * 17.37f,
                                         (sine * a + cosine * b) * frequency, seed, dx, dz)
                        - 1;
        d.value += .62f * weight * n;
        d.fine += (k < 2 ? .8f : k == 2 ? .48f : 0.f) * weight * n;
        d.slopeA += .62f * weight * (dx * cosine + dz * sine);
        d.slopeB += .62f * weight * (dz * cosine - dx * sine);
        if (k >= 2 && k < 6)
            d.crack = std::min(d.crack, smoothStep(0.f, .17f - .02f * static_cast<float>(k), std::fabs(n)));
    }
    return d;
}

#ifdef __CUDACC__
TESSERA_PIXEL inline Detail detailAt(float a, float b, float footprint, std::uint32_t seed)
{
    return detailByOctaves(a, b, footprint, seed);
}
#else
// The same: eight octaves cost one evaluation of eight lanes.
inline Detail detailAt(float a, float b, float footprint, std::uint32_t seed)
{
    const float level = finestOctave(footprint);
    const int first = static_cast<int>(level);
    const float fade = level - static_cast<float>(first);
    Float8 cosine, sine, shift;
    for (int k = 0; k < 8; ++k) {
        const int octave = first + k;
        cosine[k] = kOctaveCosine[octave & 15];
        sine[k] = kOctaveSine[octave & 15];
        shift[k] = static_cast<float>(octave) * 17.37f;
    }
    constexpr Float8 kHalves = {1, .5f, .25f, .125f, .0625f, .03125f, .015625f, .0078125f};
    const Float8 frequency = kHalves * std::ldexp(1.f, 20 - first);
    const Float8 weight = {.42f * (1 - fade), .60f, .74f, .76f, .68f, .58f, .46f, .36f * fade};
    Float8 dx, dz;
    const Float8 n = valueNoise<Float8>((cosine * a - sine * b) * frequency + shift,
                                        (sine * a + cosine * b) * frequency, seed, dx, dz);
    const Float8 signedNoise = weight * (2.f * n - 1.f), line = absolute(2.f * n - 1.f);
    const Float8 alongA = weight * (dx * cosine + dz * sine), alongB = weight * (dz * cosine - dx * sine);
    Detail d;
    for (int k = 0; k < 8; ++k) {
        d.value += signedNoise[k];
        d.slopeA += alongA[k];
        d.slopeB += alongB[k];
    }
    d.value *= .62f;
    d.slopeA *= .62f;
    d.slopeB *= .62f;
    d.fine = (signedNoise[0] + signedNoise[1] + .6f * signedNoise[2]) * .8f;
    d.crack = std::min(std::min(smoothStep(0.f, .13f, line[2]), smoothStep(0.f, .11f, line[3])),
                       std::min(smoothStep(0.f, .09f, line[4]), smoothStep(0.f, .07f, line[5])));
    return d;
}
#endif

TESSERA_PIXEL inline Detail mix(const Detail &a, const Detail &b, float t)
{
    return {mix(a.value, b.value, t), mix(a.fine, b.fine, t), mix(a.crack, b.crack, t), mix(a.slopeA, b.slopeA, t),
            mix(a.slopeB, b.slopeB, t)};
}

// Round lumps of random sizes that lie on a plane, about one for every cell of a lattice with a spacing of 1:
// stones, tufts, flowers.
struct Lump {
    bool hit = false;
    float height = 0; // of the point that is seen, in radii
    float radius = 0;
    float individual = 0; // belongs to the lump, [0, 1)
    Vec3 normal = {0, 1, 0};
};

// The lump that stands in front of the point (x, z) of the plane with the normal `plane`, as seen along the unit
// vector `ray`, which points down to the plane. `share` of the cells have a lump.
TESSERA_PIXEL_CALL inline Lump lumpAt(float x, float z, Vec3 plane, Vec3 ray, float share, std::uint32_t seed)
{
    const float slopeX = plane.x / plane.y, slopeZ = plane.z / plane.y;
    const float flat = 1 / std::max(.2f, std::sqrt(ray.x * ray.x + ray.z * ray.z));
    const int ix = floorToInt(x - .4f * ray.x * flat), iz = floorToInt(z - .4f * ray.z * flat);
    Lump best;
    float nearest = 0;
    for (int j = iz - 1; j <= iz + 1; ++j) {
        for (int i = ix - 1; i <= ix + 1; ++i) {
            std::uint32_t bits = latticeHash(i, j, seed);
            const float dx = x - toFloat(i) - hashToFloat(bits & 0xffff0000u);
            const float dz = z - toFloat(j) - hashToFloat(bits << 16);
            bits = hash32(bits);
            if (hashToFloat(bits) >= share)
                continue;
            const float spread = hashToFloat(bits << 12), radius = .13f + .31f * spread * spread;
            const Vec3 off = {dx, -(slopeX * dx + slopeZ * dz) - .15f * radius, dz};
            // Going back along the ray from the plane, the far side of the ball is the one that is seen.
            const float b = dot(off, ray), inside = b * b - dot(off, off) + radius * radius;
            if (inside <= 0)
                continue;
            const float back = b + std::sqrt(inside);
            if (back <= nearest)
                continue;
            nearest = back;
            const Vec3 n = (off - ray * back) * (1 / radius);
            best = {true, saturate(.5f + .5f * n.y), radius, hashToFloat(hash32(bits + 1)), n};
        }
    }
    return best;
}

} // namespace tessera::core
