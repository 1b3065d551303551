// The loops behind kernels.h, written once over a set of vector instructions (`Isa`). Included by the files that are
// compiled for special instructions, and only there. All of it is local to the including file, and it calls nothing
// from the standard library: the linker merges equal inline functions of different files, and one compiled for AVX-512
// must not end up in code for all machines.
#pragma once

#include "core/sampling/cpu/kernels.h"
#include "core/sampling/cpu/vectormath.h"

namespace tessera::core::cpu
{

namespace
{

template<typename Isa>
void finish(Finish how, typename Isa::Floats y, float *out)
{
    if (how == Finish::Gelu)
        y = gelu<Isa>(y);
    else if (how == Finish::Add)
        y = Isa::add(y, Isa::load(out));
    Isa::store(out, y);
}

struct Float32Weights {
    using Element = float;

    template<typename Isa>
    static constexpr int64_t place(int vector)
    {
        return vector * Isa::kLanes;
    }

    template<typename Isa, int kVectors>
    static void load(const float *weights, typename Isa::Floats (&out)[kVectors])
    {
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v)
            out[v] = Isa::load(weights + v * Isa::kLanes);
    }
};

// A load of words gives two vectors, 16 outputs apart.
struct BFloat16Weights {
    using Element = uint16_t;

    template<typename Isa>
    static constexpr int64_t place(int vector)
    {
        constexpr int kLoads = 16 / Isa::kLanes; // to cover 32 outputs
        return (vector / 2 / kLoads) * 32 + (vector / 2 % kLoads) * Isa::kLanes + (vector % 2) * 16;
    }

    template<typename Isa, int kVectors>
    static void load(const uint16_t *weights, typename Isa::Floats (&out)[kVectors])
    {
        static_assert(kVectors % 2 == 0);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; v += 2) {
            const typename Isa::Words words = Isa::loadWords(weights + v * Isa::kLanes);
            out[v] = Isa::pairsLow(words);
            out[v + 1] = Isa::pairsHigh(words);
        }
    }
};

// A stretch of a panel's depth. Its weights, at most kStretchBytes of them, are read from memory by the first tile of
// rows and from the first cache by the others. Meanwhile the stretch behind it is asked for, each tile of rows its part
// [aheadFrom, aheadTo), so that memory is as busy as arithmetic.
struct Stretch {
    int64_t from = 0, to = 0;
    int64_t aheadFrom = 0, aheadTo = 0;

    int64_t length() const { return to - from; }
};

constexpr int64_t kStretchBytes = 16384;
constexpr int64_t kInt8Stretch = kStretchBytes / kPanel; // longest one of int8 weights

// Only as far as the second cache, which can wait for three times as many lines at once as the first one.
inline void askFor(const void *line)
{
    constexpr int kRead = 0, kSecondCache = 2;
    __builtin_prefetch(line, kRead, kSecondCache);
}

// Asks for what lies behind a stretch while a part of its columns goes through it: lines follow each other as in memory
// whatever the columns' width, because memory is half as fast when it is read in strips.
class Ahead
{
public:
    // Columns from the one at byte `column` of a panel's rows, which have `rowBytes`.
    Ahead(const void *weights, int64_t rowBytes, int64_t column, Stretch stretch)
        : m_lines(static_cast<const char *>(weights) + stretch.to * rowBytes + stretch.length() * column)
        , m_stretch(stretch)
    {}

    // At the k-th row of the panel; every `kRows` of them, `kBytes` are taken.
    template<int kBytes, int kRows = 1>
    void ask(int64_t k) const
    {
        const int64_t offset = (k - m_stretch.from) / kRows * kBytes;
        if (k < m_stretch.aheadFrom || k >= m_stretch.aheadTo || offset % kLine != 0)
            return;
#pragma GCC unroll 8
        for (int byte = 0; byte < kBytes; byte += kLine)
            askFor(m_lines + offset + byte);
    }

private:
    static constexpr int kLine = 64;

    const char *m_lines;
    Stretch m_stretch;
};

template<typename Isa, int kRows, int kVectors>
struct Tile {
    typename Isa::Floats sums[kRows][kVectors];
};

template<typename Isa, int kRows, int kVectors>
Tile<Isa, kRows, kVectors> emptyTile()
{
    Tile<Isa, kRows, kVectors> tile;
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v)
            tile.sums[r][v] = Isa::zero();
    return tile;
}

