// What kernels.h does to rows of numbers, written once over a set of vector instructions (`Isa`). Local to the
// including file, for the reason given in kernelloops.h.
//
// Isa offers: Floats (kLanes of them), kRegisters (of vectors), zero, broadcast, load, store, add,
// subtract, multiply, divide, fma (a b + c), least and greatest (the second argument when one is NaN), scaled (a times
// 2^n, n in the low bits of the other argument's pattern), storeBytes (rounded to the nearest; values in 0..255),
// loadWords, pairsLow and pairsHigh (the two bfloat16 of each word), fromInts, and integerDots, which adds a stretch of
// an int8 panel to [rows][64] sums, or begins them with the first stretch.
#pragma once

#include <cstdint>

namespace tessera::core::cpu
{

namespace
{

constexpr float kMagic = 12582912.0f; // 1.5 * 2^23: added, it rounds to a whole number in the low bits

// exp(x), relative error below 2e-7; x is clamped to where the result is a normal number.
template<typename Isa>
typename Isa::Floats exponential(typename Isa::Floats x)
{
    using Floats = typename Isa::Floats;
    constexpr float kLog2E = 1.44269504f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
    // Of a number and NaN the second is taken: NaN stays NaN.
    x = Isa::least(Isa::broadcast(88.0f), Isa::greatest(Isa::broadcast(-87.0f), x));
    const Floats power = Isa::fma(x, Isa::broadcast(kLog2E), Isa::broadcast(kMagic));
    const Floats whole = Isa::subtract(power, Isa::broadcast(kMagic));
    Floats rest = Isa::fma(whole, Isa::broadcast(-kLn2High), x);
    rest = Isa::fma(whole, Isa::broadcast(-kLn2Low), rest); // |rest| <= ln 2 / 2
    Floats y = Isa::broadcast(1.0f / 5040);
    for (const float term : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f})
        y = Isa::fma(y, rest, Isa::broadcast(term));
    return Isa::scaled(y, power);
}

// x times the normal distribution function, which is half of erfc(-x / sqrt 2). Abramowitz and Stegun, 7.1.26: the
// error of erf is below 1.5e-7.
template<typename Isa>
typename Isa::Floats gelu(typename Isa::Floats x)
{
    using Floats = typename Isa::Floats;
    const Floats negative = Isa::subtract(Isa::zero(), x);
    const Floats z = Isa::multiply(Isa::greatest(x, negative), Isa::broadcast(0.70710678f));
    const Floats t = Isa::divide(Isa::broadcast(1.0f), Isa::fma(z, Isa::broadcast(0.3275911f), Isa::broadcast(1.0f)));
    Floats tail = Isa::broadcast(0.5f * 1.061405429f); // halved: erfc / 2
    for (const float term : {-1.453152027f, 1.421413741f, -0.284496736f, 0.254829592f})
        tail = Isa::fma(tail, t, Isa::broadcast(0.5f * term));
    tail = Isa::multiply(tail, t);
    tail = Isa::multiply(tail, exponential<Isa>(Isa::multiply(z, Isa::subtract(Isa::zero(), z))));
    // Positive x: x - x tail; negative x: x tail.
    const Floats size = Isa::multiply(Isa::greatest(x, negative), tail);
    return Isa::subtract(Isa::greatest(x, Isa::zero()), size);
}

template<typename Isa>
float sumOf(typename Isa::Floats values)
{
    float lanes[Isa::kLanes];
    Isa::store(lanes, values);
    float sum = 0;
    for (const float lane : lanes)
        sum += lane;
    return sum;
}

template<typename Isa>
float greatestOf(typename Isa::Floats values)
{
    float lanes[Isa::kLanes];
    Isa::store(lanes, values);
    float greatest = lanes[0];
    for (const float lane : lanes)
        greatest = lane > greatest ? lane : greatest;
    return greatest;
}

template<typename Isa>
void softmax(float *scores, int64_t count, int64_t padded, float scale)
{
    constexpr float kLow = -3e38f;
    const int64_t used = (count + Isa::kLanes - 1) / Isa::kLanes * Isa::kLanes;
    for (int64_t i = count; i < used; ++i)
        scores[i] = kLow;
    typename Isa::Floats greatest = Isa::load(scores), sum = Isa::zero();
    for (int64_t i = Isa::kLanes; i < used; i += Isa::kLanes)
        greatest = Isa::greatest(greatest, Isa::load(scores + i));
    const float top = greatestOf<Isa>(greatest);
    const typename Isa::Floats factor = Isa::broadcast(scale), offset = Isa::broadcast(-top * scale);
    for (int64_t i = 0; i < used; i += Isa::kLanes) {
        const auto value = exponential<Isa>(Isa::fma(Isa::load(scores + i), factor, offset));
        sum = Isa::add(sum, value);
        Isa::store(scores + i, value);
    }
    const typename Isa::Floats share = Isa::broadcast(1.0f / sumOf<Isa>(sum));
    for (int64_t i = 0; i < used; i += Isa::kLanes)
        Isa::store(scores + i, Isa::multiply(Isa::load(scores + i), share));
    for (int64_t i = count; i < padded; ++i)
        scores[i] = 0;
}

template<typename Isa>
void layerNorm(const float *x, const float *weight, const float *bias, int64_t width, float *out)
{
    constexpr float kEpsilon = 1e-5f;
    const int64_t whole = width / Isa::kLanes * Isa::kLanes;
    typename Isa::Floats sums = Isa::zero(), squares = Isa::zero();
    for (int64_t i = 0; i < whole; i += Isa::kLanes)
        sums = Isa::add(sums, Isa::load(x + i));
    float sum = sumOf<Isa>(sums);
    for (int64_t i = whole; i < width; ++i)
        sum += x[i];
    const float mean = sum / float(width);
    for (int64_t i = 0; i < whole; i += Isa::kLanes) {
        const auto away = Isa::subtract(Isa::load(x + i), Isa::broadcast(mean));
        squares = Isa::fma(away, away, squares);
    }
    float square = sumOf<Isa>(squares);
    for (int64_t i = whole; i < width; ++i)
        square += (x[i] - mean) * (x[i] - mean);
    const float share = 1.0f / __builtin_sqrtf(square / float(width) + kEpsilon);
    for (int64_t i = 0; i < whole; i += Isa::kLanes) {
        const auto away = Isa::multiply(Isa::subtract(Isa::load(x + i), Isa::broadcast(mean)), Isa::broadcast(share));
        Isa::store(out + i, Isa::fma(away, Isa::load(weight + i), Isa::load(bias + i)));
    }
    for (int64_t i = whole; i < width; ++i)
        out[i] = (x[i] - mean) * share * weight[i] + bias[i];
}

struct Range {
    float least = 0, greatest = 0; // zero included
    float broken = 0;              // NaN when a value is not finite
};

template<typename Isa>
Range rangeOf(const float *x, int64_t width)
{
    typename Isa::Floats greatest = Isa::zero(), lowest = Isa::zero(), broken = Isa::zero();
    const int64_t whole = width / Isa::kLanes * Isa::kLanes;
    for (int64_t i = 0; i < whole; i += Isa::kLanes) {
        const auto value = Isa::load(x + i);
        greatest = Isa::greatest(value, greatest);
        lowest = Isa::greatest(Isa::subtract(Isa::zero(), value), lowest);
        broken = Isa::fma(value, Isa::zero(), broken);
    }
    Range range{-greatestOf<Isa>(lowest), greatestOf<Isa>(greatest), sumOf<Isa>(broken)};
    for (int64_t i = whole; i < width; ++i) {
        range.greatest = x[i] > range.greatest ? x[i] : range.greatest;
        range.least = x[i] < range.least ? x[i] : range.least;
        range.broken += x[i] * 0.0f;
    }
    return range;
}

template<typename Isa>
void quantise(const float *x, int64_t width, uint8_t *out, float *scale, int32_t *zero)
{
    const Range range = rangeOf<Isa>(x, width);
    const float extent = range.greatest - range.least;
    const float inverse = extent > 0 ? 255.0f / extent : 0.0f;
    *scale = (extent > 0 ? extent / 255.0f : 1.0f) + range.broken;
    *zero = int32_t(-range.least * inverse + 0.5f);
    const auto factor = Isa::broadcast(inverse), offset = Isa::broadcast(float(*zero)), top = Isa::broadcast(255.0f);
    const auto rounded = [&](const float *from) {
        return Isa::least(top, Isa::greatest(Isa::zero(), Isa::fma(Isa::load(from), factor, offset)));
    };
    const int64_t whole = width / Isa::kLanes * Isa::kLanes;
    for (int64_t i = 0; i < whole; i += Isa::kLanes)
        Isa::storeBytes(out + i, rounded(x + i));
    if (whole < width) {
        float rest[Isa::kLanes] = {};
        uint8_t bytes[Isa::kLanes];
        for (int64_t i = whole; i < width; ++i)
            rest[i - whole] = x[i];
        Isa::storeBytes(bytes, rounded(rest));
        for (int64_t i = whole; i < width; ++i)
            out[i] = bytes[i - whole];
    }
}

} // namespace

} // namespace tessera::core::cpu
