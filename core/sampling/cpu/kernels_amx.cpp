// The int8 product alone, for processors with AMX: one instruction takes 64 of the depth for sixteen rows and sixteen
// outputs. Integer sums are exact, so results are those of the other sets.
#include "core/sampling/cpu/avx512.h"

namespace tessera::core::cpu
{

namespace
{

constexpr int64_t kTileDepth = 64;
// Below this a tile is too empty, and VNNI is faster or as fast.
constexpr int64_t kFewestRows = 5;

// The processor's own format. Tiles 0 to 3 hold sums, 4 a piece of the input, 5 to 7 weights in turn.
struct alignas(64) TileShapes {
    uint8_t palette = 1;
    uint8_t startRow = 0;
    uint8_t reserved[14] = {};
    uint16_t bytesPerRow[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {};

    explicit TileShapes(int64_t height)
    {
        for (int tile = 0; tile < 5; ++tile)
            rows[tile] = uint8_t(height);
        rows[5] = rows[6] = rows[7] = 16;
    }
};

// The part of the next stretch's weights that a tile of rows asks for: lines of each tile, which has 16.
struct LinesAhead {
    int64_t fromLine = 0, toLine = 0;
};

// Adds to `sums` the product of the input in tile 4 with weights, by way of `tile`; between two products some of the
// next stretch is asked for, since memory takes few requests at once. A macro, for numbers of tiles must be literals.
#define TESSERA_TAKE_WEIGHTS(sums, tile, from)                                                                         \
    _tile_loadd(tile, from, 4 * kPanel);                                                                               \
    _tile_dpbusd(sums, 4, tile);                                                                                       \
    askForLines((from) + kStretchBytes, ahead)

inline void askForLines(const int8_t *weights, LinesAhead ahead)
{
    for (int64_t line = ahead.fromLine; line < ahead.toLine; ++line)
        askFor(weights + line * 4 * kPanel);
}

// GCC's intrinsics do not tell the compiler all that they read: what `data` points to must stand in memory now.
inline void settle(const void *data)
{
    asm volatile("" : : "r"(data) : "memory");
}

// Of one tile of rows, depth [begin, end); `dots` [rows][64].
void extendDots(const uint8_t *input, int64_t stride, const int8_t *weights, int64_t begin, int64_t end,
                LinesAhead ahead, int32_t *dots)
{
    constexpr int64_t kDotStride = kPanel * int64_t(sizeof(int32_t));
    settle(dots);
    if (begin > 0) {
        _tile_loadd(0, dots, kDotStride);
        _tile_loadd(1, dots + 16, kDotStride);
        _tile_loadd(2, dots + 32, kDotStride);
        _tile_loadd(3, dots + 48, kDotStride);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int64_t k = begin; k < end; k += kTileDepth) {
        const int8_t *from = weights + k * kPanel;
        _tile_loadd(4, input + k, stride);
        TESSERA_TAKE_WEIGHTS(0, 5, from);
        TESSERA_TAKE_WEIGHTS(1, 6, from + 64);
        TESSERA_TAKE_WEIGHTS(2, 7, from + 128);
        TESSERA_TAKE_WEIGHTS(3, 5, from + 192);
    }
    _tile_stored(0, dots, kDotStride);
    _tile_stored(1, dots + 16, kDotStride);
    _tile_stored(2, dots + 32, kDotStride);
    _tile_stored(3, dots + 48, kDotStride);
}

#undef TESSERA_TAKE_WEIGHTS

} // namespace

void amxInt8Panel(const PanelTask &task)
{
    if (task.rows < kFewestRows || task.depth % kTileDepth != 0)
        return avx512Kernels().int8Panel(task);
    constexpr int64_t kLength = kStretchBytes / kPanel, kTallest = 16;
    const int64_t tiles = (task.rows + kTallest - 1) / kTallest, height = (task.rows + tiles - 1) / tiles;
    const auto *input = static_cast<const uint8_t *>(task.input);
    const auto *weights = static_cast<const int8_t *>(task.weights);
    alignas(64) int32_t dots[kMostRows * kPanel];
    int64_t shaped = 0;
    for (int64_t from = 0; from < task.depth; from += kLength) {
        const int64_t to = from + kLength < task.depth ? from + kLength : task.depth;
        for (int64_t row = 0; row < task.rows; row += height) {
            const int64_t rows = row + height < task.rows ? height : task.rows - row;
            if (rows != shaped) {
                const TileShapes shapes(rows);
                settle(&shapes);
                _tile_loadconfig(&shapes);
                shaped = rows;
            }
            extendDots(input + row * task.inputStride, task.inputStride, weights, from, to,
                       {16 * row / task.rows, 16 * (row + rows) / task.rows}, dots + row * kPanel);
        }
    }
    _tile_release(); // so that the system has no tiles to save
    for (int64_t row = 0; row < task.rows; ++row)
        finishInt8Row<Avx512Floats>(task, row, dots + row * kPanel);
}

} // namespace tessera::core::cpu
