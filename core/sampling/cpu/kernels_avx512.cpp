// Vectors of sixteen: AVX-512 F, BW, VL, DQ, and VNNI in the int8 product.
#include "core/sampling/cpu/avx512.h"

namespace tessera::core::cpu
{

namespace
{

struct Avx512 : Avx512Floats {
    template<int kRows>
    static void integerDots(const uint8_t *input, int64_t stride, const int8_t *weights, Stretch stretch, int32_t *dots)
    {
        constexpr int kVectors = 4;
        const Ahead ahead(weights, kPanel, 0, stretch);
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
            ahead.ask<64 * kVectors, 4>(k);
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
