// Vectors of eight: AVX2 with FMA.
#include <immintrin.h>

#include "core/sampling/cpu/avx2.h"

namespace tessera::core::cpu
{

namespace
{

struct Avx2 : Avx2Floats {
    // Bytes are widened to 16 bits first, because the instruction that multiplies bytes saturates the sum of two
    // products: inputs once for all outputs, weights once for all rows of a tile.
    template<int kRows>
    static void integerDots(const uint8_t *input, int64_t stride, const int8_t *weights, Stretch stretch, int32_t *dots)
    {
        alignas(32) int16_t wide[kRows * kInt8Stretch];
        for (int r = 0; r < kRows; ++r)
            widen(input + r * stride + stretch.from, stretch.to - stretch.from, wide + r * kInt8Stretch);
        constexpr int kVectors = kRows == 1 ? 4 : kRows == 2 ? 2 : 1; // two sums each
        for (int64_t first = 0; first < kPanel; first += kLanes * kVectors)
            tileDots<kRows, kVectors>(wide, weights + 4 * first, stretch, Ahead(weights, kPanel, first, stretch),
                                      dots + first);
    }

private:
    // `count`: a multiple of 4, as depths are.
    static void widen(const uint8_t *bytes, int64_t count, int16_t *out)
    {
        int64_t i = 0;
        for (; i + 16 <= count; i += 16) {
            const __m128i some = _mm_loadu_si128(reinterpret_cast<const __m128i *>(bytes + i));
            _mm256_store_si256(reinterpret_cast<__m256i *>(out + i), _mm256_cvtepu8_epi16(some));
        }
        for (; i < count; ++i)
            out[i] = bytes[i];
    }

    // A vector of sums holds two for each of four outputs.
    template<int kRows, int kVectors>
    static void tileDots(const int16_t *wide, const int8_t *weights, Stretch stretch, const Ahead &ahead, int32_t *dots)
    {
        __m256i low[kRows][kVectors], high[kRows][kVectors];
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v)
                low[r][v] = high[r][v] = _mm256_setzero_si256();
        for (int64_t k = stretch.from; k < stretch.to; k += 4) {
            const int8_t *row = weights + k * kPanel;
            ahead.ask<32 * kVectors, 4>(k);
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v) {
                const __m256i first = fourOutputs(row + 32 * v), second = fourOutputs(row + 32 * v + 16);
#pragma GCC unroll 8
                for (int r = 0; r < kRows; ++r) {
                    long long four;
                    __builtin_memcpy(&four, wide + r * kInt8Stretch + (k - stretch.from), sizeof four);
                    const __m256i x = _mm256_set1_epi64x(four);
                    low[r][v] = _mm256_add_epi32(low[r][v], _mm256_madd_epi16(first, x));
                    high[r][v] = _mm256_add_epi32(high[r][v], _mm256_madd_epi16(second, x));
                }
            }
        }
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v)
                put(low[r][v], high[r][v], stretch.from > 0, dots + r * kPanel + kLanes * v);
    }
    static __m256i fourOutputs(const int8_t *weights)
    {
        return _mm256_cvtepi8_epi16(_mm_load_si128(reinterpret_cast<const __m128i *>(weights)));
    }
    static void put(__m256i low, __m256i high, bool add, int32_t *dots)
    {
        // Neighbours are added within halves: outputs 0 1 4 5 2 3 6 7, put in order by pairs.
        __m256i sums = _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), _MM_SHUFFLE(3, 1, 2, 0));
        auto *out = reinterpret_cast<__m256i *>(dots);
        if (add)
            sums = _mm256_add_epi32(sums, _mm256_loadu_si256(out));
        _mm256_storeu_si256(out, sums);
    }
};

} // namespace

const Kernels &avx2Kernels()
{
    static constexpr Kernels kernels = [] {
        Kernels found = kernelsOf<Avx2>("avx2");
        found.int8Widens = true;
        return found;
    }();
    return kernels;
}

} // namespace tessera::core::cpu
