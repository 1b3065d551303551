#include <algorithm>
#include <optional>

#include "core/render/checks.h"
#include "core/render/condition.h"
#include "core/render/encoding.h"
#include "core/render/jointrender.h"
#include "core/render/memory.h"
#include "core/render/recordjson.h"
#include "core/render/rendererprivate.h"
#include "models/error.h"

namespace tessera::core
{

void Renderer::Private::makeRoom(uint64_t bytes)
{
    if (bytes > options.freeMemory()) {
        prefixes->clear();
        engine->freeCaches(); // into which their memory went
    }
    const uint64_t free = options.freeMemory(), left = free - std::min(free, bytes), kept = prefixes->bytes();
    prefixes->limit(kept + std::min(left, ~kept)); // what is free may be the greatest number
}

RenderJob Renderer::Private::jobFor(const RenderRequest &request, std::stop_token stop, const RenderEvents &events)
{
    const GridSize canvas = canvasOf(bundle->config(), request);
    makeRoom(bytesFor(request, canvas));
    prefixes->beginPicture();
    KnownCodes &known = pictures.of(canvas, request.seed, request.variation);
    return {*bundle, request, std::move(stop), events, {&*prefixes, &known}};
}

std::vector<RenderResult> Renderer::Private::jointly(const RenderRequest &request, uint32_t first, int count,
                                                     const std::stop_token &stop, const RenderEvents &events)
{
    const GridSize canvas = canvasOf(bundle->config(), request);
    std::vector<RenderRequest> requests(size_t(count), request);
    std::vector<SampleAids> aids;
    makeRoom(uint64_t(count) * bytesFor(request, canvas));
    prefixes->beginPicture();
    for (int i = 0; i < count; ++i) {
        requests[size_t(i)].variation = first + uint32_t(i);
        aids.push_back({&*prefixes, &pictures.of(canvas, request.seed, first + uint32_t(i))});
    }
    return run("Rendering", [&] { return renderJointly(*bundle, *engine, requests, aids, stop, events); });
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
        m_renderer.checkOpen();
        m_renderer.checkMemory(m_request); // which may be another device's by now
        m_job.emplace(m_renderer.jobFor(m_request, m_stop, m_events));
        m_job->prepare(*m_renderer.engine, m_tiled);
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
            return m_renderer.openOn("cpu", "fp32");
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

namespace
{

// Found from any folder; the starter is wherever Tessera is.
std::string lastingName(const std::filesystem::path &model)
{
    return model == "starter" ? model.string() : std::filesystem::absolute(model).lexically_normal().string();
}

} // namespace

Renderer::Renderer(const std::filesystem::path &model, const RendererOptions &options)
    : m_private(std::make_unique<Private>())
{
    m_private->options = options;
    m_private->path = model;
    m_private->modelFile = lastingName(model);
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

std::string Renderer::fastPrecision() const
{
    return m_private->fastPrecision();
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

std::string Renderer::record(const RenderRequest &request, const RenderResult &result) const
{
    RenderRecord record{request, info().name, m_private->modelFile, device(), precision(), result.codes};
    record.request.modelIdentity = info().identity;
    record.reliefs = result.reliefs;
    return recordText(record, result.picture, result.conditionCodes);
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
        return result;
    });
}

std::vector<RenderResult> Renderer::renderVariations(const RenderRequest &request, int count, std::stop_token stop,
                                                     const RenderEvents &events)
{
    check(request);
    bool alone = events.preview && events.previewEvery > 0;
    std::vector<RenderResult> results;
    int together = 1;
    RenderEvents counted = events;
    if (events.progress)
        counted.progress = [&](RenderProgress progress) {
            const int picture = progress.codesTotal / together, later = count - int(results.size()) - together;
            progress.codesDone += picture * int(results.size());
            progress.codesTotal = picture * count;
            progress.secondsLeft += progress.codesPerSecond > 0 ? picture * later / progress.codesPerSecond : 0;
            events.progress(progress);
        };
    while (int(results.size()) < count && (results.empty() || results.back().finished)) {
        const auto first = uint32_t(results.size());
        together = alone ? 1 : m_private->together(request, count - int(first));
        if (together == 1) {
            RenderRequest one = request;
            one.variation = first;
            results.push_back(render(one, stop, counted));
            continue;
        }
        try {
            for (RenderResult &result : m_private->jointly(request, first, together, stop, counted))
                results.push_back(std::move(result));
        } catch (const Error &error) {
            if (error.code() != ErrorCode::OutOfMemory)
                throw;
            alone = true; // where memory can be won back
        }
    }
    return results;
}

RenderScore Renderer::score(const RenderRequest &request, const CodeGrid &codes,
                            const std::vector<WindowPolicy> &windows, std::stop_token stop,
                            const std::function<void(const RenderProgress &)> &progress)
{
    check(request);
    const models::ModelConfig &config = m_private->bundle->config();
    if (!(codes.size == canvasOf(config, request)))
        throw Error(ErrorCode::InvalidArgument, "The codes are " + pixels(codes.size, info().factor)
                                                    + " large, the canvas "
                                                    + pixels(canvasOf(config, request), info().factor) + ".");
    checkCodes(RequestPart::None, "The picture code", codes, config.firstStage.drawnCodes());
    return m_private->run("Scoring", [&] {
        return scoredCodes(*m_private->bundle, *m_private->engine, request, codes, windows, std::move(stop), progress);
    });
}

CodeGrid Renderer::encode(const Image &picture)
{
    m_private->checkOpen();
    const int factor = info().factor;
    checkPicture(m_private->bundle->config(), picture);
    if (const int64_t channels = m_private->bundle->config().firstStage.inChannels; channels != 3)
        throw Error(ErrorCode::ModelMismatch, info().path.string() + " encodes planes with a depth of "
                                                  + std::to_string(channels) + "; expected 3: red, green and blue.");
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
    checkCodes(RequestPart::None, "The picture code", codes, config.drawnCodes());
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
    checkWholeCode(RequestPart::Condition, "The label map", map.width, map.height, factor);
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
    checkWholeCode(RequestPart::Condition, "The depth or edge map", field.width, field.height, factor);
    m_private->checkEncodingMemory(stage.config, {field.height / factor, field.width / factor});
    return m_private->run("Encoding the map", [&] {
        return encodedField(stage, fieldToRead(config, *kind, field, {field.height, field.width}), stageMemory(stage));
    });
}

} // namespace tessera::core
