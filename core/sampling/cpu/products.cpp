#include "core/sampling/cpu/products.h"

#include <algorithm>

namespace tessera::core::cpu
{

namespace
{

auto panelFunction(const Kernels &kernels, WeightFormat format)
{
    switch (format) {
    case WeightFormat::Float32:
        return kernels.float32Panel;
    case WeightFormat::BFloat16:
        return kernels.bfloat16Panel;
    case WeightFormat::Int8:
        break;
    }
    return kernels.int8Panel;
}

} // namespace

Products::Products(const Kernels &kernels, WeightFormat format, int64_t widest, int threads)
    : m_kernels(kernels)
    , m_format(format)
    , m_byteStride(roundedUp(widest, kPanel) + kPanel)
    , m_pool(threads)
{}

void Products::reserve(int64_t rows)
{
    if (m_format != WeightFormat::Int8)
        return;
    m_bytes.reserve(rows * m_byteStride);
    m_scales.reserve(rows);
    m_zeros.reserve(rows);
}

void Products::free()
{
    m_bytes = {};
    m_scales = {};
    m_zeros = {};
}

// What follows a row's last value in its four bytes is multiplied by zero weights.
void Products::quantise(const Rows &input, int64_t rows, int64_t width)
{
    constexpr int64_t kWorkPerValue = 4; // compared with a multiplication of a product
    share(rows, rows * width * kWorkPerValue, [&](int64_t row, int) {
        m_kernels.quantise(input.row(row), width, m_bytes.data() + row * m_byteStride, m_scales.data() + row,
                           m_zeros.data() + row);
    });
}

// The panel that is the index-th to be taken: threads take turns, and each goes through a stretch of its own, for it
// asks for the weights behind a panel before it has finished that panel.
int64_t Products::inTurns(int64_t index, int64_t panels) const
{
    const int64_t threads = m_pool.threads(), thread = index % threads;
    return thread * (panels / threads) + std::min(thread, panels % threads) + index / threads;
}

void Products::multiply(Part part, const Rows &input, int64_t rows, float *out, int64_t outStride, Finish finish)
{
    const bool int8 = m_format == WeightFormat::Int8;
    if (int8)
        quantise(input, rows, part.matrix.depth());
    const auto multiplyPanel = panelFunction(m_kernels, m_format);
    const int64_t blocks = (rows + kMostRows - 1) / kMostRows;
    share(part.panels * blocks, rows * part.panels * kPanel * part.matrix.depth(), [&](int64_t index, int) {
        const int64_t first = index % blocks * kMostRows, panel = inTurns(index / blocks, part.panels);
        PanelTask task;
        part.matrix.describe(part.firstPanel + panel, task);
        task.rows = std::min(kMostRows, rows - first);
        task.input = int8 ? static_cast<const void *>(m_bytes.data() + first * m_byteStride) : input.row(first);
        task.inputStride = int8 ? m_byteStride : input.stride();
        task.inputScales = m_scales.data() + first;
        task.inputZeros = m_zeros.data() + first;
        task.out = out + first * outStride + panel * kPanel;
        task.outStride = outStride;
        task.finish = finish;
        multiplyPanel(task);
    });
}

} // namespace tessera::core::cpu
