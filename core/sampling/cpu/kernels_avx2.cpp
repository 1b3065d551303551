// Vectors of eight: AVX2 with FMA.
#include <immintrin.h>

#include "core/sampling/cpu/avx2.h"

namespace tessera::core::cpu
{

namespace
{

struct Avx2 : Avx2Floats {
    // Bytes are widened to 16 bits first: the instruction that multiplies bytes saturates the sum of two products. A
    // vector holds two partial sums for each of four outputs.
    template<int kRows>
    static void integerDots(const uint8_t *input, int64_t stride, const int8_t *weights, Stretch stretch, int32_t *dots)
    {
        for (int64_t first = 0; first < kPanel; first += 8)
            for (int r = 0; r < kRows; ++r)
                eightDots(input + r * stride, weights + 4 * first, stretch, dots + r * kPanel + first);
    }

private:
    static void eightDots(const uint8_t *input, const int8_t *weights, Stretch stretch, int32_t *dots)
    {
        __m256i low = _mm256_setzero_si256(), high = _mm256_setzero_si256();
        for (int64_t k = stretch.from; k < stretch.to; k += 4) {
            const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(weights + k * kPanel));
            int32_t four;
            __builtin_memcpy(&four, input + k, sizeof four);
            const __m256i x = _mm256_cvtepu8_epi16(_mm_set1_epi32(four));
            low = _mm256_add_epi32(low, _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm256_castsi256_si128(bytes)), x));
            high =
                _mm256_add_epi32(high, _mm256_madd_epi16(_mm256_cvtepi8_epi16(_mm256_extracti128_si256(bytes, 1)), x));
        }
        // Neighbours are added within halves: outputs 0 1 4 5 2 3 6 7, put in order by pairs.
        __m256i sums = _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), _MM_SHUFFLE(3, 1, 2, 0));
        auto *out = reinterpret_cast<__m256i *>(dots);
        if (stretch.from > 0)
            sums = _mm256_add_epi32(sums, _mm256_loadu_si256(out));
        _mm256_storeu_si256(out, sums);
    }
};

} // namespace

const Kernels &avx2Kernels()
{
    static constexpr Kernels kernels = kernelsOf<Avx2>("avx2");
    return kernels;
}

} // namespace tessera::core::cpu
