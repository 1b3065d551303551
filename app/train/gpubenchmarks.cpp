#ifdef TESSERA_HAVE_BENCHMARK

#include "app/train/gpubenchmarks.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "app/train/benchmarkcanvas.h"
#include "app/train/benchmarkcase.h"
#include "app/train/benchmarkmodels.h"
#include "core/landscape/device.h"
#include "core/sampling/enginechoice.h"
#include "models/device.h"
#include "models/parameters.h"

#ifdef TESSERA_CUDA_ENGINE
#include "core/sampling/cuda/cudaengine.h"
#endif
#ifdef TESSERA_LANDSCAPE_CUDA
#include "core/landscape/cuda/cudapainter.h"
#endif

namespace tessera::train
{

namespace
{

using MakeEngine = std::function<std::unique_ptr<core::TransformerEngine>(const models::Transformer &)>;

const std::string kGpu = "cuda:0";

// A benchmark that fails leaves the others alone.
void addGuarded(const std::string &name, std::stop_token stop, BenchmarkBody body)
{
    addBenchmark(name, stop, [body = std::move(body)](benchmark::State &state) {
        const c10::InferenceMode inference;
        try {
            body(state);
        } catch (const std::exception &error) {
            state.SkipWithError(error.what());
        }
    });
}

using SharedPainting = std::shared_ptr<Lazy<std::unique_ptr<BenchmarkCanvas>>>;

// Made when first needed, and used once: what is made at the first use is not to be timed.
SharedPainting sharedPainting(const BenchmarkedModel &model, MakeEngine makeEngine, core::GridSize canvas)
{
    return std::make_shared<Lazy<std::unique_ptr<BenchmarkCanvas>>>([=] {
        auto painting = std::make_unique<BenchmarkCanvas>(model.config(), makeEngine(model.transformer()), canvas);
        painting->paint();
        return painting;
    });
}

void countCodes(benchmark::State &state, int codes)
{
    state.counters["codes/s"] = benchmark::Counter(double(state.iterations()) * codes, benchmark::Counter::kIsRate);
}

void addSampling(const std::string &name, const SharedPainting &shared, std::stop_token stop)
{
    addGuarded(name, stop, [shared](benchmark::State &state) {
        BenchmarkCanvas &painting = *shared->get();
        for (auto _ : state)
            benchmark::DoNotOptimize(painting.paint().values.data());
        countCodes(state, painting.codes());
    });
}

MakeEngine engineOf(const std::string &precision)
{
    return [precision](const models::Transformer &transformer) {
        return core::chooseEngine(transformer, kGpu, precision, 0).engine;
    };
}

void addModel(const BenchmarkedModel &model, std::stop_token stop)
{
    for (const std::string &precision : core::enginePrecisions(kGpu)) {
        addSampling("gpu/sample/" + model.name + "/256x256/" + precision,
                    sharedPainting(model, engineOf(precision), {16, 16}), stop);
    }
}

// On the GPU in the layout that its convolutions prefer.
models::Autoencoder firstStageOnGpu(at::ScalarType type)
{
    models::FreshSource source(2);
    const models::AutoencoderConfig config = publishedConfig().firstStage;
    models::Autoencoder::create(config, source);
    models::StateDict tensors = source.tensors();
    for (auto &[name, tensor] : tensors) {
        tensor = tensor.to(c10::Device(kGpu), type);
        if (tensor.dim() == 4)
            tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
    }
    models::StateDictSource moved(tensors);
    return models::Autoencoder::create(config, moved);
}

at::Tensor decoded(const models::Autoencoder &stage, const core::CodeGrid &codes)
{
    const at::Tensor values = at::tensor(codes.values, at::kLong).view({1, codes.size.rows, codes.size.columns});
    return stage.decode(values.to(c10::Device(kGpu))).add(1).mul(127.5).clamp(0, 255).to(at::kByte).cpu();
}

using SharedStage = std::shared_ptr<Lazy<models::Autoencoder>>;

void addDecoding(const std::string &precision, const SharedStage &stage, std::stop_token stop)
{
    addGuarded("gpu/decode/f16/" + precision, stop, [stage](benchmark::State &state) {
        core::CodeGrid codes(core::GridSize{16, 16});
        for (size_t i = 0; i < codes.values.size(); ++i)
            codes.values[i] = int64_t(i * 3);
        decoded(stage->get(), codes);
        for (auto _ : state)
            benchmark::DoNotOptimize(decoded(stage->get(), codes));
    });
}

#ifdef TESSERA_LANDSCAPE_CUDA

constexpr int kLandscapeSide = 320;

// Pictures a second from the fifth batch on: those before were made ahead while the first picture was checked. Throws
// when the GPU leaves them to the processor.
double landscapesPerSecond(int count)
{
    using Clock = std::chrono::steady_clock;
    const int batch = core::makeCudaPainter(0, kLandscapeSide, kLandscapeSide, 1)->room();
    constexpr int kAhead = 4; // batches
    int taken = 0;
    Clock::time_point start, last;
    core::generateLandscapesOnGpu(
        0, 0, count, kLandscapeSide, kLandscapeSide, int(std::max(1U, std::thread::hardware_concurrency())), {},
        [&](uint32_t, core::Landscape &&) {
            last = Clock::now();
            if (++taken == kAhead * batch)
                start = last;
        },
        1, [](const std::string &sentence) { throw std::runtime_error(sentence); });
    return (taken - kAhead * batch) / std::chrono::duration<double>(last - start).count();
}

void addLandscapes(std::stop_token stop)
{
    constexpr int kPictures = 2000;
    const std::string name = "gpu/landscape/" + std::to_string(kLandscapeSide) + "x" + std::to_string(kLandscapeSide);
    addGuarded(name, stop, [](benchmark::State &state) {
        double rate = 0;
        for (auto _ : state)
            rate = landscapesPerSecond(kPictures);
        state.counters["pictures/s"] = rate;
    });
    addGuarded(name + "/paint", stop, [](benchmark::State &state) {
        const auto painter = core::makeCudaPainter(0, kLandscapeSide, kLandscapeSide, 1);
        std::vector<std::unique_ptr<core::Scene>> scenes;
        std::vector<core::BatchPainter::Picture> pictures;
        for (int i = 0; i < painter->room(); ++i) {
            scenes.push_back(std::make_unique<core::Scene>(core::makeScene(uint32_t(i))));
            scenes.back()->camera.columns = kLandscapeSide;
            pictures.push_back({scenes.back().get(), i});
        }
        for (auto _ : state) {
            painter->begin(pictures);
            benchmark::DoNotOptimize(painter->collect());
        }
        state.counters["pictures/s"] =
            benchmark::Counter(double(state.iterations()) * painter->room(), benchmark::Counter::kIsRate);
    });
}

#endif

} // namespace

void addGpuBenchmarks(const BenchmarkedModel &published, const BenchmarkedModel &starter, std::stop_token stop)
{
    if (models::gpuCount() == 0)
        return;
    addModel(published, stop);
    const auto small = std::make_shared<Lazy<models::Transformer>>(randomSmallTransformer);
    addModel({"20M", smallConfig, [small]() -> const models::Transformer & { return small->get(); }}, stop);
    if (starter.config)
        addModel(starter, stop);
#ifdef TESSERA_CUDA_ENGINE
    // A kernel for each part of a layer, side by side and one after the other.
    for (const bool overlap : {true, false}) {
        addSampling(std::string("gpu/sample/310M/256x256/bf16/") + (overlap ? "kernels" : "apart"),
                    sharedPainting(published,
                                   [overlap](const models::Transformer &transformer) {
                                       return core::makeCudaEngine(transformer,
                                                                   {.precision = core::CudaPrecision::BFloat16,
                                                                    .overlap = overlap,
                                                                    .whole = false});
                                   },
                                   {16, 16}),
                    stop);
    }
    // A large canvas without recorded passes, and with windows fed further ahead or less.
    for (const int steps : {1, 2, 8}) {
        for (const bool recorded : {true, false}) {
            addSampling("gpu/sample/310M/1024x672/bf16/" + std::to_string(steps) + (recorded ? "ahead" : "unrecorded"),
                        sharedPainting(published,
                                       [steps, recorded](const models::Transformer &transformer) {
                                           return core::makeCudaEngine(transformer,
                                                                       {.precision = core::CudaPrecision::BFloat16,
                                                                        .stepsAhead = steps,
                                                                        .recordSmall = recorded});
                                       },
                                       {42, 64}),
                        stop);
        }
    }
#endif
#ifdef TESSERA_LANDSCAPE_CUDA
    addLandscapes(stop);
#endif
    const std::string precision = core::enginePrecisions(kGpu).size() > 1 ? "bf16" : "fp32";
    addSampling("gpu/sample/310M/1024x672/" + precision, sharedPainting(published, engineOf(precision), {42, 64}),
                stop);
    const auto wide = std::make_shared<Lazy<models::Autoencoder>>([] { return firstStageOnGpu(at::kFloat); }),
               half = std::make_shared<Lazy<models::Autoencoder>>([] { return firstStageOnGpu(at::kBFloat16); });
    addDecoding("fp32", wide, stop);
    addDecoding("bf16", half, stop);
    const SharedPainting painting = sharedPainting(published, engineOf(precision), {16, 16});
    addGuarded("gpu/picture/310M/256x256/" + precision, stop, [painting, half](benchmark::State &state) {
        decoded(half->get(), painting->get()->paint());
        for (auto _ : state)
            benchmark::DoNotOptimize(decoded(half->get(), painting->get()->paint()));
        countCodes(state, painting->get()->codes());
    });
}

} // namespace tessera::train

#endif