template<typename Isa, typename Weights, int kRows, int kVectors>
void extend(Tile<Isa, kRows, kVectors> &tile, const float *left, int64_t leftStride,
            const typename Weights::Element *right, int64_t rightStride, Stretch stretch, const Ahead *ahead)
{
    for (int64_t k = stretch.from; k < stretch.to; ++k) {
        typename Isa::Floats weights[kVectors];
        Weights::template load<Isa, kVectors>(right + k * rightStride, weights);
        if (ahead)
            ahead->template ask<kVectors * Isa::kLanes *int(sizeof(typename Weights::Element))>(k);
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r) {
            const typename Isa::Floats value = Isa::broadcast(left[r * leftStride + k]);
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v)
                tile.sums[r][v] = Isa::fma(value, weights[v], tile.sums[r][v]);
        }
    }
}

template<typename Isa, typename Weights, int kRows, int kVectors>
Tile<Isa, kRows, kVectors> tileOf(const float *left, int64_t leftStride, const typename Weights::Element *right,
                                  int64_t rightStride, int64_t depth)
{
    auto tile = emptyTile<Isa, kRows, kVectors>();
    extend<Isa, Weights>(tile, left, leftStride, right, rightStride, {0, depth, 0, 0}, nullptr);
    return tile;
}

// Vectors of a tile of so many rows: a power of two, so that tiles fill a panel. Sums, weights and an input stay in
// registers; weights that serve one row alone are taken from memory.
template<typename Isa>
constexpr int tileVectors(int rows)
{
    const auto registers = [rows](int vectors) { return vectors * rows + (rows > 1 ? vectors : 0) + 1; };
    int vectors = int(kPanel) / Isa::kLanes;
    while (vectors > 2 && registers(vectors) > Isa::kRegisters)
        vectors /= 2;
    return vectors;
}

// `sums`: of the tile's rows, [kRows][64].
template<typename Isa, typename Weights, int kRows>
void panelRows(const PanelTask &task, int64_t row, Stretch stretch, float *sums)
{
    constexpr int kVectors = tileVectors<Isa>(kRows);
    const float *input = static_cast<const float *>(task.input) + row * task.inputStride;
    const auto *weights = static_cast<const typename Weights::Element *>(task.weights);
    for (int64_t first = 0; first < kPanel; first += kVectors * Isa::kLanes) {
        auto tile = emptyTile<Isa, kRows, kVectors>();
        if (stretch.from > 0)
#pragma GCC unroll 8
            for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
                for (int v = 0; v < kVectors; ++v)
                    tile.sums[r][v] = Isa::load(sums + r * kPanel + first + v * Isa::kLanes);
        const Ahead ahead(weights, kPanel * sizeof(*weights), first * int64_t(sizeof(*weights)), stretch);
        extend<Isa, Weights>(tile, input, task.inputStride, weights + first, kPanel, stretch, &ahead);
#pragma GCC unroll 8
        for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 8
            for (int v = 0; v < kVectors; ++v)
                Isa::store(sums + r * kPanel + first + v * Isa::kLanes, tile.sums[r][v]);
    }
}

// The sums stand in the order in which a panel's vectors are loaded.
template<typename Isa, typename Weights>
void finishRow(const PanelTask &task, int64_t row, const float *sums)
{
    for (int v = 0; v < int(kPanel) / Isa::kLanes; ++v) {
        const int64_t n = Weights::template place<Isa>(v);
        const auto y = Isa::add(Isa::load(sums + v * Isa::kLanes), Isa::load(task.bias + n));
        finish<Isa>(task.finish, y, task.out + row * task.outStride + n);
    }
}

template<typename Isa>
void finishInt8Row(const PanelTask &task, int64_t row, int32_t *dots)
{
    const typename Isa::Floats scale = Isa::broadcast(task.inputScales[row]);
    const int32_t zero = task.inputZeros[row];
    for (int64_t n = 0; n < kPanel; ++n)
        dots[n] -= zero * task.weightSums[n];
    for (int64_t n = 0; n < kPanel; n += Isa::kLanes) {
        const auto factor = Isa::multiply(scale, Isa::load(task.weightScales + n));
        const auto y = Isa::fma(Isa::fromInts(dots + n), factor, Isa::load(task.bias + n));
        finish<Isa>(task.finish, y, task.out + row * task.outStride + n);
    }
}

