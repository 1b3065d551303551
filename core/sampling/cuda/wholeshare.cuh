// What a block of a whole step (wholestep.cuh) shares in: meetings with the others, and products. A warp takes one part
// of the inputs and several outputs, so that inputs are read once and stay in registers.
#pragma once

#include "core/sampling/cuda/decode.cuh"

namespace tessera::core::cuda
{

constexpr int kWholeThreads = 512;
constexpr int kWholeWarps = kWholeThreads / kWarp;
constexpr int kMostSplits = 8;          // splits of a row's keys
constexpr int kMostRows = 2;            // of a whole step
constexpr unsigned kMostPolls = 200000; // then a block did not come: about 0.1 s
constexpr unsigned kTopBit = 0x80000000u;

// 16-byte loads that a thread holds while it waits.
template<typename T>
constexpr int kHeld = sizeof(T) == 2 ? 8 : 16;

__device__ inline int splitsOf(NetworkShape shape)
{
    return (shape.blockSize + kSplitKeys - 1) / kSplitKeys;
}

__device__ inline unsigned loadAcquired(const unsigned *address)
{
    unsigned value;
    asm volatile("ld.acquire.gpu.global.u32 %0, [%1];" : "=r"(value) : "l"(address) : "memory");
    return value;
}

// With what the block's threads wrote before their barrier: whoever loads the sum by loadAcquired() sees it. Fences
// around both would do the same, but the one after waiting also waits for the weights that are under way.
__device__ inline void addReleasing(unsigned *address, unsigned value)
{
    asm volatile("red.release.gpu.global.add.u32 [%0], %1;" ::"l"(address), "r"(value) : "memory");
}

// Where all blocks wait for each other. What they add together turns the counter's top bit once at every meeting, so
// the counter is never set back.
class Meeting
{
public:
    // `trial`: a block that waits in vain goes on after a while, and says so.
    __device__ Meeting(WholeState *state, bool trial) : m_state(state), m_trial(trial)
    {
        if (threadIdx.x == 0)
            m_side = loadAcquired(&state->arrived) & kTopBit;
    }

    // What the block wrote before is seen by all blocks after their wait().
    __device__ void arrive()
    {
        __syncthreads();
        if (threadIdx.x == 0)
            addReleasing(&m_state->arrived, blockIdx.x == 0 ? kTopBit - (gridDim.x - 1) : 1u);
    }

    __device__ void wait()
    {
        if (threadIdx.x == 0) {
            for (unsigned polls = 0; !m_lost && (loadAcquired(&m_state->arrived) & kTopBit) == m_side; ++polls) {
                if (m_trial && polls == kMostPolls) {
                    m_lost = true;
                    atomicExch(&m_state->lost, 1u);
                }
            }
            m_side ^= kTopBit;
        }
        __syncthreads();
    }

private:
    WholeState *m_state;
    bool m_trial;
    unsigned m_side = 0;
    bool m_lost = false;
};

// Steps of sumEach: each exchange halves the values left, so that 32 take 31 exchanges and not 160. A template, so that
// values stay in registers.
template<int kLeft, int kCount>
__device__ inline void halveSums(float (&values)[kCount])
{
    if constexpr (kLeft > 0) {
        constexpr int kOffset = kWarp * kLeft / kCount;
        const bool upper = (int(threadIdx.x) & kOffset) != 0;
#pragma unroll
        for (int i = 0; i < kLeft; ++i) {
            const float given = upper ? values[i] : values[i + kLeft], kept = upper ? values[i + kLeft] : values[i];
            values[i] = kept + __shfl_xor_sync(0xffffffffu, given, kOffset);
        }
        halveSums<kLeft / 2>(values);
    }
}

// Sums over the lanes of a warp of kCount values at once (a power of two, at most 32); lane l gets the sum of value
// l * kCount / 32.
template<int kCount>
__device__ inline float sumEach(float (&values)[kCount])
{
    halveSums<kCount / 2>(values);
    float sum = values[0];
#pragma unroll
    for (int offset = kWarp / kCount / 2; offset > 0; offset /= 2)
        sum += __shfl_xor_sync(0xffffffffu, sum, offset);
    return sum;
}

// What other blocks wrote: from the second-level cache, which all processors share.
template<int kCount>
__device__ inline void loadFloats(const float *from, bool there, float (&out)[kCount])
{
#pragma unroll
    for (int i = 0; i < kCount; i += 4) {
        const float4 v = there ? __ldcg(reinterpret_cast<const float4 *>(from + i)) : float4{0, 0, 0, 0};
        out[i] = v.x;
        out[i + 1] = v.y;
        out[i + 2] = v.z;
        out[i + 3] = v.w;
    }
}

// A thread's share of a product with a matrix [outputs, inputs]: kParts 16-byte loads of up to kOutputs outputs at
// once.
template<typename T, int kRows, int kParts, int kOutputs>
class Share
{
public:
    static constexpr int kValues = kParts * kPerLoad<T>; // inputs of a thread

