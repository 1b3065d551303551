#include "app/train/benchmarkcanvas.h"

#include <utility>

#include "core/sampling/planwalk.h"

namespace tessera::train
{

core::SampleRequest benchmarkRequest(const models::ModelConfig &config, core::GridSize canvas)
{
    core::SampleRequest request;
    request.canvas = canvas;
    for (const models::ControlConfig &control : config.controls)
        request.controlTokens.push_back(control.first);
    request.condition = core::CodeGrid(config.condition.stage ? canvas : core::GridSize{1, 1});
    request.params.temperature = config.sampling.temperature;
    request.params.topK = config.sampling.topK;
    request.params.topP = config.sampling.topP;
    request.params.guidance = config.sampling.guidance;
    return request;
}

BenchmarkCanvas::BenchmarkCanvas(models::ModelConfig config, std::unique_ptr<core::TransformerEngine> engine,
                                 core::GridSize canvas, core::WindowPolicy policy)
    : m_config(std::move(config))
    , m_engine(std::move(engine))
    , m_request(benchmarkRequest(m_config, canvas))
    , m_plan(core::planFor(m_config, canvas, policy, m_engine->gainsFromBatches()))
{
    m_request.params.window = policy;
}

const core::CodeGrid &BenchmarkCanvas::paint(std::stop_token stop)
{
    ++m_request.params.seed;
    m_codes = core::sampleCodes(m_config, *m_engine, m_request, m_plan, std::move(stop)).codes;
    return m_codes;
}

} // namespace tessera::train
