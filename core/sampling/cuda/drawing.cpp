#include "core/sampling/cuda/drawing.h"

#include <algorithm>
#include <array>

#include <ATen/ATen.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAStream.h>

#include "core/sampling/samplingparams.h"

namespace tessera::core::cuda
{

namespace
{

// Tells when the work queued so far is done.
class Event
{
public:
    Event() { C10_CUDA_CHECK(cudaEventCreateWithFlags(&m_event, cudaEventDisableTiming)); }
    ~Event() { C10_CUDA_CHECK_WARN(cudaEventDestroy(m_event)); }
    Event(const Event &) = delete;
    Event &operator=(const Event &) = delete;

    void record() { C10_CUDA_CHECK(cudaEventRecord(m_event, c10::cuda::getCurrentCUDAStream())); }
    void wait() { C10_CUDA_CHECK(cudaEventSynchronize(m_event)); }

private:
    cudaEvent_t m_event = nullptr;
};

// Host memory of the codes that are drawn in one go.
struct Row {
    explicit Row(int64_t count)
    {
        const at::TensorOptions pinned = at::TensorOptions().pinned_memory(true);
        noise = at::empty({Decoder::kDrawnAtOnce, count}, pinned.dtype(at::kFloat));
        logits = at::empty({Decoder::kDrawnAtOnce, count}, pinned.dtype(at::kFloat));
        drawn = at::empty({Decoder::kDrawnAtOnce}, pinned.dtype(at::kInt));
    }

    at::Tensor noise, logits, drawn;
    Event done;
};

class Drawing
{
public:
    Drawing(Decoder &decoder, const DrawTask &task)
        : m_decoder(decoder)
        , m_task(task)
        , m_rows{Row(task.count), Row(task.count)}
    {}
    // The device may still write what goes now.
    ~Drawing() { C10_CUDA_CHECK_WARN(cudaStreamSynchronize(c10::cuda::getCurrentCUDAStream())); }
    Drawing(const Drawing &) = delete;
    Drawing &operator=(const Drawing &) = delete;

    bool run(const StopFn &stopped)
    {
        const int64_t rows = (m_task.codes + Decoder::kDrawnAtOnce - 1) / Decoder::kDrawnAtOnce;
        for (int64_t row = 0; row < rows; ++row) {
            if (stopped && stopped()) {
                return false;
            }
            queue(row);
            if (row > 0 && !deliver(row - 1)) { // while the device is at the next one
                return false;
            }
        }
        return deliver(rows - 1);
    }

private:
    int64_t firstOf(int64_t row) const { return row * Decoder::kDrawnAtOnce; }
    int64_t codesOf(int64_t row) const { return std::min<int64_t>(Decoder::kDrawnAtOnce, m_task.codes - firstOf(row)); }

    void queue(int64_t index)
    {
        Row &row = m_rows[size_t(index % 2)];
        const int64_t codes = codesOf(index);
        if (!m_task.params->greedy) {
            m_task.noise(firstOf(index), codes, row.noise.mutable_data_ptr<float>());
        }
        m_decoder.startPlaces(m_task.params->greedy ? at::Tensor() : row.noise);
        for (int64_t i = 0; i < codes; ++i) {
            if (index == 0 && i == 0) {
                m_decoder.drawFirst();
            } else {
                m_decoder.decodeAndDraw();
            }
        }
        row.logits.copy_(m_decoder.guided().view(-1).narrow(0, 0, row.logits.numel()).view_as(row.logits), true);
        row.drawn.copy_(m_decoder.drawn(), true);
        row.done.record();
    }

    bool deliver(int64_t index)
    {
        Row &row = m_rows[size_t(index % 2)];
        row.done.wait();
        std::array<int64_t, Decoder::kDrawnAtOnce> codes{};
        std::copy_n(row.drawn.const_data_ptr<int32_t>(), codes.size(), codes.begin());
        return m_task.drawn({codes.data(), size_t(codesOf(index))}, row.logits.const_data_ptr<float>());
    }

    Decoder &m_decoder;
    const DrawTask &m_task;
    std::array<Row, 2> m_rows;
};

} // namespace

bool drawCodes(Decoder &decoder, const DrawTask &task, const at::Tensor &logits, const StopFn &stopped)
{
    const SamplingParams &params = *task.params;
    decoder.beginDrawing(task.streams, {task.first, task.count},
                         {params.temperature, params.topP, float(params.guidance),
                          int32_t(std::min(params.topK, task.count)), params.greedy ? 1 : 0},
                         logits);
    return Drawing(decoder, task).run(stopped);
}

} // namespace tessera::core::cuda