    __device__ Share(const void *weights, const float *bias, int inputs, int outputs)
        : m_weights(static_cast<const T *>(weights))
        , m_bias(bias)
        , m_inputs(inputs)
        , m_outputs(outputs)
        , m_chunks((inputs + kWarp * kValues - 1) / (kWarp * kValues))
        , m_perBlock((outputs + int(gridDim.x) - 1) / int(gridDim.x))
    {
        const int warp = int(threadIdx.x) / kWarp, groups = kWholeWarps / m_chunks;
        m_perGroup = (m_perBlock + groups - 1) / groups;
        m_chunk = warp % m_chunks;
        m_group = warp / m_chunks;
        m_firstOutput = int(blockIdx.x) * m_perBlock;
        m_used = m_group < groups;
    }

    int __device__ chunks() const { return m_chunks; }
    int __device__ chunk() const { return m_chunk; }
    bool __device__ leads() const { return m_used && m_group == 0; } // of the warps with the same inputs
    int __device__ inputs() const { return m_inputs; }
    int __device__ chunkInputs(int chunk) const { return min(kWarp * kValues, m_inputs - chunk * kWarp * kValues); }
    // Inputs of part p: [input(p), input(p) + kPerLoad<T>).
    int __device__ input(int part) const
    {
        return ((m_chunk * kParts + part) * kWarp + int(threadIdx.x) % kWarp) * kPerLoad<T>;
    }
    bool __device__ there(int part) const { return m_used && input(part) < m_inputs; }

    // From place `first` of the group's outputs on.
    __device__ void fetch(int first, uint4 *held) const
    {
#pragma unroll
        for (int o = 0; o < kOutputs; ++o) {
#pragma unroll
            for (int part = 0; part < kParts; ++part) {
                const bool wanted = there(part) && isOutput(first + o);
                held[o * kParts + part] =
                    wanted ? loadWeights(m_weights + size_t(m_firstOutput + local(first + o)) * m_inputs + input(part))
                           : uint4{0, 0, 0, 0};
            }
        }
    }

    // The bias that this thread will add, if it finishes an output.
    float __device__ fetchBias() const
    {
        return m_bias && ends(int(threadIdx.x)) ? biasOf(int(threadIdx.x)) : 0.0f;
    }

    // `held` as fetch(0) left it. partial: shared, [perBlock, kRows, chunks + 1].
    template<typename Output>
    __device__ void multiply(uint4 *held, float bias, const float (&x)[kRows][kValues], float *partial,
                             Output output) const
    {
        for (int first = 0; first < m_perGroup; first += kOutputs) {
            if (first > 0)
                fetch(first, held);
            addUp(first, held, x, partial);
        }
        __syncthreads();
        for (int i = int(threadIdx.x); ends(i); i += kWholeThreads) {
            float sum = 0;
            for (int chunk = 0; chunk < m_chunks; ++chunk)
                sum += partial[i * (m_chunks + 1) + chunk];
            const float offset = i == int(threadIdx.x) ? bias : m_bias ? biasOf(i) : 0.0f;
            output.store(i % kRows, m_firstOutput + i / kRows, sum + offset);
        }
    }

private:
    int __device__ local(int place) const
    {
        return m_group * m_perGroup + place;
    }
    bool __device__ isOutput(int place) const
    {
        return place < m_perGroup && local(place) < m_perBlock && m_firstOutput + local(place) < m_outputs;
    }
    bool __device__ ends(int i) const
    {
        return i < m_perBlock * kRows && m_firstOutput + i / kRows < m_outputs;
    }
    float __device__ biasOf(int i) const
    {
        return m_bias[m_firstOutput + i / kRows];
    }

