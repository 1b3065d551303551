// Vectors of sixteen for kernelloops.h: AVX-512 F, BW, VL, DQ. Included only by files compiled for these.
#pragma once

#include <immintrin.h>

#include "core/sampling/cpu/kernelloops.h"

namespace tessera::core::cpu
{

namespace
{

struct Avx512Floats {
    using Floats = __m512;
    using Words = __m512i;
    static constexpr int kLanes = 16, kRegisters = 32;

    static Floats zero() { return _mm512_setzero_ps(); }
    static Floats broadcast(float value) { return _mm512_set1_ps(value); }
    static Floats load(const float *from) { return _mm512_loadu_ps(from); }
    static void store(float *to, Floats values) { _mm512_storeu_ps(to, values); }
    static Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
    static Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
    static Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
    static Floats divide(Floats a, Floats b) { return _mm512_div_ps(a, b); }
    static Floats fma(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
    static Floats least(Floats a, Floats b) { return _mm512_min_ps(a, b); }
    static Floats greatest(Floats a, Floats b) { return _mm512_max_ps(a, b); }
    static Floats scaled(Floats values, Floats power)
    {
        const __m512i exponent = _mm512_slli_epi32(_mm512_castps_si512(power), 23);
        return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(values), exponent));
    }

    static void storeBytes(uint8_t *to, Floats values)
    {
        _mm_storeu_si128(reinterpret_cast<__m128i *>(to), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(values)));
    }

    static Words loadWords(const uint16_t *from) { return _mm512_loadu_si512(from); }
    static Floats pairsLow(Words words) { return _mm512_castsi512_ps(_mm512_slli_epi32(words, 16)); }
    static Floats pairsHigh(Words words)
    {
        return _mm512_castsi512_ps(_mm512_and_si512(words, _mm512_set1_epi32(int(0xFFFF0000u))));
    }
    static Floats fromInts(const int32_t *from) { return _mm512_cvtepi32_ps(_mm512_loadu_si512(from)); }
};

} // namespace

} // namespace tessera::core::cpu
