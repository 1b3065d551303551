// One render from request to result: condition, sample, decode.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <utility>

#include "core/render/decoding.h"
#include "core/render/progressmeter.h"
#include "core/render/render.h"
#include "core/sampling/engine.h"
#include "core/sampling/sampler.h"
#include "models/bundle.h"

namespace tessera::core
{

// The bundle, request and events must outlive it, and so must what `aids` points to. REQUIRES: the request was
// checked.
class RenderJob
{
public:
    RenderJob(const models::ModelBundle &bundle, const RenderRequest &request, std::stop_token stop,
              const RenderEvents &events, SampleAids aids);

    // In this order: condition and what stays, once, in the smallest tiles if `tiled`; the codes, once, with this
    // engine or one that stands for it; then the picture, again after an error, in the smallest tiles if `tiled`; what
    // came of it.
    void prepare(const TransformerEngine &engine, bool tiled);
    // The same from a job that differs in seed and variation alone.
    void prepareAs(const RenderJob &other, const TransformerEngine &engine);
    void draw(TransformerEngine &engine);
    void decode(bool tiled);
    RenderResult take() { return std::move(m_result); }

private:
    using Clock = std::chrono::steady_clock;

    void plan(const TransformerEngine &engine);
    void encodeCondition(bool tiled);
    void encodeInitial(bool tiled);
    void draftCodes();
    void sample(TransformerEngine &engine);
    void onDrawn(const DrawnCode &drawn);
    void reportProgress(Cell origin);
    void reportPreview(const DrawnCode &drawn);
    void startPreviews();
    const Image &stoppedPicture();
    // In region editing the initial picture where nothing may change.
    Image finished(Image picture) const;

    const models::ModelBundle &m_bundle;
    const RenderRequest &m_request;
    const std::stop_token m_stop;
    const RenderEvents &m_events;
    const SampleAids m_aids;
    const int m_factor;

    SampleRequest m_sample;
    CodeGrid m_codes; // drawn or locked so far; elsewhere kNoCode, or the initial picture's in region editing
    WindowPlan m_plan;
    std::optional<ProgressMeter> m_meter;
    std::optional<PreviewDecoder> m_previews;
    RenderResult m_result;
};

// Renderer::score, checked.
RenderScore scoredCodes(const models::ModelBundle &bundle, TransformerEngine &engine, const RenderRequest &request,
                        const CodeGrid &codes, const std::vector<WindowPolicy> &windows, std::stop_token stop,
                        const std::function<void(const RenderProgress &)> &progress);

} // namespace tessera::core
