// From logits to a code on the device, in double as the host does it (core/sampling/distribution.cpp): one thread a
// code.
#include "core/sampling/cuda/devicemath.cuh"

namespace tessera::core::cuda
{

namespace
{

constexpr int kThreads = kMostDrawnCodes;
constexpr double kCut = -INFINITY;

struct Scratch {
    float floats[kWarp];
    double doubles[kWarp];
    int codes[kWarp];
    unsigned long long order[kThreads]; // likeliest first
    double scores[kThreads];
    bool kept[kThreads];
};

// Greater floats have greater keys; both zeros have one.
__device__ inline unsigned sortKey(float value)
{
    const unsigned bits = __float_as_uint(value + 0.0f);
    return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

__device__ inline float valueOf(unsigned key)
{
    return __uint_as_float(key & 0x80000000u ? key & 0x7fffffffu : ~key);
}

__device__ double logTotal(double score, Scratch &scratch)
{
    return log(blockReduce(exp(score), 0.0, Plus(), scratch.doubles)); // the greatest score is 0
}

// The count-th greatest logit, bit by bit.
__device__ float thresholdOf(float logit, bool live, int count)
{
    const unsigned key = live ? sortKey(logit) : 0;
    unsigned found = 0;
    for (int bit = 31; bit >= 0; --bit) {
        const unsigned tried = found | 1u << bit;
        if (__syncthreads_count(live && key >= tried) >= count)
            found = tried;
    }
    return valueOf(found);
}

// Bitonic sort of scratch.order, falling.
__device__ void sortOrder(Scratch &scratch)
{
    const unsigned i = threadIdx.x;
    for (unsigned size = 2; size <= kThreads; size *= 2) {
        for (unsigned distance = size / 2; distance > 0; distance /= 2) {
            __syncthreads();
            const unsigned other = i ^ distance;
            if (other > i) {
                const bool falling = (i & size) == 0;
                const unsigned long long a = scratch.order[i], b = scratch.order[other];
                if ((a < b) == falling) {
                    scratch.order[i] = b;
                    scratch.order[other] = a;
                }
            }
        }
    }
    __syncthreads();
}

// Sum of the values of the threads before.
__device__ double sumBefore(double value, Scratch &scratch)
{
    const int lane = int(threadIdx.x) % kWarp, warp = int(threadIdx.x) / kWarp;
    double sum = value;
    for (int offset = 1; offset < kWarp; offset *= 2) {
        const double other = __shfl_up_sync(0xffffffffu, sum, unsigned(offset));
        if (lane >= offset)
            sum += other;
    }
    __syncthreads();
    if (lane == kWarp - 1)
        scratch.doubles[warp] = sum;
    __syncthreads();
    double before = 0;
    for (int i = 0; i < warp; ++i)
        before += scratch.doubles[i];
    return before + (sum - value);
}

// Whether the code is among the likeliest that together first exceed the probability.
__device__ bool withinTopP(float logit, double score, double probability, Scratch &scratch)
{
    const double total = logTotal(score, scratch);
    const unsigned key = score > kCut ? sortKey(logit) : 0;
    scratch.order[threadIdx.x] = static_cast<unsigned long long>(key) << 32 | (0xffffffffu - threadIdx.x);
    scratch.scores[threadIdx.x] = score;
    sortOrder(scratch);
    const unsigned code = 0xffffffffu - unsigned(scratch.order[threadIdx.x] & 0xffffffffu);
    const double before = sumBefore(exp(scratch.scores[code] - total), scratch);
    scratch.kept[code] = before <= probability;
    __syncthreads();
    return scratch.kept[threadIdx.x];
}

// The lowest code of the greatest score.
__device__ int greatestCode(double score, Scratch &scratch)
{
    int code = int(threadIdx.x);
    const auto take = [&](double otherScore, int otherCode) {
        if (otherScore > score || (otherScore == score && otherCode < code)) {
            score = otherScore;
            code = otherCode;
        }
    };
    const auto overWarp = [&] {
        for (int offset = kWarp / 2; offset > 0; offset /= 2) {
            const double otherScore = __shfl_xor_sync(0xffffffffu, score, offset);
            const int otherCode = __shfl_xor_sync(0xffffffffu, code, offset);
            take(otherScore, otherCode);
        }
    };
    if (isnan(score))
        score = kCut;
    overWarp();
    __syncthreads();
    if (threadIdx.x % kWarp == 0) {
        scratch.doubles[threadIdx.x / kWarp] = score;
        scratch.codes[threadIdx.x / kWarp] = code;
    }
    __syncthreads();
    score = scratch.doubles[threadIdx.x % kWarp];
    code = scratch.codes[threadIdx.x % kWarp];
    overWarp();
    return code;
}

// u + g (c - u), in the host's roundings.
__device__ float guidedLogit(const float *logits, int streams, int codes, float guidance)
{
    const float conditional = __ldcg(logits + threadIdx.x);
    if (streams == 1)
        return conditional;
    const float unconditional = __ldcg(logits + codes + threadIdx.x);
    return __fadd_rn(unconditional, __fmul_rn(guidance, __fsub_rn(conditional, unconditional)));
}

// Log-probability after temperature and filters.
__device__ float filteredScore(float logit, bool live, int codes, const DrawParameters &parameters, Scratch &scratch)
{
    const float greatest = blockReduce(live ? logit : -INFINITY, -INFINITY, Greater(), scratch.floats);
    double score = live ? (double(logit) - double(greatest)) / parameters.temperature : kCut;
    if (parameters.topK > 0 && parameters.topK < codes && logit < thresholdOf(logit, live, parameters.topK))
        score = kCut;
    if (parameters.topP < 1 && !withinTopP(logit, score, parameters.topP, scratch))
        score = kCut;
    return float(score - logTotal(score, scratch));
}

__global__ void __launch_bounds__(kThreads)
    draw(const float *logits, int streams, int codes, int first, DrawBuffers buffers, TokenRow *rows)
{
    __shared__ Scratch scratch;
    waitForKernelBefore();
    const DrawParameters parameters = *buffers.parameters;
    const int step = *buffers.step, code = int(threadIdx.x);
    const bool live = code < codes;
    const size_t place = size_t(step) * codes + code;
    float logit = -INFINITY;
    if (live) {
        logit = guidedLogit(logits, streams, codes, parameters.guidance);
        buffers.guided[place] = logit;
    }
    double score = live ? double(logit) : kCut;
    if (!parameters.greedy) {
        score = double(filteredScore(logit, live, codes, parameters, scratch));
        score = live ? score + double(buffers.noise[place]) : kCut;
    }
    const int best = greatestCode(score, scratch);
    if (threadIdx.x < unsigned(streams)) {
        rows[threadIdx.x].token = first + best;
        ++rows[threadIdx.x].position;
    }
    if (threadIdx.x == 0) {
        buffers.drawn[step] = best;
        *buffers.step = step + 1;
    }
}

} // namespace

void drawCode(const float *logits, int streams, int codes, int first, DrawBuffers buffers, TokenRow *rows,
              cudaStream_t stream)
{
    draw<<<1, kThreads, 0, stream>>>(logits, streams, codes, first, buffers, rows);
}

} // namespace tessera::core::cuda
