// A renderer's model: opening it, and what it may take of memory.
#include <algorithm>
#include <chrono>

#include <c10/core/CachingDeviceAllocator.h>

#include "core/render/checks.h"
#include "core/render/memory.h"
#include "core/render/modelinfo.h"
#include "core/render/rendererprivate.h"
#include "core/render/system.h"
#include "core/sampling/enginechoice.h"
#include "models/error.h"

namespace tessera::core
{

namespace
{

using Clock = std::chrono::steady_clock;

void checkThreads(int threads)
{
    constexpr int kMost = 1024;
    if (threads < 0 || threads > kMost)
        throw Error(ErrorCode::InvalidArgument, "The number of threads is " + std::to_string(threads)
                                                    + "; expected 1 to " + std::to_string(kMost)
                                                    + ", or 0 for all cores.");
}

// Of a model and, on the CPU, of what its transformer laid out anew takes beside: a layer at a time, whose weights from
// the file go then, and the head.
uint64_t openingBytes(const models::ModelSummary &summary, const std::string &precision)
{
    const uint64_t weightBytes = precision == "int8" ? 1 : precision == "bf16" ? 2 : 4;
    uint64_t weights = 0;
    if (const auto &transformer = summary.config.transformer)
        weights = uint64_t(12 * transformer->embedding + transformer->vocabSize) * uint64_t(transformer->embedding);
    return summary.memoryBytes + weights * weightBytes;
}

// What may be kept of prefixes. Where it is wanted for pictures, it is given back (makeRoom).
uint64_t prefixBytes(uint64_t free)
{
    constexpr uint64_t kLeast = uint64_t(128) << 20, kMost = uint64_t(4) << 30;
    return std::clamp(free / 8, kLeast, kMost);
}

} // namespace

void Renderer::Private::open()
{
    const Clock::time_point start = Clock::now();
    device = resolvedDevice(options.device);
    const bool fast = options.precision == "fast"; // which is which depends on the model
    precision = resolvedPrecision(fast ? "auto" : options.precision, device);
    checkThreads(options.threads);
    const models::ModelSummary summary =
        run("Opening " + path.string(), [&] { return models::ModelBundle::inspect(path); });
    info = describedModel(summary);
    shape = summary.config.transformer;
    if (fast)
        precision = fastPrecision();
    const uint64_t needed = openingBytes(summary, precision), free = options.freeMemory();
    if (device == "cpu" && needed > free)
        throw Error(ErrorCode::OutOfMemory, summary.path.string() + " needs " + bytesText(needed)
                                                + " for its weights, but " + bytesText(free) + " are free.");
    run("Opening " + summary.path.string(), [&] {
        bundle = models::ModelBundle::open(path, c10::Device(device));
        makeEngine();
        if (engine)
            prefixes.emplace(*engine, bundle->config().transformer->unmasked, prefixBytes(options.freeMemory()));
        return 0;
    });
    info.identity = bundle->identity();
    loadSeconds = std::chrono::duration<double>(Clock::now() - start).count();
}

void Renderer::Private::openOn(const std::string &otherDevice, const std::string &otherPrecision)
{
    options.device = otherDevice;
    options.precision = otherPrecision;
    prefixes.reset();
    engine.reset();
    bundle.reset();
    pictures.distrust();
    dropWhatIsKept();
    open();
}

std::string Renderer::Private::fastPrecision() const
{
    return shape ? fastestPrecision(*shape, device) : "fp32";
}

void Renderer::Private::checkOpen() const
{
    if (!bundle || (bundle->config().transformer && !engine))
        throw Error(ErrorCode::OutOfMemory, path.string() + " was let go when memory ran out; open it again.");
}

void Renderer::Private::dropWhatIsKept()
{
    if (prefixes)
        prefixes->clear();
    if (engine)
        engine->freeCaches();
    pictures.keepLatest();
    if (device != "cpu")
        c10::getDeviceAllocator(c10::Device(device).type())->emptyCache();
}

ReliefChoices Renderer::Private::reliefChoices(GridSize canvas) const
{
    const bool gpu = device != "cpu";
    ReliefChoices choices;
    choices.halfPrecision =
        gpu && precision == "fp32" && offersPrecision(*bundle->config().transformer, device, "bf16");
    choices.tiles = hasSmallerTiles(bundle->config(), canvas, stageMemory(bundle->firstStage()));
    choices.cpu = gpu;
    return choices;
}

void Renderer::Private::makeEngine()
{
    if (!bundle->transformer())
        return;
    if (device == "cpu") {
        engine = cpuEngine(bundle->takeTransformer(), precision, at::get_num_threads());
        return;
    }
    ChosenEngine chosen = chooseEngine(*bundle->transformer(), device, precision, at::get_num_threads());
    engine = std::move(chosen.engine);
    if (chosen.ownsWeights)
        bundle->takeTransformer();
}

uint64_t Renderer::Private::bytesFor(const RenderRequest &request, GridSize canvas) const
{
    return renderBytes(bundle->config(), canvas, request.window, request.guidance != 1.0, engine->cacheBytes());
}

int Renderer::Private::together(const RenderRequest &request, int wanted) const
{
    constexpr int kMost = 8; // more rows a pass than that cost nearly as much as passes of their own
    static_assert(size_t(kMost) <= PictureMemory::kMost); // each holds on to its own
    const GridSize canvas = canvasOf(bundle->config(), request);
    int count = engine->keepsBitsInChunks() ? std::min(wanted, kMost) : 1;
    while (count > 1 && uint64_t(count) * bytesFor(request, canvas) > options.freeMemory())
        --count;
    return count;
}

void Renderer::Private::checkMemory(const RenderRequest &request) const
{
    if (device != "cpu")
        return; // a GPU's allocator answers for itself
    const GridSize canvas = canvasOf(bundle->config(), request);
    const uint64_t needed = bytesFor(request, canvas), kept = prefixes->bytes();
    const uint64_t free = kept + std::min(options.freeMemory(), ~kept); // which may be the greatest number
    if (needed <= free)
        return;
    const GridSize fitting = largestCanvas(request, free);
    const std::string advice = fitting.cells() > 0 ? "; about " + pixels(fitting, info.factor) + " would fit."
                                                   : "; not even one window would fit.";
    throw Error(ErrorCode::OutOfMemory, "A canvas of " + pixels(canvas, info.factor) + " needs about "
                                            + bytesText(needed) + " of memory, but " + bytesText(free) + " are free"
                                            + advice);
}

void Renderer::Private::checkStageMemory(const models::AutoencoderConfig &config, GridSize codes, uint64_t needed) const
{
    const uint64_t free = options.freeMemory();
    if (device == "cpu" && needed > free)
        throw Error(ErrorCode::OutOfMemory, "A picture of " + pixels(codes, int(config.factor())) + " needs about "
                                                + bytesText(needed) + " of memory, but " + bytesText(free)
                                                + " are free.");
}

// The same proportions in steps of a sixteenth, no side below a window; no cells when nothing fits.
GridSize Renderer::Private::largestCanvas(const RenderRequest &request, uint64_t bytes) const
{
    const GridSize canvas = canvasOf(bundle->config(), request);
    for (int step = 15; step >= 0; --step) {
        const GridSize smaller{std::max(info.window, canvas.rows * step / 16),
                               std::max(info.window, canvas.columns * step / 16)};
        if (bytesFor(request, smaller) <= bytes)
            return smaller;
    }
    return {};
}

const models::Autoencoder &Renderer::Private::conditionStage(const std::string &kind) const
{
    using models::ConditionKind;
    for (const ConditionKind known : {ConditionKind::Labels, ConditionKind::Depth, ConditionKind::Edges})
        if (const models::Autoencoder *stage = bundle->stageOf(known);
            stage && models::conditionKindName(known) == kind)
            return *stage;
    info.refuse(kind);
}

} // namespace tessera::core
