#include "core/sampling/cuda/cudaengine.h"

#include <algorithm>
#include <exception>

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <c10/core/InferenceMode.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include "core/sampling/cuda/batchpass.h"
#include "core/sampling/cuda/decoder.h"
#include "core/sampling/cuda/drawing.h"
#include "core/sampling/cuda/smallpass.h"
#include "core/sampling/tensorcache.h"
#include "models/error.h"
#include "models/memoryfailure.h"
#include "models/transformer.h"

namespace tessera::core
{

namespace
{

using namespace cuda;

Format formatOf(CudaPrecision precision)
{
    switch (precision) {
    case CudaPrecision::Float32:
        return Format::Float32;
    case CudaPrecision::BFloat16:
        return Format::BFloat16;
    case CudaPrecision::Float16:
        break;
    }
    return Format::Float16;
}

// The first number of a device's.
int capability(c10::Device device)
{
    int major = 0;
    C10_CUDA_CHECK(
        cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device.has_index() ? device.index() : 0));
    return major;
}

std::vector<int64_t> cacheShape(const models::TransformerConfig &config)
{
    return {config.layers, 2, config.heads, config.blockSize, config.headDim()};
}

// Matrices of a layer from which on a step in one kernel is faster, as measured on an H200: 24 MiB take 25 us instead
// of 26, 5 MiB 24 instead of 16.
constexpr int64_t kWholeFromBytes = int64_t(16) << 20;

int64_t layerBytes(const DeviceWeights &weights)
{
    const int64_t width = weights.shape.embedding;
    return 12 * width * width * int64_t(c10::elementSize(weights.type));
}

constexpr size_t kKeptCaches = 8; // windows of a step

// For windows fed ahead. Of all memory, not of what is free: equal requests are to make equal batches.
uint64_t aheadBytes()
{
    size_t available = 0, total = 0;
    C10_CUDA_CHECK(cudaMemGetInfo(&available, &total));
    return total / 16;
}

class CudaEngine : public TransformerEngine
{
public:
    // REQUIRES: `stream` is current.
    CudaEngine(const models::Transformer &model, const CudaEngineOptions &options, c10::cuda::CUDAStream stream)
        : m_stream(stream)
        , m_weights(model, options.device, formatOf(options.precision))
        , m_store(std::make_shared<TensorCacheStore>(cacheShape(model.config),
                                                     m_weights.tokens.options().dtype(m_weights.type), kKeptCaches))
        , m_decoder(m_weights, options.device, options.overlap && cudaEngineOverlapsOn(options.device),
                    options.whole.value_or(layerBytes(m_weights) >= kWholeFromBytes))
        , m_small(m_weights, options.device, options.recordSmall)
        , m_ahead{options.stepsAhead, aheadBytes()}
        , m_batchBuffer(options.device)
        , m_logitsBuffer(options.device)
    {
        m_stream.synchronize(); // the model may go
    }
    ~CudaEngine() override { C10_CUDA_CHECK_WARN(cudaStreamSynchronize(m_stream)); }

    std::unique_ptr<WindowCache> makeCache() override { return std::make_unique<TensorCache>(m_store); }
    std::unique_ptr<WindowCache> copyCache(const WindowCache &from, int64_t tokens) override
    {
        const c10::InferenceMode inference;
        const c10::cuda::CUDAStreamGuard guard(m_stream);
        auto copy = std::make_unique<TensorCache>(m_store);
        withMemory([&] { copy->copyFrom(static_cast<const TensorCache &>(from), tokens); });
        return copy;
    }
    uint64_t cacheBytes() const override { return m_store->bytes(); }
    void freeCaches() override { m_store->free(); }
    bool gainsFromBatches() const override { return true; }
    AheadLimits feedsAhead() const override { return m_ahead; }
    bool drawsCodes(int64_t count) const override { return m_decoder.mostRows() >= 2 && count <= kMostDrawnCodes; }

    CudaWays ways() const
    {
        return {m_decoder.steps(Decoder::Way::Whole), m_decoder.steps(Decoder::Way::Overlapping),
                m_decoder.steps(Decoder::Way::Apart), m_small.replays()};
    }

protected:
    bool run(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
             const StopFn &stopped) override
    {
        const c10::InferenceMode inference;
        const c10::cuda::CUDAStreamGuard guard(m_stream);
        bool finished = false;
        withMemory([&] {
            if (!suitsDecoder(inputs)) {
                finished = runBatch(inputs, first, count, logits, stopped);
            } else if (!stopped || !stopped()) { // all of it takes less than a millisecond
                m_decoder.decode(inputs, {first, count}, logits);
                finished = true;
            }
        });
        if (finished) {
            growAll(inputs);
        }
        return finished;
    }

