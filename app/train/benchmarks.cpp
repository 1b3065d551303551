#include "app/train/benchmarks.h"

#include "models/error.h"

#ifdef TESSERA_HAVE_BENCHMARK

#include <cstdio>
#include <functional>
#include <memory>

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "app/train/benchmarkmodels.h"
#include "app/train/threads.h"
#include "core/landscape/landscape.h"
#include "core/sampling/sampler.h"
#include "models/bundle.h"
#include "models/training/mapaugment.h"

namespace tessera::train
{

namespace
{

constexpr int kSampledCodes =
    32; // of the 256 of a 256 x 256 picture: enough to see the speed, prefix included
constexpr int kLandscapeSide = 256;
constexpr int kMapSide = 128;

// Made when first needed, kept for the repeated calls of a benchmark.
template<typename T>
class Lazy
{
public:
    explicit Lazy(std::function<T()> make) : m_make(std::move(make)) {}
    const T &get()
    {
        if (!m_value) {
            m_value = std::make_unique<T>(m_make());
        }
        return *m_value;
    }

private:
    std::function<T()> m_make;
    std::unique_ptr<T> m_value;
};

using Body = std::function<void(benchmark::State &)>;

void add(const std::string &name, std::stop_token stop, Body body)
{
    benchmark::RegisterBenchmark(name.c_str(), [stop, body = std::move(body)](benchmark::State &state) {
        if (stop.stop_requested()) {
            state.SkipWithError("interrupted");
            return;
        }
        body(state);
    })->Unit(benchmark::kMillisecond)->UseRealTime();
}

core::SampleRequest sampleRequest(const models::ModelConfig &config)
{
    core::SampleRequest request;
    const int window = int(config.window);
    request.canvas = {window, window};
    for (const models::ControlConfig &control : config.controls) {
        request.controlTokens.push_back(control.first);
    }
    const bool spatial = config.condition.stage.has_value();
    request.condition = core::CodeGrid(spatial ? request.canvas : core::GridSize{1, 1});
    request.params.temperature = config.sampling.temperature;
    request.params.topK = config.sampling.topK;
    request.params.topP = config.sampling.topP;
    request.params.guidance = config.sampling.guidance;
    return request;
}

void sampleCodes(benchmark::State &state, const models::ModelConfig &config,
                 const models::Transformer &transformer)
{
    const c10::InferenceMode inference;
    const auto engine = core::makeTorchEngine(transformer);
    const core::SampleRequest request = sampleRequest(config);
    for (auto _ : state) {
        std::stop_source enough;
        core::sampleCodes(config, *engine, request, enough.get_token(), [&](const core::DrawnCode &drawn) {
            if (drawn.done == kSampledCodes) {
                enough.request_stop();
            }
        });
    }
    state.counters["codes/s"] =
        benchmark::Counter(double(state.iterations()) * kSampledCodes, benchmark::Counter::kIsRate);
}

void decode(benchmark::State &state, const models::Autoencoder &firstStage)
{
    const c10::InferenceMode inference;
    const int64_t side = kLandscapeSide / firstStage.config.factor();
    const at::Tensor codes =
        at::arange(side * side, at::kLong).remainder(firstStage.config.codes).view({1, side, side});
    for (auto _ : state) {
        benchmark::DoNotOptimize(firstStage.decode(codes));
    }
}

void addStarter(std::stop_token stop)
{
    try {
        models::ModelBundle::resolve("starter");
    } catch (const Error &error) {
        std::fprintf(stderr, "tessera-train: the starter's benchmarks are left out: %s\n", error.what());
        return;
    }
    const auto starter =
        std::make_shared<Lazy<models::ModelBundle>>([] { return models::ModelBundle::open("starter"); });
    add("sample/starter", stop, [starter](benchmark::State &state) {
        const models::ModelBundle &model = starter->get();
        sampleCodes(state, model.config(), *model.transformer());
    });
    add("decode/starter", stop,
        [starter](benchmark::State &state) { decode(state, starter->get().firstStage()); });
}

void addPublishedSizes(std::stop_token stop)
{
    const auto transformer = std::make_shared<Lazy<models::Transformer>>(randomTransformer);
    add("sample/310M", stop, [transformer](benchmark::State &state) {
        sampleCodes(state, publishedConfig(), transformer->get());
    });
    const auto firstStage = std::make_shared<Lazy<models::Autoencoder>>(randomFirstStage);
    add("decode/f16", stop, [firstStage](benchmark::State &state) { decode(state, firstStage->get()); });
}

void addData(std::stop_token stop)
{
    add("data/landscape", stop, [](benchmark::State &state) {
        uint32_t seed = 0;
        for (auto _ : state) {
            benchmark::DoNotOptimize(core::renderLandscape(seed++, kLandscapeSide, kLandscapeSide));
        }
    });
    const auto picture = std::make_shared<Lazy<core::Landscape>>(
        [] { return core::renderLandscape(1, kMapSide, kMapSide); });
    add("data/painted-map", stop, [picture](benchmark::State &state) {
        const core::Landscape &made = picture->get();
        const models::LabelSource source{made.width, made.height, made.object.data(), made.material.data(),
                                         made.depth.data()};
        uint64_t seed = 0;
        for (auto _ : state) {
            benchmark::DoNotOptimize(models::augmentedLabels(source, seed++));
        }
    });
}

} // namespace

void runBenchmarks(const BenchmarkOptions &options, std::stop_token stop)
{
    setThreads(options.threads);
    std::string program = "tessera-train", filter = "--benchmark_filter=" + options.filter;
    char *arguments[] = {program.data(), filter.data()};
    int count = options.filter.empty() ? 1 : 2;
    benchmark::Initialize(&count, arguments);
    addStarter(stop);
    addPublishedSizes(stop);
    addData(stop);
    benchmark::ConsoleReporter table(benchmark::ConsoleReporter::OO_Tabular);
    benchmark::JSONReporter json;
    benchmark::BenchmarkReporter &reporter =
        options.json ? static_cast<benchmark::BenchmarkReporter &>(json) : table;
    const size_t run = benchmark::RunSpecifiedBenchmarks(&reporter);
    benchmark::Shutdown();
    if (run == 0) {
        throw Error(ErrorCode::InvalidArgument, "No benchmark matches the filter '" + options.filter +
                                                    "'; there are sample/, decode/ and data/");
    }
}

} // namespace tessera::train

#else

namespace tessera::train
{

void runBenchmarks(const BenchmarkOptions &, std::stop_token)
{
    throw Error(ErrorCode::InvalidArgument,
                "This tessera-train was built without Google Benchmark, which 'bench' needs");
}

} // namespace tessera::train

#endif
