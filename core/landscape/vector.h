#pragma once

#include "core/landscape/pixelcode.h"

#include <algorithm>
#include <cmath>

// Small vector and blending helpers of the landscape generator. Lengths are kilometres, y points up.
namespace tessera::core
{

inline constexpr float kPi = 3.14159265f;

struct Vec3 {
    float x = 0;
    float y = 0;
    float z = 0;
};

inline constexpr Vec3 grey(float a)
{
    return {a, a, a};
}
inline constexpr Vec3 operator+(Vec3 a, Vec3 b)
{
    return {a.x + b.x, a.y + b.y, a.z + b.z};
}
inline constexpr Vec3 operator-(Vec3 a, Vec3 b)
{
    return {a.x - b.x, a.y - b.y, a.z - b.z};
}
inline constexpr Vec3 operator*(Vec3 a, Vec3 b)
{
    return {a.x * b.x, a.y * b.y, a.z * b.z};
}
inline constexpr Vec3 operator*(Vec3 a, float s)
{
    return {a.x * s, a.y * s, a.z * s};
}
inline constexpr Vec3 operator*(float s, Vec3 a)
{
    return a * s;
}
inline constexpr float dot(Vec3 a, Vec3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
TESSERA_PIXEL inline float length(Vec3 a)
{
    return std::sqrt(dot(a, a));
}
TESSERA_PIXEL inline Vec3 normalize(Vec3 a)
{
    return a * (1.f / length(a));
}
TESSERA_PIXEL inline Vec3 exp(Vec3 a)
{
    return {std::exp(a.x), std::exp(a.y), std::exp(a.z)};
}
inline constexpr float luminance(Vec3 a)
{
    return dot(a, {.30f, .59f, .11f});
}

inline constexpr float mix(float a, float b, float t)
{
    return a + (b - a) * t;
}
inline constexpr Vec3 mix(Vec3 a, Vec3 b, float t)
{
    return a + (b - a) * t;
}

// Clamp to [0, 1] and the smooth step between two edges (which may be given in falling order), for a number
// or for eight lanes at once.
template<class F>
TESSERA_PIXEL inline F saturate(F x)
{
    x = x < 0.f ? x * 0.f : x;
    return x > 1.f ? x * 0.f + 1.f : x;
}

#ifdef __CUDACC__
template<>
TESSERA_PIXEL inline float saturate<float>(float x)
{
    return __saturatef(x); // one instruction, and no NaN comes out of it
}
#endif

template<class F>
TESSERA_PIXEL inline F smoothStep(float a, float b, F x)
{
    const F t = saturate<F>((x - a) * (1.f / (b - a)));
    return t * t * (3.f - 2.f * t);
}

} // namespace tessera::core
