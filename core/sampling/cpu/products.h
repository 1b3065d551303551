// Products of many rows with packed weights, on the pool's threads.
#pragma once

#include "core/sampling/cpu/alignedbuffer.h"
#include "core/sampling/cpu/packedmatrix.h"
#include "core/sampling/cpu/threadpool.h"

namespace tessera::core::cpu
{

// Rows of float32 with some room after each, so that equal places of neighbouring rows do not share cache sets.
class Rows
{
public:
    explicit Rows(int64_t width = 0) : m_stride(roundedUp(width, kPanel) + kApart) {}

    void reserve(int64_t rows) { m_values.reserve(rows * m_stride); } // existing values are lost when it grows
    void free() { m_values = {}; }
    int64_t stride() const { return m_stride; }
    float *row(int64_t index) { return m_values.data() + index * m_stride; }
    const float *row(int64_t index) const { return m_values.data() + index * m_stride; }

private:
    static constexpr int64_t kApart = 16;

    int64_t m_stride = 0;
    AlignedBuffer<float> m_values;
};

// One thread at a time. Allocates only in `reserve`, and lets go of that in `free`.
class Products
{
public:
    // `widest`: depth of the deepest matrix.
    Products(const Kernels &kernels, WeightFormat format, int64_t widest, int threads);

    void reserve(int64_t rows);
    void free();

    // Panels [first, first + count) of `matrix` times rows [0, rows) of `input`, into the columns of `out` from its
    // column 0 on. Throws nothing.
    struct Part {
        const PackedMatrix &matrix;
        int64_t firstPanel, panels;
    };
    static Part whole(const PackedMatrix &matrix) { return {matrix, 0, matrix.panels()}; }
    void multiply(Part part, const Rows &input, int64_t rows, float *out, int64_t outStride, Finish finish);

    // Work of about `multiplications` in all, split into `count` pieces: on several threads when that pays.
    template<typename Work>
    void share(int64_t count, int64_t multiplications, Work &&work)
    {
        if (multiplications >= kWorthThreads)
            m_pool.run(count, work);
        else
            for (int64_t index = 0; index < count; ++index)
                work(index, 0);
    }
    int threads() const { return m_pool.threads(); }

private:
    // Some microseconds of work. A second thread arrives within one as long as it spins, and what does not come from
    // the first caches takes several times as long as its multiplications.
    static constexpr int64_t kWorthThreads = int64_t(1) << 16;

    int64_t inTurns(int64_t index, int64_t panels) const;
    void quantise(const Rows &input, int64_t rows, int64_t width);

    const Kernels &m_kernels;
    const WeightFormat m_format;
    const int64_t m_byteStride; // Int8
    ThreadPool m_pool;
    AlignedBuffer<uint8_t> m_bytes;
    AlignedBuffer<float> m_scales;
    AlignedBuffer<int32_t> m_zeros;
};

} // namespace tessera::core::cpu
