#include <algorithm>
#include <chrono>
#include <optional>

#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/InferenceMode.h>

#include "core/render/checks.h"
#include "core/render/condition.h"
#include "core/render/encoding.h"
#include "core/render/jointrender.h"
#include "core/render/memory.h"
#include "core/render/modelinfo.h"
#include "core/render/picturememory.h"
#include "core/render/relief.h"
#include "core/render/render.h"
#include "core/render/renderjob.h"
#include "core/render/system.h"
#include "core/render/translate.h"
#include "core/sampling/enginechoice.h"
#include "core/sampling/prefixstore.h"
#include "models/bundle.h"
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

// Of a model and, on the CPU, of what its transformer laid out anew takes beside: a layer at a time, whose weights from the
// file go then, and the head.
uint64_t openingBytes(const models::ModelSummary &summary, const std::string &precision)
{
    const uint64_t weightBytes = precision == "int8" ? 1 : precision == "bf16" ? 2 : 4;
    uint64_t weights = 0;
    if (const auto &transformer = summary.config.transformer)
        weights = uint64_t(12 * transformer->embedding + transformer->vocabSize) * uint64_t(transformer->embedding);
    return summary.memoryBytes + weights * weightBytes;
}

std::string pixels(GridSize canvas, int factor)
{
    return std::to_string(canvas.columns * factor) + " x " + std::to_string(canvas.rows * factor) + " pixels";
}

} // namespace

struct Renderer::Private {
    RendererOptions options;
    std::filesystem::path path;
    std::string device;
    std::string precision;
    ModelInfo info;
    std::optional<models::ModelBundle> bundle;
    std::unique_ptr<TransformerEngine> engine; // none for a first stage alone
    std::optional<PrefixStore> prefixes;       // with an engine
    PictureMemory pictures;
    double loadSeconds = 0;

    // Runs work that needs the networks: on the wanted number of threads, without gradients, errors in our words.
    template<typename Work>
    auto run(const std::string &doing, Work work) const
    {
        decltype(work()) result;
        translated(doing, [&] {
            const c10::InferenceMode inference;
            if (options.threads > 0)
                at::set_num_threads(options.threads); // per calling thread, so each call says it again
            result = work();
        });
        return result;
    }

    void open();
    // Lets everything go first. Where that fails, the renderer is of no use any more, and says so.
    void openOn(const std::string &otherDevice, const std::string &otherPrecision);
    void checkOpen() const;
    void makeEngine();
    void dropWhatIsKept();
    ReliefChoices reliefChoices(GridSize canvas) const;
    class Painting;
    // How many variations to draw together; 1 where that brings nothing or does not fit the free memory.
    int together(const RenderRequest &request, int wanted) const;
    std::vector<RenderResult> jointly(const RenderRequest &request, uint32_t first, int count,
                                      const std::stop_token &stop, const RenderEvents &events);
    RenderJob jobFor(const RenderRequest &request, std::stop_token stop, const RenderEvents &events);
    uint64_t bytesFor(const RenderRequest &request, GridSize canvas) const;
    void checkMemory(const RenderRequest &request) const;
    // `needed` bytes for a picture of so many codes.
    void checkStageMemory(const models::AutoencoderConfig &config, GridSize codes, uint64_t needed) const;
    void checkEncodingMemory(const models::AutoencoderConfig &config, GridSize codes) const
    {
        checkStageMemory(config, codes, encodingBytes(config, codes));
    }
    GridSize largestCanvas(const RenderRequest &request, uint64_t bytes) const;
    // The stage that reads maps of this kind, "labels" and so on.
    const models::Autoencoder &conditionStage(const std::string &kind) const;
};

