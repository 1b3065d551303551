// What the files for AVX2 and for AVX-VNNI share; local to each of them, see kernelloops.h.
#pragma once

#include <immintrin.h>

#include "core/sampling/cpu/kernelloops.h"

namespace tessera::core::cpu
{

namespace
{

struct Avx2Floats {
    using Floats = __m256;
    using Words = __m256i;
    static constexpr int kLanes = 8, kRegisters = 16;

    static Floats zero() { return _mm256_setzero_ps(); }
    static Floats broadcast(float value) { return _mm256_set1_ps(value); }
    static Floats load(const float *from) { return _mm256_loadu_ps(from); }
    static void store(float *to, Floats values) { _mm256_storeu_ps(to, values); }
    static Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
    static Floats subtract(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
    static Floats multiply(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
    static Floats divide(Floats a, Floats b) { return _mm256_div_ps(a, b); }
    static Floats fma(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
    static Floats least(Floats a, Floats b) { return _mm256_min_ps(a, b); }
    static Floats greatest(Floats a, Floats b) { return _mm256_max_ps(a, b); }
    static Floats scaled(Floats values, Floats power)
    {
        const __m256i exponent = _mm256_slli_epi32(_mm256_castps_si256(power), 23);
        return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(values), exponent));
    }

    static void storeBytes(uint8_t *to, Floats values)
    {
        const __m256i ints = _mm256_cvtps_epi32(values);
        const __m128i shorts = _mm_packus_epi32(_mm256_castsi256_si128(ints), _mm256_extracti128_si256(ints, 1));
        _mm_storel_epi64(reinterpret_cast<__m128i *>(to), _mm_packus_epi16(shorts, shorts));
    }

    static Words loadWords(const uint16_t *from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i *>(from)); }
    static Floats pairsLow(Words words) { return _mm256_castsi256_ps(_mm256_slli_epi32(words, 16)); }
    static Floats pairsHigh(Words words)
    {
        return _mm256_castsi256_ps(_mm256_and_si256(words, _mm256_set1_epi32(int(0xFFFF0000u))));
    }
    static Floats fromInts(const int32_t *from)
    {
        return _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(from)));
    }
};

} // namespace

} // namespace tessera::core::cpu