    bool runDraw(const DrawTask &task, const StopFn &stopped) override
    {
        const c10::InferenceMode inference;
        // Previews, say, are the caller's work: beside the drawing, not behind it.
        DrawTask aside = task;
        aside.drawn = [&task, callers = c10::cuda::getCurrentCUDAStream(m_stream.device_index())](
                          std::span<const int64_t> codes, const float *logits) {
            const c10::cuda::CUDAStreamGuard guard(callers);
            return task.drawn(codes, logits);
        };
        const c10::cuda::CUDAStreamGuard guard(m_stream);
        for (const EngineInput &stream : task.streams) {
            const int64_t end = stream.cache->length() + int64_t(stream.tokens.size()) + task.codes - 1;
            TORCH_CHECK(end <= m_weights.shape.blockSize, "codes drawn up to place ", end, " in blocks of ",
                        m_weights.shape.blockSize);
        }
        bool finished = false;
        withMemory([&] {
            const at::Tensor logits = firstLogits(task, stopped);
            finished = logits.defined() && drawCodes(m_decoder, aside, logits, stopped);
        });
        for (const EngineInput &stream : task.streams) {
            stream.cache->grow(finished ? task.codes - 1 : 0);
        }
        return finished;
    }

private:
    template<typename Work>
    void withMemory(Work work)
    {
        try {
            work();
        } catch (const std::exception &failure) {
            if (!models::isWantOfMemory(failure)) {
                throw;
            }
            m_stream.synchronize(); // a batch may still be on its way from memory that the next one is laid out in
            throw Error(
                ErrorCode::OutOfMemory,
                "The device's memory does not suffice for sampling; a smaller canvas, bf16 or the CPU would do");
        }
    }

    bool suitsDecoder(std::span<const EngineInput> inputs) const
    {
        return int(inputs.size()) <= m_decoder.mostRows() && std::ranges::all_of(inputs, [&](const EngineInput &input) {
                   return input.tokens.size() == 1 && input.cache->length() >= std::max(1, m_weights.shape.unmasked);
               });
    }

    static void growAll(std::span<const EngineInput> inputs)
    {
        for (const EngineInput &input : inputs) {
            input.cache->grow(int64_t(input.tokens.size()));
        }
    }

    Batch packed(std::span<const EngineInput> inputs)
    {
        return packBatch(inputs, m_weights.shape, m_weights.tokens.size(0), m_batchBuffer);
    }

    // The logits of a pass on the device; undefined, and the device at rest, when stopped.
    at::Tensor passLogits(const Batch &batch, int64_t first, int64_t count, const StopFn &stopped)
    {
        return settled(batchLogits(m_weights, batch, first, count, stopped));
    }

    at::Tensor settled(at::Tensor found)
    {
        if (!found.defined()) {
            m_stream.synchronize();
        }
        C10_CUDA_CHECK(cudaGetLastError());
        return found;
    }

    bool runBatch(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
                  const StopFn &stopped)
    {
        const bool small = m_small.suits(inputs);
        const Batch batch = small ? m_small.packed(inputs) : packed(inputs);
        const at::Tensor found =
            small ? settled(m_small.logits(batch, first, count, stopped)) : passLogits(batch, first, count, stopped);
        if (!found.defined()) {
            return false;
        }
        const size_t bytes = size_t(found.numel()) * sizeof(float);
        m_logitsBuffer.reserve(bytes);
        const at::Tensor host = at::from_blob(m_logitsBuffer.host<float>(), found.sizes(), at::kFloat);
        C10_CUDA_CHECK(
            cudaMemcpyAsync(host.mutable_data_ptr(), found.const_data_ptr(), bytes, cudaMemcpyDeviceToHost, m_stream));
        m_stream.synchronize();
        for (size_t i = 0; i < inputs.size(); ++i) {
            const int64_t values = inputs[i].logitRows * count;
            std::copy_n(m_logitsBuffer.host<float>() + batch.firstKept[i] * count, values, logits);
            logits += values;
        }
        return true;
    }

    // What the first code is drawn from: float [streams, codes] on the device.
    at::Tensor firstLogits(const DrawTask &task, const StopFn &stopped)
    {
        const Batch batch = packed(task.streams);
        const at::Tensor found = passLogits(batch, task.first, task.count, stopped);
        if (!found.defined()) {
            return {};
        }
        growAll(task.streams);
        std::vector<at::Tensor> streams;
        for (const int64_t row : batch.firstKept) {
            streams.push_back(found.select(0, row));
        }
        return at::stack(streams);
    }

    c10::cuda::CUDAStream m_stream;
    DeviceWeights m_weights;
    std::shared_ptr<TensorCacheStore> m_store;
    Decoder m_decoder;
    SmallPasses m_small;
    const AheadLimits m_ahead;
    PinnedBuffer m_batchBuffer, m_logitsBuffer;
};

} // namespace

bool cudaEngineRunsOn(c10::Device device)
{
    return device.is_cuda() && capability(device) >= 8;
}

bool cudaEngineOverlapsOn(c10::Device device)
{
    return capability(device) >= 9;
}

bool cudaEngineSupports(const models::TransformerConfig &config)
{
    return config.headDim() == kHeadDim && config.embedding <= 4096;
}

std::unique_ptr<TransformerEngine> makeCudaEngine(const models::Transformer &model, const CudaEngineOptions &options)
{
    TORCH_CHECK(cudaEngineSupports(model.config), "the CUDA engine has no kernels for heads of ",
                model.config.headDim());
    const c10::InferenceMode inference;
    try {
        at::globalContext().lazyInitDevice(c10::kCUDA);
        const c10::cuda::CUDAStream stream = c10::cuda::getStreamFromPool(false, options.device.index());
        const c10::cuda::CUDAStreamGuard guard(stream);
        c10::cuda::device_synchronize(); // the model's weights are there
        return std::make_unique<CudaEngine>(model, options, stream);
    } catch (const std::exception &failure) {
        if (!models::isWantOfMemory(failure)) {
            throw;
        }
        throw Error(ErrorCode::OutOfMemory,
                    "The device's memory does not suffice for the transformer's weights; bf16 or "
                    "fp16 need half of it");
    }
}

CudaWays cudaWays(const TransformerEngine &engine)
{
    return static_cast<const CudaEngine &>(engine).ways();
}

} // namespace tessera::core