void Renderer::Private::open()
{
    const Clock::time_point start = Clock::now();
    device = resolvedDevice(options.device);
    precision = resolvedPrecision(options.precision, device);
    checkThreads(options.threads);
    const models::ModelSummary summary = models::ModelBundle::inspect(path);
    info = describedModel(summary);
    const uint64_t needed = openingBytes(summary, precision);
    if (device == "cpu" && needed > availableMemory())
        throw Error(ErrorCode::OutOfMemory, summary.path.string() + " needs " + bytesText(needed)
                                                + " for its weights, but " + bytesText(availableMemory())
                                                + " are free.");
    run("Opening " + summary.path.string(), [&] {
        bundle = models::ModelBundle::open(path, c10::Device(device));
        makeEngine();
        if (engine)
            prefixes.emplace(*engine, bundle->config().transformer->unmasked);
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
    dropWhatIsKept();
    open();
}

void Renderer::Private::checkOpen() const
{
    if (!bundle)
        throw Error(ErrorCode::OutOfMemory, path.string() + " was let go when memory ran out; open it again.");
}

void Renderer::Private::dropWhatIsKept()
{
    if (prefixes)
        prefixes->clear();
    pictures.clear();
    if (device != "cpu")
        c10::getDeviceAllocator(c10::Device(device).type())->emptyCache();
}

ReliefChoices Renderer::Private::reliefChoices(GridSize canvas) const
{
    const models::Autoencoder &stage = bundle->firstStage();
    const bool gpu = device != "cpu";
    ReliefChoices choices;
    choices.halfPrecision =
        gpu && precision == "fp32" && offersPrecision(*bundle->config().transformer, device, "bf16");
    choices.tiles = decodingTile(stage.config, canvas, stageMemory(stage)) == 0;
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

// What is kept for speed makes room where a picture needs it.
RenderJob Renderer::Private::jobFor(const RenderRequest &request, std::stop_token stop, const RenderEvents &events)
{
    const GridSize canvas = canvasOf(bundle->config(), request);
    if (bytesFor(request, canvas) > availableMemory())
        prefixes->clear();
    KnownCodes &known = pictures.of(canvas, request.seed, request.variation);
    return {*bundle, request, std::move(stop), events, {&*prefixes, &known}};
}

int Renderer::Private::together(const RenderRequest &request, int wanted) const
{
    constexpr int kMost = 8; // more rows a pass than that cost nearly as much as passes of their own
    const GridSize canvas = canvasOf(bundle->config(), request);
    int count = engine->keepsBitsInChunks() ? std::min(wanted, kMost) : 1;
    while (count > 1 && uint64_t(count) * bytesFor(request, canvas) > availableMemory())
        --count;
    return count;
}

std::vector<RenderResult> Renderer::Private::jointly(const RenderRequest &request, uint32_t first, int count,
                                                     const std::stop_token &stop, const RenderEvents &events)
{
    const GridSize canvas = canvasOf(bundle->config(), request);
    std::vector<RenderRequest> requests(size_t(count), request);
    std::vector<SampleAids> aids;
    for (int i = 0; i < count; ++i) {
        requests[size_t(i)].variation = first + uint32_t(i);
        aids.push_back({&*prefixes, &pictures.of(canvas, request.seed, first + uint32_t(i))});
    }
    return run("Rendering", [&] { return renderJointly(*bundle, *engine, requests, aids, stop, events); });
}

void Renderer::Private::checkMemory(const RenderRequest &request) const
{
    if (device != "cpu")
        return; // a GPU's allocator answers for itself
    const GridSize canvas = canvasOf(bundle->config(), request);
    const uint64_t needed = bytesFor(request, canvas), free = availableMemory() + prefixes->bytes();
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
    const uint64_t free = availableMemory();
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
    throw Error(ErrorCode::InvalidArgument,
                info.paintsFrom.empty() ? "This model is a first stage alone and paints from nothing."
                                        : "This model paints from " + info.sources() + ", not from " + kind + ".");
}

// A render that can be relieved. A decoding that goes on elsewhere keeps the job, whose bundle stays in its place.
class Renderer::Private::Painting : public Relievable
{
public:
    Painting(Private &renderer, const RenderRequest &request, std::stop_token stop, const RenderEvents &events)
        : m_renderer(renderer)
        , m_request(request)
        , m_stop(std::move(stop))
        , m_events(events)
    {}

    void draw() override
    {
        m_job.emplace(m_renderer.jobFor(m_request, m_stop, m_events));
        m_job->prepare();
        m_job->draw(*m_renderer.engine);
    }
    void decode() override { m_job->decode(m_tiled); }
    void relieve(Relief relief) override
    {
        switch (relief) {
        case Relief::FreeMemory:
            return m_renderer.dropWhatIsKept();
        case Relief::HalfPrecision:
            return m_renderer.openOn(m_renderer.device, "bf16");
        case Relief::Tiles:
            m_tiled = true;
            return;
        case Relief::Cpu:
            m_renderer.openOn("cpu", "fp32");
            return m_renderer.checkMemory(m_request);
        }
    }

    RenderResult take() { return m_job->take(); }

private:
    Private &m_renderer;
    const RenderRequest &m_request;
    const std::stop_token m_stop;
    const RenderEvents &m_events;
    std::optional<RenderJob> m_job;
    bool m_tiled = false;
};

Renderer::Renderer(const std::filesystem::path &model, const RendererOptions &options)
    : m_private(std::make_unique<Private>())
{
    m_private->options = options;
    m_private->path = model;
    m_private->open();
}

Renderer::~Renderer() = default;

const ModelInfo &Renderer::info() const
{
    return m_private->info;
}

const std::string &Renderer::device() const
{
    return m_private->device;
}

const std::string &Renderer::precision() const
{
    return m_private->precision;
}

double Renderer::loadSeconds() const
{
    return m_private->loadSeconds;
}

RenderRequest Renderer::defaultRequest() const
{
    const ModelInfo &model = info();
    RenderRequest request;
    request.modelIdentity = model.identity;
    request.temperature = model.defaultTemperature;
    request.topK = model.defaultTopK;
    request.topP = model.defaultTopP;
    request.guidance = model.defaultGuidance;
    return request;
}

void Renderer::check(const RenderRequest &request) const
{
    m_private->checkOpen();
    checkRequest(m_private->bundle->config(), request);
    m_private->checkMemory(request);
}

RenderResult Renderer::render(const RenderRequest &request, std::stop_token stop, const RenderEvents &events)
{
    check(request);
    return m_private->run("Rendering", [&] {
        Private::Painting painting(*m_private, request, std::move(stop), events);
        const ReliefChoices choices = m_private->reliefChoices(canvasOf(m_private->bundle->config(), request));
        std::vector<Relief> reliefs = paintWithRelief(painting, choices, [&](Relief relief) {
            if (events.relieved)
                events.relieved(relief);
        });
        RenderResult result = painting.take();
        result.reliefs = std::move(reliefs);
        result.times.load = loadSeconds();
        return result;
    });
}

std::vector<RenderResult> Renderer::renderVariations(const RenderRequest &request, int count, std::stop_token stop,
                                                     const RenderEvents &events)
{
    check(request);
    bool alone = events.preview && events.previewEvery > 0;
    std::vector<RenderResult> results;
    while (int(results.size()) < count && (results.empty() || results.back().finished)) {
        const auto first = uint32_t(results.size());
        const int together = alone ? 1 : m_private->together(request, count - int(first));
        if (together == 1) {
            RenderRequest one = request;
            one.variation = first;
            results.push_back(render(one, stop, events));
            continue;
        }
        try {
            for (RenderResult &result : m_private->jointly(request, first, together, stop, events))
                results.push_back(std::move(result));
            results.back().times.load = loadSeconds();
        } catch (const Error &error) {
            if (error.code() != ErrorCode::OutOfMemory)
                throw;
            alone = true; // where memory can be won back
        }
    }
    return results;
}

RenderScore Renderer::score(const RenderRequest &request, const CodeGrid &codes, std::stop_token stop)
{
    check(request);
    const models::ModelConfig &config = m_private->bundle->config();
    if (!(codes.size == canvasOf(config, request)))
        throw Error(ErrorCode::InvalidArgument, "The codes are " + pixels(codes.size, info().factor)
                                                    + " large, the canvas "
                                                    + pixels(canvasOf(config, request), info().factor) + ".");
    checkCodes("The picture code", codes, config.firstStage.drawnCodes());
    return m_private->run("Scoring", [&] {
        RenderScore result = scoredCodes(*m_private->bundle, *m_private->engine, request, codes, std::move(stop));
        result.times.load = loadSeconds();
        return result;
    });
}

CodeGrid Renderer::encode(const Image &picture)
{
    m_private->checkOpen();
    const int factor = info().factor;
    checkPicture(m_private->bundle->config(), picture);
    m_private->checkEncodingMemory(m_private->bundle->config().firstStage,
                                   {picture.height / factor, picture.width / factor});
    return m_private->run("Encoding the picture", [&] {
        const models::Autoencoder &stage = m_private->bundle->firstStage();
        return encodedPicture(stage, picture, stageMemory(stage));
    });
}

Image Renderer::decode(const CodeGrid &codes)
{
    m_private->checkOpen();
    const models::AutoencoderConfig &config = m_private->bundle->config().firstStage;
    checkCodes("The picture code", codes, config.drawnCodes());
    m_private->checkStageMemory(config, codes.size, decodingBytes(config, codes.size));
    return m_private->run("Decoding the picture", [&] {
        const models::Autoencoder &stage = m_private->bundle->firstStage();
        return decodedPicture(stage, codes, stageMemory(stage)).picture;
    });
}

CodeGrid Renderer::encodeCondition(const LabelMap &map)
{
    m_private->checkOpen();
    const models::Autoencoder &stage = m_private->conditionStage("labels");
    checkLabels(m_private->bundle->config(), map);
    const int factor = int(stage.config.factor());
    checkWholeCode("The label map", map.width, map.height, factor);
    m_private->checkEncodingMemory(stage.config, {map.height / factor, map.width / factor});
    const std::string &labelSet = m_private->bundle->config().condition.labelSet;
    return m_private->run("Encoding the map", [&] { return encodedLabels(stage, labelSet, map, stageMemory(stage)); });
}

CodeGrid Renderer::encodeCondition(const FieldMap &field, const std::string &mapKind)
{
    m_private->checkOpen();
    RenderRequest request;
    request.condition = field;
    request.mapKind = mapKind;
    const models::ModelConfig &config = m_private->bundle->config();
    const std::optional<models::ConditionKind> kind = mapKindOf(config, request);
    const bool readable = kind == models::ConditionKind::Depth || kind == models::ConditionKind::Edges;
    const models::Autoencoder &stage =
        m_private->conditionStage(readable ? models::conditionKindName(*kind) : "a depth or edge map");
    checkField(field);
    const int factor = int(stage.config.factor());
    checkWholeCode("The depth or edge map", field.width, field.height, factor);
    m_private->checkEncodingMemory(stage.config, {field.height / factor, field.width / factor});
    return m_private->run("Encoding the map", [&] {
        return encodedField(stage, config.conditionOf(*kind)->edgeReach, field, stageMemory(stage));
    });
}

} // namespace tessera::core