template<typename Isa, typename Weights, int kRows>
void smallRows(const SmallProduct &p, int64_t row)
{
    constexpr int kVectors = tileVectors<Isa>(kRows), kWide = kVectors * Isa::kLanes;
    constexpr int kNarrow = 2; // vectors, never more than 32 outputs
    const float *left = p.left + row * p.leftStride;
    const auto *right = static_cast<const typename Weights::Element *>(p.right);
    const auto put = [&](const auto &tile, int64_t first, int vectors) {
        for (int r = 0; r < kRows; ++r)
            for (int v = 0; v < vectors; ++v)
                Isa::store(p.out + (row + r) * p.outStride + Weights::template place<Isa>(int(first) / Isa::kLanes + v),
                           tile.sums[r][v]);
    };
    int64_t n = 0;
    for (; n + kWide <= p.width; n += kWide)
        put(tileOf<Isa, Weights, kRows, kVectors>(left, p.leftStride, right + n, p.rightStride, p.depth), n, kVectors);
    for (; n < p.width; n += kNarrow * Isa::kLanes)
        put(tileOf<Isa, Weights, kRows, kNarrow>(left, p.leftStride, right + n, p.rightStride, p.depth), n, kNarrow);
}

// Calls work<rows>(first row) over tiles of nearly equal height.
template<typename Work>
void forTiles(int64_t rows, Work work)
{
    for (int64_t row = 0; row < rows;) {
        const int64_t left = rows - row, tiles = (left + kTileRows - 1) / kTileRows;
        const int64_t height = (left + tiles - 1) / tiles;
        switch (height) {
        case 1:
            work.template operator()<1>(row);
            break;
        case 2:
            work.template operator()<2>(row);
            break;
        case 3:
            work.template operator()<3>(row);
            break;
        case 4:
            work.template operator()<4>(row);
            break;
        case 5:
            work.template operator()<5>(row);
            break;
        default:
            work.template operator()<6>(row);
            break;
        }
        row += height;
    }
}

// Calls work<rows>(first row, stretch) for every tile of every stretch. They are equally long, `longest` at most and
// but for the last a multiple of four, so that each can ask for all of the next one, beyond the panel's end too.
template<typename Work>
void forStretches(int64_t rows, int64_t depth, int64_t longest, Work work)
{
    const int64_t count = (depth + longest - 1) / longest, length = ((depth + count - 1) / count + 3) / 4 * 4;
    for (int64_t from = 0; from < depth; from += length) {
        const int64_t to = from + length < depth ? from + length : depth;
        forTiles(rows, [&]<int kRows>(int64_t row) {
            const int64_t before = (to - from) * row / rows, after = (to - from) * (row + kRows) / rows;
            work.template operator()<kRows>(row, Stretch{from, to, from + before, from + after});
        });
    }
}

template<typename Isa, typename Weights>
void floatPanel(const PanelTask &task)
{
    constexpr int64_t kLongest = kStretchBytes / (kPanel * int64_t(sizeof(typename Weights::Element)));
    alignas(64) float sums[kMostRows * kPanel];
    forStretches(task.rows, task.depth, kLongest, [&]<int kRows>(int64_t row, Stretch stretch) {
        panelRows<Isa, Weights, kRows>(task, row, stretch, sums + row * kPanel);
    });
    for (int64_t row = 0; row < task.rows; ++row)
        finishRow<Isa, Weights>(task, row, sums + row * kPanel);
}

template<typename Isa>
void int8Panel(const PanelTask &task)
{
    alignas(64) int32_t dots[kMostRows * kPanel];
    forStretches(task.rows, task.depth, kInt8Stretch, [&]<int kRows>(int64_t row, Stretch stretch) {
        const uint8_t *input = static_cast<const uint8_t *>(task.input) + row * task.inputStride;
        Isa::template integerDots<kRows>(input, task.inputStride, static_cast<const int8_t *>(task.weights), stretch,
                                         dots + row * kPanel);
    });
    for (int64_t row = 0; row < task.rows; ++row)
        finishInt8Row<Isa>(task, row, dots + row * kPanel);
}

template<typename Isa, typename Weights>
void smallProduct(const SmallProduct &product)
{
    forTiles(product.rows, [&]<int kRows>(int64_t row) { smallRows<Isa, Weights, kRows>(product, row); });
}

template<typename Isa>
constexpr Kernels kernelsOf(const char *name)
{
    return {name,
            floatPanel<Isa, Float32Weights>,
            floatPanel<Isa, BFloat16Weights>,
            int8Panel<Isa>,
            smallProduct<Isa, Float32Weights>,
            smallProduct<Isa, BFloat16Weights>,
            softmax<Isa>,
            layerNorm<Isa>,
            quantise<Isa>};
}

} // namespace

} // namespace tessera::core::cpu
