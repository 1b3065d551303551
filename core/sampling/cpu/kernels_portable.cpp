// Vectors of four in the compiler's own notation: SSE2 on any x86-64, NEON on ARM.
#include "core/sampling/cpu/kernelloops.h"

namespace tessera::core::cpu
{

namespace
{

struct Portable {
    using Floats = float __attribute__((vector_size(16)));
    using Words = uint32_t __attribute__((vector_size(16)));
    static constexpr int kLanes = 4, kRegisters = 16;

    static Floats zero() { return Floats{}; }
    static Floats broadcast(float value) { return Floats{value, value, value, value}; }
    static Floats load(const float *from)
    {
        Floats values;
        __builtin_memcpy(&values, from, sizeof values);
        return values;
    }
    static void store(float *to, Floats values) { __builtin_memcpy(to, &values, sizeof values); }
    static Floats add(Floats a, Floats b) { return a + b; }
    static Floats subtract(Floats a, Floats b) { return a - b; }
    static Floats multiply(Floats a, Floats b) { return a * b; }
    static Floats divide(Floats a, Floats b) { return a / b; }
    static Floats fma(Floats a, Floats b, Floats c) { return a * b + c; } // rounds twice
    static Floats least(Floats a, Floats b) { return a < b ? a : b; }
    static Floats greatest(Floats a, Floats b) { return a > b ? a : b; }
    static Floats scaled(Floats values, Floats power) { return Floats(Words(values) + (Words(power) << 23)); }

    static void storeBytes(uint8_t *to, Floats values)
    {
        const Words whole = Words(values + broadcast(kMagic));
        for (int i = 0; i < kLanes; ++i)
            to[i] = uint8_t(whole[i]);
    }

    static Words loadWords(const uint16_t *from)
    {
        Words words;
        __builtin_memcpy(&words, from, sizeof words);
        return words;
    }
    static Floats pairsLow(Words words) { return Floats(words << 16); }
    static Floats pairsHigh(Words words) { return Floats(words & 0xFFFF0000u); }
    static Floats fromInts(const int32_t *from)
    {
        return Floats{float(from[0]), float(from[1]), float(from[2]), float(from[3])};
    }

    template<int kRows>
    static void integerDots(const uint8_t *input, int64_t stride, const int8_t *weights, Stretch stretch, int32_t *dots)
    {
        for (int64_t i = 0; i < kRows * kPanel && stretch.from == 0; ++i)
            dots[i] = 0;
        for (int64_t k = stretch.from; k < stretch.to; k += 4) {
            const int8_t *four = weights + k * kPanel;
            for (int r = 0; r < kRows; ++r) {
                const uint8_t *x = input + r * stride + k;
                for (int64_t n = 0; n < kPanel; ++n)
                    dots[r * kPanel + n] +=
                        x[0] * four[4 * n] + x[1] * four[4 * n + 1] + x[2] * four[4 * n + 2] + x[3] * four[4 * n + 3];
            }
        }
    }
};

} // namespace

const Kernels &portableKernels()
{
    static constexpr Kernels kernels = kernelsOf<Portable>("portable");
    return kernels;
}

} // namespace tessera::core::cpu
