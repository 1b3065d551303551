// Attention in a whole step (wholestep.cuh): keys and values of the tokens before are on their way while the block
// waits.
#pragma once

#include "core/sampling/cuda/wholeshare.cuh"

namespace tessera::core::cuda
{

// Attention of all rows, in items of kSplitKeys keys of a head; only those that hold keys.
template<typename T, int kRows>
class WholeAttention
{
public:
    static constexpr int kAtOnce = kWholeThreads / kLanesPerKey<T>;
    static constexpr int kTurns = kSplitKeys / kAtOnce;
    static_assert(2 * kTurns <= kHeld<T>);

    __device__ WholeAttention(const TokenRow *rows, NetworkShape shape, AttentionParts parts)
        : m_rows(rows)
        , m_shape(shape)
        , m_parts(parts)
    {
        for (int row = 0; row < kRows; ++row)
            m_splits = max(m_splits, rows[row].position / kSplitKeys + 1);
    }

    int __device__ splits() const { return m_splits; } // that hold keys

    // Keys and values of the tokens before this one, of the block's first item.
    __device__ void fetch(int layer, int item, uint4 *held) const
    {
        const Place at = placeOf(item);
#pragma unroll
        for (int i = 0; i < kTurns; ++i) {
            const bool wanted = at.there && keyOf(at, i) < at.row.position;
            held[i] = wanted ? loadShared(address(layer, at, i, 0)) : uint4{0, 0, 0, 0};
            held[kTurns + i] = wanted ? loadShared(address(layer, at, i, 1)) : uint4{0, 0, 0, 0};
        }
    }

    // mixed: shared, [kWholeWarps, kHeadDim]; found: shared, [kWholeWarps].
    __device__ void attend(int layer, const float *queries, uint4 *held, float *mixed, float2 *found) const
    {
        const int items = kRows * m_shape.heads * m_splits;
        for (int item = int(blockIdx.x); item < items; item += int(gridDim.x)) {
            if (item != int(blockIdx.x)) {
                __syncthreads(); // `mixed` may still be read
                fetch(layer, item, held);
            }
            attendItem(layer, item, queries, held, mixed, found);
        }
    }

private:
    struct Place {
        TokenRow row;
        int rowIndex, head, split;
        bool there;
    };

    Place __device__ placeOf(int item) const
    {
        const int perRow = m_shape.heads * m_splits, row = min(item / perRow, kRows - 1);
        Place at{m_rows[row], row, item % perRow / m_splits, item % m_splits, item < kRows * perRow};
        at.there = at.there && at.row.cache;
        return at;
    }
    static int __device__ firstValue()
    {
        return int(threadIdx.x) % kLanesPerKey<T> * kPerLoad<T>;
    }
    static int __device__ keyOf(const Place &at, int turn)
    {
        return at.split * kSplitKeys + turn * kAtOnce + int(threadIdx.x) / kLanesPerKey<T>;
    }
    const T *__device__ address(int layer, const Place &at, int turn, int part) const
    {
        const size_t plane = (size_t(layer) * 2 + part) * m_shape.heads + at.head;
        return static_cast<const T *>(at.row.cache) + (plane * m_shape.blockSize + keyOf(at, turn)) * kHeadDim
               + firstValue();
    }

