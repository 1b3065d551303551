// Weights of a product, laid out for kernels.h.
#pragma once

#include <bit>
#include <cstddef>
#include <span>

#include "core/sampling/cpu/alignedbuffer.h"
#include "core/sampling/cpu/kernels.h"
#include "core/sampling/cpu/weightarena.h"

namespace tessera::core::cpu
{

// A layer y = W x + b as it comes: W row-major [outputs, depth], b [outputs] or null.
struct LayerWeights {
    const float *weights = nullptr;
    const float *bias = nullptr;
    int64_t outputs = 0;
};

// One or several layers that share their input, packed in panels of 64 outputs. Each layer starts at a panel of its
// own; the outputs that fill up its last panel are zero. Constant after construction; the weights are the arena's.
class PackedMatrix
{
public:
    PackedMatrix() = default;
    // Throws std::bad_alloc.
    PackedMatrix(std::span<const LayerWeights> layers, int64_t depth, WeightFormat format, WeightArena &arena);

    int64_t depth() const { return m_depth; }
    int64_t panels() const { return m_panels; }
    int64_t paddedOutputs() const { return m_panels * kPanel; }
    int64_t bytes() const { return m_panels * m_panelBytes; } // of the weights

    // Fills in all that belongs to the weights.
    void describe(int64_t panel, PanelTask &task) const;

private:
    void packPanel(const LayerWeights &layer, int64_t firstOutput, int64_t panel, std::byte *out);
    void packInt8(const float *rows, int64_t count, int64_t panel, std::byte *out);

    WeightFormat m_format = WeightFormat::Float32;
    int64_t m_depth = 0;
    int64_t m_panels = 0;
    int64_t m_panelBytes = 0;
    const std::byte *m_weights = nullptr;
    AlignedBuffer<float> m_bias;
    AlignedBuffer<float> m_scales; // Int8
    AlignedBuffer<int32_t> m_sums; // Int8
};

// Nearest bfloat16, ties to even; NaN stays NaN.
inline uint16_t bfloat16Of(float value)
{
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    if ((bits & 0x7FFFFFFF) > 0x7F800000)
        return 0x7FC0;
    return uint16_t((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// Place of value n in a row of bfloat16 pairs.
constexpr int64_t pairPlace(int64_t n)
{
    const int64_t within = n % 32;
    return n - within + within % 16 * 2 + within / 16;
}

} // namespace tessera::core::cpu
