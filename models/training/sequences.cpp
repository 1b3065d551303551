#include "models/training/sequences.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/training/autocast.h"
#include "models/training/fieldmaps.h"
#include "models/training/onehot.h"

namespace tessera::models
{

Stages stagesOf(const ModelBundle &bundle)
{
    Stages stages;
    for (const ConditionKind kind : {ConditionKind::Labels, ConditionKind::Depth, ConditionKind::Edges})
        if (const Autoencoder *stage = bundle.stageOf(kind))
            stages[kind] = stage;
    return stages;
}

SequenceBuilder::SequenceBuilder(const ModelConfig &config, Stages stages)
    : m_config(config)
    , m_stages(std::move(stages))
{}

at::Tensor SequenceBuilder::map(ConditionKind kind, const SeenWindow &seen, int64_t side, const uint64_t *painted) const
{
    if (kind != ConditionKind::Labels) {
        const ConditionConfig &condition = *m_config.conditionOf(kind);
        const double windows = double(side) / double(this->side());
        return painted ? trainingField(condition, *seen.pictures, seen.view, side, *painted, windows)
                       : fieldOf(condition, *seen.pictures, seen.view, side, 0, true, windows);
    }
    if (!painted)
        return seen.pictures->exactLabels(seen.view, side);
    // Augmented at half size, where it costs a quarter, then enlarged.
    const at::Tensor small = seen.pictures->paintedLabels(seen.view, side / 2, *painted, {});
    return small.repeat_interleave(2, 0).repeat_interleave(2, 1);
}

at::Tensor SequenceBuilder::conditionTokens(ConditionKind kind, const at::Tensor &maps) const
{
    const c10::NoGradGuard noGradients;
    const Autoencoder &stage = *m_stages.at(kind);
    const c10::Device device = stage.codebook.device();
    const int64_t channels = stage.config.inChannels;
    const at::Tensor input = kind == ConditionKind::Labels ? oneHot(maps.to(device), channels)
                                                           : maps.to(device).unsqueeze(1).repeat({1, channels, 1, 1});
    const Autocast autocast(device, bfloat16Pays(device));
    return exactCodes(stage, stage.latents(input)).cpu() + m_config.conditionOf(kind)->tokens.first;
}

int64_t SequenceBuilder::controlToken(const ControlConfig &control, const SeenWindow &seen) const
{
    const View &view = seen.view;
    if (control.source != ControlSource::Artist) {
        const double height = seen.pictures->picture(view.picture).height;
        return control.first + placedValue(control, (view.y + view.side / 2.0) / height, height / view.side);
    }
    const auto found = std::ranges::find(control.values, seen.pictures->fact(view.picture, control.key));
    return control.first + (found == control.values.end() ? 0 : found - control.values.begin());
}

at::Tensor SequenceBuilder::prefix(const std::vector<SeenWindow> &windows, const at::Tensor &conditionTokens,
                                   const DropFn &dropControl, const DropFn &dropCondition) const
{
    const int64_t controls = int64_t(m_config.controls.size());
    at::Tensor result = at::empty({int64_t(windows.size()), m_config.prefixLength()}, at::kLong);
    auto rows = result.accessor<int64_t, 2>();
    for (int64_t i = 0; i < int64_t(windows.size()); ++i) {
        for (int64_t c = 0; c < controls; ++c) {
            const ControlConfig &control = m_config.controls[size_t(c)];
            rows[i][c] = dropControl() ? control.first : controlToken(control, windows[size_t(i)]);
        }
        at::Tensor condition = result[i].slice(0, controls);
        if (dropCondition())
            condition.fill_(*m_config.nullToken);
        else
            condition.copy_(conditionTokens[i].flatten());
    }
    return result;
}

Sequences SequenceBuilder::sequences(const at::Tensor &prefix, const at::Tensor &codes) const
{
    const at::Tensor picture = codes.flatten(1); // [B, window^2]
    return {at::cat({prefix, picture.slice(1, 0, -1) + m_config.imageTokens.first}, 1), picture};
}

at::Tensor SequenceBuilder::loss(const Transformer &model, const Sequences &batch, double dropout) const
{
    const c10::Device device = model.tokenEmbedding.device();
    const int64_t first = m_config.imageTokens.first, count = m_config.imageTokens.count;
    at::Tensor logits; // of the picture's codes, a third of the vocabulary: [B, window^2, count]
    {
        const Autocast autocast(device, bfloat16Pays(device));
        const at::Tensor x = model.features(batch.tokens.to(device), m_config.prefixLength() - 1, dropout);
        logits = at::linear(x, model.head.slice(0, first, first + count));
    }
    return at::cross_entropy_loss(logits.to(at::kFloat).reshape({-1, count}), batch.target.to(device).reshape({-1}), {},
                                  at::Reduction::Mean, Sequences::kNotJudged);
}

} // namespace tessera::models