    __device__ void attendItem(int layer, int item, const float *queries, uint4 *held, float *mixed,
                               float2 *found) const
    {
        const Place at = placeOf(item);
        const int first = firstValue(), warp = int(threadIdx.x) / kWarp, lane = int(threadIdx.x) % kWarp;
        float query[kPerLoad<T>], score[kTurns], greatest = -INFINITY;
        loadFloats(queries + (at.rowIndex * m_shape.heads + at.head) * kHeadDim + first, true, query);
#pragma unroll
        for (int i = 0; i < kTurns; ++i) {
            if (at.there && keyOf(at, i) == at.row.position) { // the token's own
                held[i] = loadShared(address(layer, at, i, 0));
                held[kTurns + i] = loadShared(address(layer, at, i, 1));
            }
            score[i] = dotOverLanes<T>(held[i], query) * 0.125f; // 1 / sqrt(kHeadDim)
            if (!at.there || keyOf(at, i) > at.row.position)
                score[i] = -INFINITY;
            greatest = fmaxf(greatest, score[i]);
        }
#pragma unroll
        for (int offset = kLanesPerKey<T>; offset < kWarp; offset *= 2)
            greatest = fmaxf(greatest, __shfl_xor_sync(0xffffffffu, greatest, offset));
        float total = 0, sums[kPerLoad<T>] = {};
#pragma unroll
        for (int i = 0; i < kTurns; ++i) {
            float values[kPerLoad<T>];
            unpackAs<T>(held[kTurns + i], values);
            const float weight = score[i] == -INFINITY ? 0.0f : expf(score[i] - greatest);
            total += weight;
#pragma unroll
            for (int j = 0; j < kPerLoad<T>; ++j)
                sums[j] += weight * values[j];
        }
        total = sumOverKeys<T>(total);
#pragma unroll
        for (int j = 0; j < kPerLoad<T>; ++j) {
            const float sum = sumOverKeys<T>(sums[j]);
            if (lane < kLanesPerKey<T>)
                mixed[warp * kHeadDim + first + j] = sum;
        }
        if (lane == 0)
            found[warp] = {greatest, total};
        __syncthreads();
        if (threadIdx.x < kHeadDim)
            join(at, mixed, found);
    }

    // What the warps found becomes the item's.
    __device__ void join(const Place &at, const float *mixed, const float2 *found) const
    {
        float greatest = -INFINITY, sum = 0, total = 0;
        for (int i = 0; i < kWholeWarps; ++i)
            greatest = fmaxf(greatest, found[i].x);
        for (int i = 0; i < kWholeWarps; ++i) {
            const float weight = found[i].y == 0 ? 0.0f : expf(found[i].x - greatest);
            sum += weight * mixed[i * kHeadDim + int(threadIdx.x)];
            total += weight * found[i].y;
        }
        const size_t place = (size_t(at.rowIndex) * m_shape.heads + at.head) * splitsOf(m_shape) + at.split;
        m_parts.mixed[place * kHeadDim + threadIdx.x] = sum;
        if (threadIdx.x == 0)
            m_parts.weights[place] = {total == 0 ? 0.0f : greatest, total};
    }

    const TokenRow *m_rows; // shared memory
    const NetworkShape m_shape;
    const AttentionParts m_parts;
    int m_splits = 0;
};

// Four values of a row's attention out of the first `live` splits, all asked for at once.
__device__ inline float4 joinedQuad(const AttentionParts &parts, int heads, int splits, int live, int row, int quad)
{
    const size_t place = (size_t(row) * heads + quad * 4 / kHeadDim) * splits;
    float2 found[kMostSplits];
    float4 part[kMostSplits];
#pragma unroll
    for (int i = 0; i < kMostSplits; ++i) {
        found[i] = i < live ? __ldcg(parts.weights + place + i) : float2{0, 0};
        part[i] =
            i < live
                ? __ldcg(reinterpret_cast<const float4 *>(parts.mixed + (place + i) * kHeadDim) + quad % (kHeadDim / 4))
                : float4{0, 0, 0, 0};
    }
    float greatest = -INFINITY, total = 0;
#pragma unroll
    for (int i = 0; i < kMostSplits; ++i)
        greatest = found[i].y == 0 ? greatest : fmaxf(greatest, found[i].x);
    float4 sum{0, 0, 0, 0};
#pragma unroll
    for (int i = 0; i < kMostSplits; ++i) {
        const float weight = found[i].y == 0 ? 0.0f : expf(found[i].x - greatest);
        total += weight * found[i].y;
        sum.x += weight * part[i].x;
        sum.y += weight * part[i].y;
        sum.z += weight * part[i].z;
        sum.w += weight * part[i].w;
    }
    const float scale = total == 0 ? 0 : 1 / total; // 0: the row is not used
    return {sum.x * scale, sum.y * scale, sum.z * scale, sum.w * scale};
}

} // namespace tessera::core::cuda
