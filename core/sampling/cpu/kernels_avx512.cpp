// Vectors of sixteen: AVX-512 F, BW, VL, DQ, and VNNI in the int8 product.
#include <immintrin.h>

#include "core/sampling/cpu/kernelloops.h"

namespace tessera::core::cpu
{

namespace
{

struct Avx512 {
    using Floats = __m512;
    using Words = __m512i;
    static constexpr int kLanes = 16, kAccumulators = 24;

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

    template<int kRows>
    static void integerDots(const uint8_t *input, int64_t stride, const int8_t *weights, Stretch stretch, int32_t *dots)
    {
        constexpr int kVectors = 4;
        __m512i sums[kRows][kVectors];
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v)
                sums[r][v] = stretch.from > 0 ? _mm512_loadu_si512(dots + r * kPanel + 16 * v) : _mm512_setzero_si512();
        for (int64_t k = stretch.from; k < stretch.to; k += 4) {
            __m512i bytes[kVectors];
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v)
                bytes[v] = _mm512_loadu_si512(weights + k * kPanel + 64 * v);
            if (k >= stretch.aheadFrom && k < stretch.aheadTo)
#pragma GCC unroll 8
                for (int v = 0; v < kVectors; ++v)
                    __builtin_prefetch(weights + k * kPanel + kStretchBytes + 64 * v);
#pragma GCC unroll 8
            for (int r = 0; r < kRows; ++r) {
                int32_t four;
                __builtin_memcpy(&four, input + r * stride + k, sizeof four);
                const __m512i x = _mm512_set1_epi32(four);
#pragma GCC unroll 8
                for (int v = 0; v < kVectors; ++v)
                    sums[r][v] = _mm512_dpbusd_epi32(sums[r][v], x, bytes[v]);
            }
        }
        for (int r = 0; r < kRows; ++r)
            for (int v = 0; v < kVectors; ++v)
                _mm512_storeu_si512(dots + r * kPanel + 16 * v, sums[r][v]);
    }
};

} // namespace

const Kernels &avx512Kernels()
{
    static constexpr Kernels kernels = kernelsOf<Avx512>("avx512");
    return kernels;
}

} // namespace tessera::core::cpu
