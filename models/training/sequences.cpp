#include "models/training/sequences.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/training/autocast.h"
#include "models/training/onehot.h"

namespace tessera::models
{

namespace
{

int64_t controlToken(const ControlConfig &control, const std::string &fact)
{
    const auto found = std::ranges::find(control.values, fact);
    return control.first + (found == control.values.end() ? 0 : found - control.values.begin());
}

} // namespace

SequenceBuilder::SequenceBuilder(const ModelConfig &config, const Autoencoder &conditionStage)
    : m_config(config)
    , m_conditionStage(conditionStage)
{}

at::Tensor SequenceBuilder::conditionCodes(const at::Tensor &labels) const
{
    const c10::NoGradGuard noGradients;
    const c10::Device device = m_conditionStage.codebook.device();
    const at::Tensor input = oneHot(labels.to(device), m_conditionStage.config.inChannels);
    const Autocast autocast(device, bfloat16Pays(device));
    return exactCodes(m_conditionStage, m_conditionStage.latents(input)).flatten(1).cpu();
}

at::Tensor SequenceBuilder::prefix(const PictureSet &pictures, const std::vector<View> &views,
                                   const at::Tensor &conditionCodes, const DropFn &dropControl,
                                   const DropFn &dropCondition) const
{
    const int64_t controls = int64_t(m_config.controls.size());
    at::Tensor result = at::empty({int64_t(views.size()), m_config.prefixLength()}, at::kLong);
    auto rows = result.accessor<int64_t, 2>();
    for (int64_t i = 0; i < int64_t(views.size()); ++i) {
        for (int64_t c = 0; c < controls; ++c) {
            const ControlConfig &control = m_config.controls[size_t(c)];
            const std::string fact = dropControl() ? "any" : pictures.fact(views[size_t(i)].picture, control.key);
            rows[i][c] = controlToken(control, fact);
        }
        at::Tensor condition = result[i].slice(0, controls);
        if (dropCondition())
            condition.fill_(*m_config.nullToken);
        else
            condition.copy_(conditionCodes[i] + m_config.condition.tokens.first);
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
    at::Tensor logits;
    {
        const Autocast autocast(device, bfloat16Pays(device));
        logits = model.forward(batch.tokens.to(device), m_config.prefixLength() - 1, dropout); // [B, window^2, vocab]
    }
    const int64_t first = m_config.imageTokens.first, count = m_config.imageTokens.count;
    logits = logits.slice(2, first, first + count).to(at::kFloat).reshape({-1, count});
    return at::cross_entropy_loss(logits, batch.target.to(device).reshape({-1}));
}

} // namespace tessera::models
