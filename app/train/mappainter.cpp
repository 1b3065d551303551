#include "app/train/mappainter.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "app/train/codegrid.h"
#include "core/sampling/sampler.h"
#include "models/error.h"
#include "models/training/onehot.h"

namespace tessera::train
{

namespace
{

const models::Transformer &transformerOf(const models::ModelBundle &bundle)
{
    if (!bundle.transformer() || bundle.config().condition.kind != models::ConditionKind::Labels)
        throw Error(ErrorCode::ModelMismatch,
                    bundle.path().string() + " does not paint from labels, which is what a judge looks for.");
    return *bundle.transformer();
}

int64_t tokenOf(const models::ControlConfig &control, const Controls &controls)
{
    const auto asked = controls.find(control.key);
    if (asked == controls.end())
        return control.first;
    const auto found = std::ranges::find(control.values, asked->second);
    return control.first + (found == control.values.end() ? 0 : found - control.values.begin());
}

core::SampleRequest requestFor(const models::ModelConfig &config, core::CodeGrid condition, const Controls &controls,
                               uint64_t seed)
{
    core::SampleRequest request;
    request.condition = std::move(condition);
    request.canvas = request.condition.size;
    for (const models::ControlConfig &control : config.controls)
        request.controlTokens.push_back(tokenOf(control, controls));
    request.params.seed = seed;
    request.params.temperature = config.sampling.temperature;
    request.params.topK = config.sampling.topK;
    request.params.topP = config.sampling.topP;
    request.params.guidance = config.sampling.guidance;
    request.params.window = core::automaticWindow(request.canvas, int(config.window), config.windowPrices);
    return request;
}

} // namespace

MapPainter::MapPainter(const models::ModelBundle &bundle, int threads)
    : m_bundle(bundle)
    , m_engine(core::chooseEngine(transformerOf(bundle), bundle.device().str(), "fp32",
                                  threads > 0 ? threads : at::get_num_threads()))
{}

MapPicture MapPainter::paint(const at::Tensor &labels, const Controls &controls, uint64_t seed, std::stop_token stop)
{
    const int64_t channels = m_bundle.stageOf(models::ConditionKind::Labels)->config.inChannels;
    const at::Tensor map = models::oneHot(labels.unsqueeze(0).to(m_bundle.device()), channels);
    return painted(models::ConditionKind::Labels, map, controls, seed, stop);
}

MapPicture MapPainter::paintDepth(const at::Tensor &depth, const Controls &controls, uint64_t seed,
                                  std::stop_token stop)
{
    const int64_t channels = m_bundle.stageOf(models::ConditionKind::Depth)->config.inChannels;
    const at::Tensor map = depth.to(m_bundle.device()).expand({1, channels, depth.size(0), depth.size(1)});
    return painted(models::ConditionKind::Depth, map, controls, seed, stop);
}

MapPicture MapPainter::painted(models::ConditionKind kind, const at::Tensor &map, const Controls &controls,
                               uint64_t seed, const std::stop_token &stop)
{
    const models::Autoencoder &stage = *m_bundle.stageOf(kind);
    core::SampleRequest request =
        requestFor(m_bundle.config(), codeGridOf(stage.encode(map.contiguous()).cpu()), controls, seed);
    request.kind = kind;
    at::Tensor windows = at::zeros({request.canvas.rows, request.canvas.columns}, at::kLong);
    auto window = windows.accessor<int64_t, 2>();
    const auto drawn = [&](const core::DrawnCode &code) {
        window[code.cell.row][code.cell.column] =
            int64_t(code.origin.row) * request.canvas.columns + code.origin.column;
    };
    const core::SampleResult result = core::sampleCodes(m_bundle.config(), *m_engine.engine, request, stop, drawn);
    if (!result.finished)
        return {};
    at::Tensor codes = at::empty({1, request.canvas.rows, request.canvas.columns}, at::kLong);
    std::ranges::copy(result.codes.values, codes.mutable_data_ptr<int64_t>());
    const at::Tensor picture = m_bundle.firstStage().decode(codes.to(m_bundle.device()));
    return {picture.squeeze(0).clamp(-1, 1).to(at::kCPU, at::kFloat), windows};
}

} // namespace tessera::train