    __device__ void addUp(int first, const uint4 *held, const float (&x)[kRows][kValues], float *partial) const
    {
        float sums[kOutputs * kRows] = {};
#pragma unroll
        for (int o = 0; o < kOutputs; ++o) {
#pragma unroll
            for (int part = 0; part < kParts; ++part) {
                float weight[kPerLoad<T>];
                unpackAs<T>(held[o * kParts + part], weight);
#pragma unroll
                for (int row = 0; row < kRows; ++row) {
#pragma unroll
                    for (int j = 0; j < kPerLoad<T>; ++j)
                        sums[o * kRows + row] += weight[j] * x[row][part * kPerLoad<T> + j];
                }
            }
        }
        constexpr int kLanesEach = kWarp / (kOutputs * kRows);
        const int lane = int(threadIdx.x) % kWarp, value = lane / kLanesEach;
        const float sum = sumEach(sums);
        if (m_used && lane % kLanesEach == 0 && isOutput(first + value / kRows))
            partial[(local(first + value / kRows) * kRows + value % kRows) * (m_chunks + 1) + m_chunk] = sum;
    }

    const T *m_weights;
    const float *m_bias;
    int m_inputs, m_outputs, m_chunks, m_perBlock, m_perGroup, m_chunk, m_group, m_firstOutput;
    bool m_used;
};

// Weights of a LayerNorm for a thread's inputs.
template<int kValues>
struct HeldNorm {
    float weight[kValues], bias[kValues];
};

// Through the first-level cache, since several warps of a block take the same.
template<int kValues>
__device__ inline void loadConstants(const float *from, bool there, float (&out)[kValues])
{
#pragma unroll
    for (int i = 0; i < kValues; i += 4) {
        const float4 v = there ? *reinterpret_cast<const float4 *>(from + i) : float4{0, 0, 0, 0};
        out[i] = v.x;
        out[i + 1] = v.y;
        out[i + 2] = v.z;
        out[i + 3] = v.w;
    }
}

template<typename S>
__device__ inline HeldNorm<S::kValues> fetchNorm(const S &share, NormWeights norm)
{
    HeldNorm<S::kValues> held;
    loadConstants(norm.weight + share.input(0), share.there(0), held.weight);
    loadConstants(norm.bias + share.input(0), share.there(0), held.bias);
    return held;
}

// The thread's inputs: the residual stream, normalised. stats: shared, [kRows, kWholeWarps]. For shares of one part.
template<int kRows, typename S>
__device__ inline void loadNormed(const S &share, const float *stream, const HeldNorm<S::kValues> &norm, float2 *stats,
                                  float (&x)[kRows][S::kValues])
{
    const bool there = share.there(0);
#pragma unroll
    for (int row = 0; row < kRows; ++row)
        loadFloats(stream + row * share.inputs() + share.input(0), there, x[row]);
#pragma unroll
    for (int row = 0; row < kRows; ++row) { // mean and squares of each warp's inputs first
        float sum = 0, square = 0;
#pragma unroll
        for (int j = 0; j < S::kValues; ++j)
            sum += x[row][j];
        const float mean = warpSum(sum) / float(share.chunkInputs(share.chunk()));
#pragma unroll
        for (int j = 0; j < S::kValues; ++j)
            square += there ? (x[row][j] - mean) * (x[row][j] - mean) : 0.0f;
        square = warpSum(square);
        if (share.leads() && threadIdx.x % kWarp == 0)
            stats[row * kWholeWarps + share.chunk()] = {mean, square};
    }
    __syncthreads();
#pragma unroll
    for (int row = 0; row < kRows; ++row) {
        float mean = 0, square = 0;
        for (int i = 0; i < share.chunks(); ++i)
            mean += stats[row * kWholeWarps + i].x * float(share.chunkInputs(i));
        mean /= float(share.inputs());
        for (int i = 0; i < share.chunks(); ++i) {
            const float2 found = stats[row * kWholeWarps + i];
            square += found.y + (found.x - mean) * (found.x - mean) * float(share.chunkInputs(i));
        }
        const float scale = rsqrtf(square / float(share.inputs()) + 1e-5f);
#pragma unroll
        for (int j = 0; j < S::kValues; ++j)
            x[row][j] = (x[row][j] - mean) * scale * norm.weight[j] + norm.bias[j];
    }
}

} // namespace tessera::core::cuda
