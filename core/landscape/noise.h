#pragma once

#include "core/landscape/pixelcode.h"

#include <cmath>
#include <cstdint>

// Hash-based value noise. Integer hashing only, so every compiler and device gives the same lattice values.
// The noise functions are templates over `float` and `Float8`: eight points cost little more than one.
namespace tessera::core
{

TESSERA_PIXEL inline std::uint32_t hash32(std::uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    return x ^ (x >> 16);
}

// Small sequential generator for the choices of a scene.
struct Random {
    std::uint32_t state;

    // In [0, 1).
    TESSERA_PIXEL float next()
    {
        state = state * 747796405u + 2891336453u;
        std::uint32_t w = ((state >> ((state >> 28) + 4)) ^ state) * 277803737u;
        w = (w >> 22) ^ w;
        return static_cast<float>(w >> 8) * (1.f / 16777216.f);
    }
    TESSERA_PIXEL float range(float low, float high) { return low + (high - low) * next(); }
    TESSERA_PIXEL bool chance(float probability) { return next() < probability; }
    TESSERA_PIXEL int below(int count)
    {
        const int i = static_cast<int>(next() * static_cast<float>(count));
        return i < count ? i : count - 1;
    }
};

TESSERA_PIXEL inline std::int32_t floorToInt(float x)
{
    const auto i = static_cast<std::int32_t>(x);
    return i - (x < static_cast<float>(i));
}
TESSERA_PIXEL inline float toFloat(std::int32_t i)
{
    return static_cast<float>(i);
}
TESSERA_PIXEL inline float hashToFloat(std::uint32_t h)
{
    return static_cast<float>(h >> 8) * (1.f / 16777216.f);
}
TESSERA_PIXEL inline std::uint32_t asUnsigned(std::int32_t i)
{
    return static_cast<std::uint32_t>(i);
}

TESSERA_PIXEL inline float absolute(float x)
{
    return std::fabs(x);
}
TESSERA_PIXEL inline float squareRoot(float x)
{
    return std::sqrt(x);
}

#ifndef __CUDACC__ // a thread of a GPU is a lane of its own
using Float8 = float __attribute__((vector_size(32)));
using Int8 = std::int32_t __attribute__((vector_size(32)));
using Uint8 = std::uint32_t __attribute__((vector_size(32)));

inline Float8 toFloat(Int8 i)
{
    return __builtin_convertvector(i, Float8);
}
inline Int8 floorToInt(Float8 x)
{
    const Int8 i = __builtin_convertvector(x, Int8);
    return i + (x < toFloat(i)); // a true lane is -1
}
inline Float8 hashToFloat(Uint8 h)
{
    return toFloat((Int8)(h >> 8)) * (1.f / 16777216.f);
}
inline Uint8 asUnsigned(Int8 i)
{
    return (Uint8)i;
}
inline Float8 absolute(Float8 x)
{
    return x < 0.f ? -x : x;
}
inline Float8 squareRoot(Float8 x)
{
    Float8 y;
    for (int i = 0; i < 8; ++i)
        y[i] = std::sqrt(x[i]);
    return y;
}
#endif

// 32 random bits for a lattice point.
template<class I>
TESSERA_PIXEL inline auto latticeHash(I x, I y, std::uint32_t seed)
{
    auto h = asUnsigned(x) * 0x9E3779B1u ^ (asUnsigned(y) * 0x85EBCA77u + seed * 0xC2B2AE3Du);
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 12;
    h *= 0x297a2d39u;
    h ^= h >> 15;
    return h;
}

// Uniform in [0, 1) for a lattice point.
template<class I>
TESSERA_PIXEL inline auto latticeValue(I x, I y, std::uint32_t seed)
{
    return hashToFloat(latticeHash(x, y, seed));
}

// Value noise in [0, 1) with wavelength 1.
template<class F>
TESSERA_PIXEL inline F valueNoise(F x, F y, std::uint32_t seed)
{
    const auto ix = floorToInt(x), iy = floorToInt(y);
    const F fx = x - toFloat(ix), fy = y - toFloat(iy);
    const F u = fx * fx * (3.f - 2.f * fx), w = fy * fy * (3.f - 2.f * fy);
    const F a = latticeValue(ix, iy, seed), b = latticeValue(ix + 1, iy, seed);
    const F c = latticeValue(ix, iy + 1, seed), d = latticeValue(ix + 1, iy + 1, seed);
    return a + (b - a) * u + (c - a) * w + (a - b - c + d) * u * w;
}

// The same with its gradient (quintic fade: the gradient is smooth too).
template<class F>
TESSERA_PIXEL inline F valueNoise(F x, F y, std::uint32_t seed, F &dx, F &dy)
{
    const auto ix = floorToInt(x), iy = floorToInt(y);
    const F fx = x - toFloat(ix), fy = y - toFloat(iy);
    const F u = fx * fx * fx * (fx * (fx * 6.f - 15.f) + 10.f), w = fy * fy * fy * (fy * (fy * 6.f - 15.f) + 10.f);
    const F du = 30.f * fx * fx * (fx * (fx - 2.f) + 1.f), dw = 30.f * fy * fy * (fy * (fy - 2.f) + 1.f);
    const F a = latticeValue(ix, iy, seed), b = latticeValue(ix + 1, iy, seed);
    const F c = latticeValue(ix, iy + 1, seed), d = latticeValue(ix + 1, iy + 1, seed);
    const F k1 = b - a, k2 = c - a, k4 = a - b - c + d;
    dx = du * (k1 + k4 * w);
    dy = dw * (k2 + k4 * u);
    return a + k1 * u + k2 * w + k4 * u * w;
}

// Value noise in space.
template<class F>
TESSERA_PIXEL inline F valueNoise3(F x, F y, F z, std::uint32_t seed)
{
    const auto iy = floorToInt(y);
    const F fy = y - toFloat(iy), w = fy * fy * (3.f - 2.f * fy);
    // Each layer of the lattice is a plane of its own, far from the others.
    const auto row = floorToInt(z);
    const F fz = z - toFloat(row), v = fz * fz * (3.f - 2.f * fz);
    const auto ix = floorToInt(x);
    const F fx = x - toFloat(ix), u = fx * fx * (3.f - 2.f * fx);
    const auto corner = [&](int i, int j, int k) { return latticeValue(ix + i, (row + k) + (iy + j) * 4099, seed); };
    const auto edge = [&](int j, int k) {
        const F a = corner(0, j, k);
        return a + (corner(1, j, k) - a) * u;
    };
    const F low0 = edge(0, 0), low1 = edge(0, 1), high0 = edge(1, 0), high1 = edge(1, 1);
    const F low = low0 + (low1 - low0) * v, high = high0 + (high1 - high0) * v;
    return low + (high - low) * w;
}

// Turns and doubles the lattice between octaves, so that its axes do not show.
template<class F>
TESSERA_PIXEL inline void nextOctave(F &x, F &y)
{
    const F t = x;
    x = 1.6f * x + 1.2f * y;
    y = -1.2f * t + 1.6f * y;
}

// Sum of octaves, each half as strong and twice as fine. Mean near 0.5.
template<class F>
TESSERA_PIXEL inline F fractalNoise(F x, F y, int octaves, std::uint32_t seed)
{
    F sum = x * 0.f;
    float amplitude = .5f;
    for (int i = 0; i < octaves; ++i) {
        sum += amplitude * valueNoise(x, y, seed + static_cast<std::uint32_t>(i));
        nextOctave(x, y);
        amplitude *= .5f;
    }
    return sum;
}

} // namespace tessera::core
