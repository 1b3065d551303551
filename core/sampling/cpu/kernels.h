// The inner loops of the CPU engine: plain pointers in, plain pointers out. One table of functions for each set of
// instructions, chosen at run time; the files that implement them are the only ones compiled for those instructions.
//
// Every sum over the depth of a product runs in order, one accumulator for each result, so that a row's result has the
// same bits however many rows share the call.
#pragma once

#include <cstdint>
#include <vector>

namespace tessera::core::cpu
{

inline constexpr int64_t kPanel = 64;     // outputs of one panel of packed weights
inline constexpr int64_t kLaneGroup = 32; // what the widths of small products are padded to
inline constexpr int64_t kTileRows = 6;   // rows whose accumulators fit the registers
inline constexpr int64_t kMostRows = 48;  // of one call for a panel: what they need stays in the first cache

enum class WeightFormat {
    Float32,
    BFloat16, // stored so; products and sums are float32
    Int8,     // one scale an output; inputs are uint8 with a scale and a zero point a row, sums are int32
};

enum class Finish {
    Store, // out = y
    Gelu,  // out = gelu(y), the exact one (erf)
    Add,   // out += y
};

// y[r][n] = sum_k input[r][k] weights[k][n] + bias[n] for the 64 outputs of one panel, then `finish`.
//
// Panels: Float32 [depth][64]. BFloat16 [depth][2][16] pairs: the word of outputs n and n + 16 of 32 holds n below.
// Int8 [depth / 4][64][4], depth a multiple of 4 by zeros. All aligned to 64 bytes.
struct PanelTask {
    const void *input = nullptr; // [rows][inputStride]: float32, or uint8 for Int8
    int64_t inputStride = 0;     // elements
    int64_t rows = 0;            // at most kMostRows
    int64_t depth = 0;
    const void *weights = nullptr;
    const float *bias = nullptr; // [64]
    float *out = nullptr;        // [rows][outStride]
    int64_t outStride = 0;
    Finish finish = Finish::Store;
    // Int8 alone: real value = scale * (stored - zero).
    const float *inputScales = nullptr;  // [rows]
    const int32_t *inputZeros = nullptr; // [rows]
    const float *weightScales = nullptr; // [64]
    const int32_t *weightSums = nullptr; // [64], over the depth
};

// out[r][n] = sum_k left[r][k] right[k][n]; `width` a multiple of 32. Right is float32, or bfloat16 in the pairs of
// panels.
struct SmallProduct {
    const float *left = nullptr;
    int64_t leftStride = 0;
    int64_t rows = 0;
    int64_t depth = 0;
    const void *right = nullptr;
    int64_t rightStride = 0; // elements
    int64_t width = 0;
    float *out = nullptr;
    int64_t outStride = 0;
};

struct Kernels {
    const char *name = "";
    void (*float32Panel)(const PanelTask &task) = nullptr;
    void (*bfloat16Panel)(const PanelTask &task) = nullptr;
    void (*int8Panel)(const PanelTask &task) = nullptr;
    void (*float32Product)(const SmallProduct &product) = nullptr;
    void (*bfloat16Product)(const SmallProduct &product) = nullptr;
    // In place: softmax of scale * scores[0, count), zeros from there to `padded` (count at least 1; padded a multiple
    // of 16, no less than count and within the array).
    void (*softmax)(float *scores, int64_t count, int64_t padded, float scale) = nullptr;
    // Eps 1e-5, as everywhere in these transformers.
    void (*layerNorm)(const float *x, const float *weight, const float *bias, int64_t width, float *out) = nullptr;
    // uint8 over the row's whole range, zero included. A row that holds NaN or infinity gets the scale NaN.
    void (*quantise)(const float *x, int64_t width, uint8_t *out, float *scale, int32_t *zero) = nullptr;
    bool int8Tiles = false;  // int8Panel takes up to sixteen rows for little more than one costs
    bool int8Widens = false; // int8Panel multiplies 16 bits at a time: rows cost nearly what they do in float32
};

// Those that this machine can run, the fastest first; "portable" is always the last.
const std::vector<Kernels> &usableKernels();

// For the choice above alone; only where they are compiled, see kernelchoice.cpp.
const Kernels &portableKernels();
const Kernels &avx2Kernels();
const Kernels &avx512Kernels();               // AVX-512 F, BW, VL, DQ; int8 needs VNNI as well
void avxVnniInt8Panel(const PanelTask &task); // AVX2 and AVX-VNNI
void amxInt8Panel(const PanelTask &task);     // AMX, and AVX-512 with VNNI

} // namespace tessera::core::cpu
