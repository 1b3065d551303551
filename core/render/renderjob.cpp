#include "core/render/renderjob.h"

#include <algorithm>
#include <numeric>

#include <ATen/ATen.h>

#include "core/render/checks.h"
#include "core/render/condition.h"
#include "core/render/encoding.h"
#include "core/render/memory.h"
#include "core/render/regionedit.h"
#include "core/render/translate.h"
#include "core/sampling/knowncodes.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/score.h"
#include "models/error.h"

namespace tessera::core
{

namespace
{

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

SamplingParams paramsOf(const RenderRequest &request)
{
    SamplingParams params;
    params.seed = request.seed;
    params.variation = request.variation;
    params.temperature = request.temperature;
    params.topK = request.topK;
    params.topP = request.topP;
    params.guidance = request.guidance;
    params.greedy = request.greedy;
    params.window = request.window;
    return params;
}

} // namespace

RenderScore scoredCodes(const models::ModelBundle &bundle, TransformerEngine &engine, const RenderRequest &request,
                        const CodeGrid &codes, const std::vector<WindowPolicy> &windows, std::stop_token stop,
                        const std::function<void(const RenderProgress &)> &progress)
{
    const Clock::time_point start = Clock::now();
    ScoreRequest score;
    score.codes = codes;
    score.controlTokens = controlTokens(bundle.config(), request.controls);
    score.condition = conditionGrid(bundle, request, codes.size, false, stop);
    score.kind = mapKindOf(bundle.config(), request);
    score.guidance = request.guidance;
    score.windows = windows;
    RenderScore result;
    result.times.condition = secondsSince(start);
    const Clock::time_point judging = Clock::now();
    const auto scored = [&](int done, int total) {
        const double seconds = secondsSince(judging);
        if (progress)
            progress({done, total, done / seconds, seconds / done * (total - done), {}});
    };
    ScoreResult judged = scoreCodes(bundle.config(), engine, score, std::move(stop), scored);
    result.times.sample = secondsSince(judging);
    result.times.total = secondsSince(start);
    result.policies = std::move(judged.policies);
    result.finished = judged.finished;
    return result;
}

RenderJob::RenderJob(const models::ModelBundle &bundle, const RenderRequest &request, std::stop_token stop,
                     const RenderEvents &events, SampleAids aids)
    : m_bundle(bundle)
    , m_request(request)
    , m_stop(std::move(stop))
    , m_events(events)
    , m_aids(aids)
    , m_factor(int(bundle.config().firstStage.factor()))
{
    m_sample.canvas = canvasOf(bundle.config(), request);
    m_sample.controlTokens = controlTokens(bundle.config(), request.controls);
    m_sample.params = paramsOf(request);
    m_codes = CodeGrid(m_sample.canvas, kNoCode);
}

void RenderJob::prepare(const TransformerEngine &engine, bool tiled)
{
    const Clock::time_point start = Clock::now();
    plan(engine);
    if (!m_plan.steps.empty()) // what comes before the first code takes a while on a large canvas or model
        reportProgress(m_plan.steps.front().codes.front().origin);
    encodeCondition(tiled);
    encodeInitial(tiled);
    draftCodes();
    m_result.times.condition = m_result.times.total = secondsSince(start);
}

void RenderJob::prepareAs(const RenderJob &other, const TransformerEngine &engine)
{
    plan(engine);
    m_sample.condition = other.m_sample.condition;
    m_sample.kind = other.m_sample.kind;
    m_sample.initial = other.m_sample.initial;
    if (m_request.region)
        m_codes = m_sample.initial;
    draftCodes();
}

void RenderJob::draw(TransformerEngine &engine)
{
    const Clock::time_point start = Clock::now();
    sample(engine);
    m_result.times.sample = secondsSince(start);
    m_result.times.total += m_result.times.sample;
}

void RenderJob::plan(const TransformerEngine &engine)
{
    const models::ModelConfig &config = m_bundle.config();
    if (m_request.region)
        m_sample.locked = lockedCells(*m_request.region, m_sample.canvas, m_factor);
    m_plan = planFor(config, m_sample.canvas, m_sample.params.window, engine.gainsFromBatches(), m_sample.locked);
    m_meter.emplace(m_plan, config.prefixLength());
}

void RenderJob::encodeCondition(bool tiled)
{
    m_sample.condition = conditionGrid(m_bundle, m_request, m_sample.canvas, tiled, m_stop);
    m_sample.kind = mapKindOf(m_bundle.config(), m_request);
}

// What lies around a region.
void RenderJob::encodeInitial(bool tiled)
{
    if (!m_request.region)
        return;
    const models::Autoencoder &stage = m_bundle.firstStage();
    m_sample.initial = m_request.initialCodes
                           ? *m_request.initialCodes
                           : encodedPicture(stage, *m_request.initial, tiled ? 0 : stageMemory(stage), m_stop);
    m_codes = m_sample.initial;
}

// The picture before: what an edit does not reach stays as it was.
void RenderJob::draftCodes()
{
    const bool any =
        std::ranges::any_of(m_aids.known->values, [](const KnownCode &known) { return known.code != kNoCode; });
    if (!any)
        return;
    m_sample.draft = CodeGrid(m_sample.canvas);
    std::ranges::transform(m_aids.known->values, m_sample.draft.values.begin(), &KnownCode::code);
}

void RenderJob::sample(TransformerEngine &engine)
{
    m_meter->begin(Clock::now());
    SampleResult sampled = sampleCodes(
        m_bundle.config(), engine, m_sample, m_plan, m_stop, [this](const DrawnCode &drawn) { onDrawn(drawn); },
        m_aids);
    m_result.finished = sampled.finished;
    m_result.passes = sampled.passes;
    // Codes not drawn count 0.
    const double nats =
        -std::accumulate(sampled.logProbability.values.begin(), sampled.logProbability.values.end(), 0.0);
    m_result.natsPerCode = m_result.drawn > 0 ? nats / m_result.drawn : 0;
    m_result.codes = std::move(sampled.codes);
    m_result.conditionCodes = m_sample.condition;
    m_result.logProbability = std::move(sampled.logProbability);
    m_result.entropy = std::move(sampled.entropy);
}

void RenderJob::onDrawn(const DrawnCode &drawn)
{
    m_codes.at(drawn.cell) = drawn.code;
    m_result.drawn = drawn.done;
    m_meter->count(drawn.cell);
    reportProgress(drawn.origin);
    if (m_events.preview && m_events.previewEvery > 0 && drawn.done % m_events.previewEvery == 0
        && drawn.done < drawn.total)
        reportPreview(drawn);
}

void RenderJob::reportProgress(Cell origin)
{
    const Clock::time_point now = Clock::now();
    if (!m_events.progress || !m_meter->due(now))
        return;
    RenderProgress progress = m_meter->report(now);
    const int side = int(m_bundle.config().window) * m_factor;
    progress.windowRect = {origin.column * m_factor, origin.row * m_factor, side, side};
    m_events.progress(progress);
}

void RenderJob::reportPreview(const DrawnCode &drawn)
{
    RenderPreview preview;
    try {
        translated("Previewing", [&] {
            if (!m_previews)
                startPreviews();
            preview.changed = m_previews->update(m_codes, m_stop);
            preview.picture = finished(m_previews->picture());
        });
    } catch (const Error &error) {
        if (error.code() != ErrorCode::OutOfMemory)
            throw;
        m_previews.reset(); // the picture goes on; the next preview may find memory
        return;
    }
    preview.codesDone = drawn.done;
    m_events.preview(preview);
}

void RenderJob::startPreviews()
{
    if (m_request.region)
        m_previews.emplace(m_bundle.firstStage(), m_sample.initial, *m_request.initial);
    else
        m_previews.emplace(m_bundle.firstStage(), m_sample.canvas);
}

void RenderJob::decode(bool tiled)
{
    if (!m_result.finished && !m_events.decodeStopped())
        return;
    const Clock::time_point start = Clock::now();
    if (m_result.finished) {
        const models::Autoencoder &stage = m_bundle.firstStage();
        DecodedPicture decoded =
            decodedPicture(stage, m_codes, tiled ? 0 : stageMemory(stage), m_stop, m_events.decodeStopped);
        m_result.finished = decoded.complete;
        if (!decoded.picture.empty())
            m_result.picture = finished(std::move(decoded.picture));
        else if (m_previews && m_events.decodeStopped())
            m_result.picture = finished(m_previews->picture());
    } else { // whoever stops does not wait for a large canvas of which little is drawn
        m_result.picture = finished(stoppedPicture());
    }
    m_result.times.decode = secondsSince(start);
    m_result.times.total += m_result.times.decode;
}

const Image &RenderJob::stoppedPicture()
{
    if (!m_previews)
        startPreviews();
    try {
        m_previews->update(m_codes);
    } catch (...) {
        m_previews.reset(); // its statistics may lie on a device that is given up now
        throw;
    }
    return m_previews->picture();
}

Image RenderJob::finished(Image picture) const
{
    return m_request.region ? blended(*m_request.initial, picture, m_sample.locked, m_factor) : std::move(picture);
}

} // namespace tessera::core
