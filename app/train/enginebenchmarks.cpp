#ifdef TESSERA_HAVE_BENCHMARK

#include "app/train/enginebenchmarks.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "app/train/benchmarkcanvas.h"
#include "app/train/benchmarkcase.h"
#include "core/sampling/cpu/cpuengine.h"
#include "core/sampling/sampler.h"

namespace tessera::train
{

namespace
{

constexpr int kSampledCodes = 32; // of the 256 of a 256 x 256 picture: enough to see the speed, prefix included

struct Engine {
    const char *name;
    bool own; // or LibTorch's
    core::CpuPrecision precision;
    double weightBytes;
};

constexpr Engine kEngines[] = {{"torch", false, core::CpuPrecision::Float32, 4},
                               {"fp32", true, core::CpuPrecision::Float32, 4},
                               {"bf16", true, core::CpuPrecision::BFloat16, 2},
                               {"int8", true, core::CpuPrecision::Int8, 1}};

std::unique_ptr<core::TransformerEngine> makeEngine(const Engine &engine, const models::Transformer &transformer,
                                                    int threads)
{
    if (!engine.own)
        return core::makeTorchEngine(transformer);
    return core::makeCpuEngine(transformer, {engine.precision, threads > 0 ? threads : at::get_num_threads(), {}});
}

void sample(benchmark::State &state, const models::ModelConfig &config, core::TransformerEngine &engine)
{
    const int window = int(config.window);
    const core::SampleRequest request = benchmarkRequest(config, {window, window});
    for (auto _ : state) {
        std::stop_source enough;
        core::sampleCodes(config, engine, request, enough.get_token(), [&](const core::DrawnCode &drawn) {
            if (drawn.done == kSampledCodes)
                enough.request_stop();
        });
    }
    state.counters["codes/s"] =
        benchmark::Counter(double(state.iterations()) * kSampledCodes, benchmark::Counter::kIsRate);
}

// Larger than one window, so that windows slide.
struct Canvas {
    const char *name;
    core::GridSize size;
    core::WindowPolicy policy;
};

const Canvas kCanvases[] = {{"512x256/exact", {16, 32}, {}},
                            {"1024x512/block:8", {32, 64}, {core::WindowPolicy::Kind::Block, 8}}};

// With an engine of its own: kept, the weights of all cases would not fit side by side.
void sampleWhole(benchmark::State &state, const BenchmarkedModel &model, const Engine &engine, int threads,
                 const Canvas &canvas, const std::stop_token &stop)
{
    BenchmarkCanvas painting(model.config(), makeEngine(engine, model.transformer(), threads), canvas.size,
                             canvas.policy);
    for (auto _ : state)
        benchmark::DoNotOptimize(painting.paint(stop).values.data());
    state.counters["codes/s"] =
        benchmark::Counter(double(state.iterations()) * painting.codes(), benchmark::Counter::kIsRate);
}

// Windows that all see the same; opened anew when they are full.
class Batch
{
public:
    Batch(core::TransformerEngine &engine, const models::ModelConfig &config, int rows)
        : m_engine(engine)
        , m_config(config)
        , m_prefix(size_t(std::max<int64_t>(1, config.transformer->unmasked)))
        , m_inputs(size_t(rows))
        , m_logits(size_t(rows * config.imageTokens.count))
    {
        open();
    }

    bool full() const { return m_caches.front()->length() == m_config.transformer->blockSize; }

    void open()
    {
        m_caches.clear();
        for (core::EngineInput &input : m_inputs)
            input = {m_caches.emplace_back(m_engine.makeCache()).get(), m_prefix};
        append();
        for (core::EngineInput &input : m_inputs)
            input.tokens = {m_prefix.data(), 1};
    }

    void append()
    {
        m_engine.append(m_inputs, m_config.imageTokens.first, m_config.imageTokens.count, m_logits.data());
    }

private:
    core::TransformerEngine &m_engine;
    const models::ModelConfig &m_config;
    std::vector<int64_t> m_prefix;
    std::vector<std::unique_ptr<core::WindowCache>> m_caches;
    std::vector<core::EngineInput> m_inputs;
    std::vector<float> m_logits;
};

double passedWeights(const models::ModelConfig &config)
{
    const models::TransformerConfig &shape = *config.transformer;
    return double(shape.embedding) * double(12 * shape.layers * shape.embedding + config.imageTokens.count);
}

void pass(benchmark::State &state, const models::ModelConfig &config, core::TransformerEngine &engine, int rows,
          double weightBytes)
{
    Batch batch(engine, config, rows);
    for (auto _ : state) {
        if (batch.full()) {
            state.PauseTiming();
            batch.open();
            state.ResumeTiming();
        }
        batch.append();
    }
    const double passes = double(state.iterations());
    state.counters["codes/s"] = benchmark::Counter(passes * rows, benchmark::Counter::kIsRate);
    state.counters["GB/s"] =
        benchmark::Counter(passes * passedWeights(config) * weightBytes * 1e-9, benchmark::Counter::kIsRate);
}

} // namespace

void addCanvasBenchmarks(const BenchmarkedModel &model, int threads, std::stop_token stop)
{
    for (const Canvas &canvas : kCanvases) {
        for (const Engine &engine : kEngines) {
            if (!engine.own) // LibTorch's takes minutes
                continue;
            addBenchmark("sample/" + model.name + "/" + engine.name + "/" + canvas.name, stop,
                         [=](benchmark::State &state) {
                             const c10::InferenceMode inference;
                             sampleWhole(state, model, engine, threads, canvas, stop);
                         });
        }
    }
}

void addEngineBenchmarks(const BenchmarkedModel &model, int threads, std::stop_token stop)
{
    for (const Engine &engine : kEngines) {
        addBenchmark("sample/" + model.name + "/" + engine.name, stop, [=](benchmark::State &state) {
            const c10::InferenceMode inference;
            sample(state, model.config(), *makeEngine(engine, model.transformer(), threads));
        });
    }
    for (const Engine &engine : kEngines) {
        for (const int rows : {1, 4, 16}) {
            const std::string name = "pass/" + model.name + "/" + engine.name + "/" + std::to_string(rows);
            addBenchmark(name, stop, [=](benchmark::State &state) {
                const c10::InferenceMode inference;
                pass(state, model.config(), *makeEngine(engine, model.transformer(), threads), rows,
                     engine.weightBytes);
            });
        }
    }
}

} // namespace tessera::train

#endif
