#include "app/train/benchmarks.h"

#include "models/error.h"

#ifdef TESSERA_HAVE_BENCHMARK

#include <cstdio>
#include <memory>
#include <regex>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "app/train/benchmarkcase.h"
#include "app/train/benchmarkmodels.h"
#include "app/train/enginebenchmarks.h"
#include "app/train/gpubenchmarks.h"
#include "app/train/rerenderbenchmarks.h"
#include "app/train/threads.h"
#include "core/landscape/landscape.h"
#include "models/bundle.h"
#include "models/training/mapaugment.h"

namespace tessera::train
{

namespace
{

constexpr int kLandscapeSide = 256;
constexpr int kMapSide = 128;

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

// Its config is null where there is none.
BenchmarkedModel addStarter(int threads, std::stop_token stop)
{
    try {
        models::ModelBundle::resolve("starter");
    } catch (const Error &error) {
        std::fprintf(stderr, "tessera-train: the starter's benchmarks are left out: %s\n", error.what());
        return {};
    }
    const auto starter =
        std::make_shared<Lazy<models::ModelBundle>>([] { return models::ModelBundle::open("starter"); });
    const BenchmarkedModel model{"starter", [starter] { return starter->get().config(); },
                                 [starter]() -> const models::Transformer & { return *starter->get().transformer(); }};
    addEngineBenchmarks(model, threads, stop);
    addCanvasBenchmarks(model, threads, stop);
    addRerenderBenchmarks(
        "starter", [starter]() -> const models::ModelBundle & { return starter->get(); }, threads, stop);
    addBenchmark("decode/starter", stop,
                 [starter](benchmark::State &state) { decode(state, starter->get().firstStage()); });
    return model;
}

BenchmarkedModel randomModel(const std::string &name, const std::function<models::ModelConfig()> &config,
                             const std::function<models::Transformer()> &make)
{
    const auto transformer = std::make_shared<Lazy<models::Transformer>>(make);
    return {name, config, [transformer]() -> const models::Transformer & { return transformer->get(); }};
}

BenchmarkedModel addPublishedSizes(int threads, std::stop_token stop)
{
    BenchmarkedModel model = randomModel("310M", publishedConfig, randomTransformer);
    for (const BenchmarkedModel &sized : {model, randomModel("20M", smallConfig, randomSmallTransformer)}) {
        addEngineBenchmarks(sized, threads, stop);
        addCanvasBenchmarks(sized, threads, stop);
    }
    const auto firstStage = std::make_shared<Lazy<models::Autoencoder>>(randomFirstStage);
    addBenchmark("decode/f16", stop, [firstStage](benchmark::State &state) { decode(state, firstStage->get()); });
    return model;
}

void addData(std::stop_token stop)
{
    addBenchmark("data/landscape", stop, [](benchmark::State &state) {
        uint32_t seed = 0;
        for (auto _ : state) {
            benchmark::DoNotOptimize(core::renderLandscape(seed++, kLandscapeSide, kLandscapeSide));
        }
    });
    const auto picture =
        std::make_shared<Lazy<core::Landscape>>([] { return core::renderLandscape(1, kMapSide, kMapSide); });
    addBenchmark("data/painted-map", stop, [picture](benchmark::State &state) {
        const core::Landscape &made = picture->get();
        const models::LabelSource source{made.width, made.height, made.object.data(), made.material.data(),
                                         made.depth.data()};
        uint64_t seed = 0;
        for (auto _ : state) {
            benchmark::DoNotOptimize(models::augmentedLabels(source, seed++));
        }
    });
}

// The library would tell of it only by running nothing.
void expectExpression(const std::string &filter)
{
    try {
        const std::regex expression(filter, std::regex::extended);
    } catch (const std::regex_error &error) {
        throw Error(ErrorCode::InvalidArgument,
                    "The filter '" + filter + "' is no regular expression: " + error.what() + ".");
    }
}

} // namespace

void runBenchmarks(const BenchmarkOptions &options, std::stop_token stop)
{
    setThreads(options.threads);
    expectExpression(options.filter);
    std::string program = "tessera-train", filter = "--benchmark_filter=" + options.filter;
    char *arguments[] = {program.data(), filter.data()};
    int count = options.filter.empty() ? 1 : 2;
    benchmark::Initialize(&count, arguments);
    const BenchmarkedModel starter = addStarter(options.threads, stop);
    const BenchmarkedModel published = addPublishedSizes(options.threads, stop);
    addGpuBenchmarks(published, starter, stop);
    addData(stop);
    benchmark::ConsoleReporter table(benchmark::ConsoleReporter::OO_Tabular);
    benchmark::JSONReporter json;
    benchmark::BenchmarkReporter &reporter = options.json ? static_cast<benchmark::BenchmarkReporter &>(json) : table;
    const size_t run = benchmark::RunSpecifiedBenchmarks(&reporter);
    benchmark::ClearRegisteredBenchmarks(); // what they keep on a GPU must go before the GPU's own library does
    benchmark::Shutdown();
    if (run == 0) {
        throw Error(ErrorCode::InvalidArgument,
                    "No benchmark matches the filter '" + options.filter
                        + "'; there are sample/, pass/, rerender/, decode/, data/ and, with a GPU, gpu/");
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
