// The int8 product alone, for processors with AVX2 and the VEX form of VNNI but without AVX-512.
#include <immintrin.h>

#include "core/sampling/cpu/avx2.h"

namespace tessera::core::cpu
{

namespace
{

struct AvxVnni : Avx2Floats {
    template<int kRows>
    static void integerDots(const uint8_t *input, int64_t stride, const int8_t *weights, Stretch stretch, int32_t *dots)
    {
        for (int64_t first = 0; first < kPanel; first += 16)
            sixteenDots<kRows>(input, stride, weights + 4 * first, stretch, Ahead(weights, kPanel, first, stretch),
                               dots + first);
    }

private:
    template<int kRows>
    static void sixteenDots(const uint8_t *input, int64_t stride, const int8_t *weights, Stretch stretch,
                            const Ahead &ahead, int32_t *dots)
    {
        __m256i sums[kRows][2];
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
            for (int v = 0; v < 2; ++v) {
                const auto *from = reinterpret_cast<const __m256i *>(dots + r * kPanel + 8 * v);
                sums[r][v] = stretch.from > 0 ? _mm256_loadu_si256(from) : _mm256_setzero_si256();
            }
        for (int64_t k = stretch.from; k < stretch.to; k += 4) {
            const auto *from = reinterpret_cast<const __m256i *>(weights + k * kPanel);
            const __m256i low = _mm256_loadu_si256(from), high = _mm256_loadu_si256(from + 1);
            ahead.ask<64, 4>(k);
#pragma GCC unroll 8
            for (int r = 0; r < kRows; ++r) {
                int32_t four;
                __builtin_memcpy(&four, input + r * stride + k, sizeof four);
                const __m256i x = _mm256_set1_epi32(four);
                sums[r][0] = _mm256_dpbusd_avx_epi32(sums[r][0], x, low);
                sums[r][1] = _mm256_dpbusd_avx_epi32(sums[r][1], x, high);
            }
        }
        for (int r = 0; r < kRows; ++r)
            for (int v = 0; v < 2; ++v)
                _mm256_storeu_si256(reinterpret_cast<__m256i *>(dots + r * kPanel + 8 * v), sums[r][v]);
    }
};

} // namespace

void avxVnniInt8Panel(const PanelTask &task)
{
    int8Panel<AvxVnni>(task);
}

} // namespace tessera::core::cpu
