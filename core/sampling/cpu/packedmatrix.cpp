#include "core/sampling/cpu/packedmatrix.h"

#include <algorithm>
#include <cmath>

namespace tessera::core::cpu
{

namespace
{

constexpr int64_t kInt8Step = 4; // depth that one 32-bit lane takes

int64_t bytesOfPanel(WeightFormat format, int64_t depth)
{
    switch (format) {
    case WeightFormat::Float32:
        return depth * kPanel * int64_t(sizeof(float));
    case WeightFormat::BFloat16:
        return depth * kPanel * int64_t(sizeof(uint16_t));
    case WeightFormat::Int8:
        break;
    }
    return roundedUp(depth, kInt8Step) * kPanel;
}

template<typename T, typename Put>
void pack(const float *rows, int64_t count, int64_t depth, std::byte *panel, Put put)
{
    T *out = reinterpret_cast<T *>(panel);
    for (int64_t k = 0; k < depth; ++k)
        for (int64_t n = 0; n < count; ++n)
            put(out + k * kPanel, n, rows[n * depth + k]);
}

} // namespace

PackedMatrix::PackedMatrix(std::span<const LayerWeights> layers, int64_t depth, WeightFormat format, WeightArena &arena)
    : m_format(format)
    , m_depth(depth)
    , m_panelBytes(bytesOfPanel(format, depth))
{
    for (const LayerWeights &layer : layers)
        m_panels += roundedUp(layer.outputs, kPanel) / kPanel;
    std::byte *weights = arena.take(m_panels * m_panelBytes);
    m_weights = weights;
    m_bias.reserve(m_panels * kPanel);
    if (format == WeightFormat::Int8) {
        m_scales.reserve(m_panels * kPanel);
        m_sums.reserve(m_panels * kPanel);
    }
    int64_t panel = 0;
    for (const LayerWeights &layer : layers)
        for (int64_t first = 0; first < layer.outputs; first += kPanel, ++panel)
            packPanel(layer, first, panel, weights + panel * m_panelBytes);
}

void PackedMatrix::packPanel(const LayerWeights &layer, int64_t firstOutput, int64_t panel, std::byte *out)
{
    const int64_t count = std::min(kPanel, layer.outputs - firstOutput);
    const float *rows = layer.weights + firstOutput * m_depth;
    if (layer.bias)
        std::copy_n(layer.bias + firstOutput, count, m_bias.data() + panel * kPanel);
    switch (m_format) {
    case WeightFormat::Float32:
        pack<float>(rows, count, m_depth, out, [](float *row, int64_t n, float weight) { row[n] = weight; });
        break;
    case WeightFormat::BFloat16:
        pack<uint16_t>(rows, count, m_depth, out,
                       [](uint16_t *row, int64_t n, float weight) { row[pairPlace(n)] = bfloat16Of(weight); });
        break;
    case WeightFormat::Int8:
        packInt8(rows, count, panel, out);
        break;
    }
}

// Symmetric, so that the greatest weight of an output becomes 127. A row with NaN or infinity gets the scale NaN: what
// it computes must not look sound.
void PackedMatrix::packInt8(const float *rows, int64_t count, int64_t panel, std::byte *out)
{
    auto *values = reinterpret_cast<int8_t *>(out);
    for (int64_t n = 0; n < count; ++n) {
        const float *row = rows + n * m_depth;
        float greatest = 0, broken = 0;
        for (int64_t k = 0; k < m_depth; ++k) {
            greatest = std::max(greatest, std::abs(row[k]));
            broken += row[k] * 0.0f;
        }
        const float inverse = greatest > 0 && broken == 0 ? 127.0f / greatest : 0.0f;
        m_scales.data()[panel * kPanel + n] = greatest / 127.0f + broken;
        int32_t sum = 0;
        for (int64_t k = 0; k < m_depth; ++k) {
            const int32_t value = inverse > 0 ? int32_t(std::lrint(row[k] * inverse)) : 0;
            values[k / kInt8Step * kInt8Step * kPanel + n * kInt8Step + k % kInt8Step] = int8_t(value);
            sum += value;
        }
        m_sums.data()[panel * kPanel + n] = sum;
    }
}

void PackedMatrix::describe(int64_t panel, PanelTask &task) const
{
    task.depth = m_format == WeightFormat::Int8 ? roundedUp(m_depth, kInt8Step) : m_depth;
    task.weights = m_weights + panel * m_panelBytes;
    task.bias = m_bias.data() + panel * kPanel;
    if (m_format == WeightFormat::Int8) {
        task.weightScales = m_scales.data() + panel * kPanel;
        task.weightSums = m_sums.data() + panel * kPanel;
    }
}

} // namespace tessera::core::cpu
