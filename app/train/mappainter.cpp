#include "app/train/mappainter.h"

#include <algorithm>
#include <utility>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "app/train/codegrid.h"
#include "app/train/heldoutpicture.h"
#include "models/training/onehot.h"

namespace tessera::train
{

namespace
{

const models::Transformer &transformerOf(const models::ModelBundle &bundle)
{
    expectLabels(bundle);
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

} // namespace

MapPainter::MapPainter(const models::ModelBundle &bundle, int threads)
    : m_bundle(bundle)
    , m_engine(core::chooseEngine(transformerOf(bundle), bundle.device().str(), "fp32",
                                  threads > 0 ? threads : at::get_num_threads()))
{}

MapPicture MapPainter::paint(const at::Tensor &labels, const Controls &controls, uint64_t seed, std::stop_token stop)
{
    return painted(requestForLabels(labels, controls, seed), stop);
}

MapPicture MapPainter::fill(const at::Tensor &labels, const KeptCodes &kept, const Controls &controls, uint64_t seed,
                            std::stop_token stop)
{
    core::SampleRequest request = requestForLabels(labels, controls, seed);
    request.initial = codeGridOf(kept.codes);
    request.locked = core::Grid<uint8_t>(request.canvas);
    const at::Tensor locked = kept.kept.to(at::kByte).contiguous();
    std::copy_n(locked.const_data_ptr<uint8_t>(), request.locked.values.size(), request.locked.values.begin());
    return painted(request, stop);
}

MapPicture MapPainter::paintField(models::ConditionKind kind, const at::Tensor &field, const Controls &controls,
                                  uint64_t seed, std::stop_token stop)
{
    const int64_t channels = m_bundle.stageOf(kind)->config.inChannels;
    const at::Tensor map = field.to(m_bundle.device()).expand({1, channels, field.size(0), field.size(1)});
    return painted(requestFor(kind, map, controls, seed), stop);
}

core::SampleRequest MapPainter::requestForLabels(const at::Tensor &labels, const Controls &controls,
                                                 uint64_t seed) const
{
    const int64_t channels = m_bundle.stageOf(models::ConditionKind::Labels)->config.inChannels;
    const at::Tensor map = models::oneHot(labels.unsqueeze(0).to(m_bundle.device()), channels);
    return requestFor(models::ConditionKind::Labels, map, controls, seed);
}

// `map`: float [1, channels, H, W], what the stage of this kind reads.
core::SampleRequest MapPainter::requestFor(models::ConditionKind kind, const at::Tensor &map, const Controls &controls,
                                           uint64_t seed) const
{
    const models::ModelConfig &config = m_bundle.config();
    core::SampleRequest request;
    request.kind = kind;
    request.condition = codeGridOf(m_bundle.stageOf(kind)->encode(map.contiguous()).cpu());
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

MapPicture MapPainter::painted(const core::SampleRequest &request, const std::stop_token &stop)
{
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
