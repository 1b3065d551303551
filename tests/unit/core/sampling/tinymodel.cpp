#include "tests/unit/core/sampling/tinymodel.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/InferenceMode.h>

#include "core/sampling/noise.h"

namespace tessera::core
{

namespace
{

// Louder than a fresh model, so that distributions are far from flat and every weight matters.
class LoudSource : public models::ParameterSource
{
public:
    LoudSource(uint64_t seed, double loudness) : m_generator(at::detail::createCPUGenerator(seed)), m_loudness(loudness)
    {}

    at::Tensor take(const std::string &, const std::vector<int64_t> &shape, models::Init init, int64_t) override
    {
        const at::Tensor values = at::randn(shape, m_generator);
        if (shape.size() == 1) {
            return values * 0.1 + (init == models::Init::One ? 1.0 : 0.0);
        }
        return values * (m_loudness / std::sqrt(double(shape.back())));
    }

private:
    at::Generator m_generator;
    double m_loudness;
};

// Written from the rule, independently of windowplan.cpp.
int plainStart(int position, int length, int window, WindowPolicy policy)
{
    double start = position - window / 2;
    if (policy.kind == WindowPolicy::Kind::Block) {
        start = std::floor((start + policy.step / 2) / policy.step) * policy.step;
    }
    return std::clamp(int(start), 0, length - window);
}

std::vector<float> windowLogits(const TinyModel &model, const SampleRequest &request, const CodeGrid &codes, Cell cell,
                                bool dropCondition)
{
    const int window = int(model.config.window);
    const int top = plainStart(cell.row, request.canvas.rows, window, request.params.window);
    const int left = plainStart(cell.column, request.canvas.columns, window, request.params.window);
    std::vector<int64_t> tokens = request.controlTokens;
    for (int i = 0; i < window * window; ++i) {
        const int64_t code = request.condition.at({top + i / window, left + i % window});
        tokens.push_back(dropCondition ? *model.config.nullToken : model.config.condition.tokens.first + code);
    }
    const int local = (cell.row - top) * window + cell.column - left;
    for (int i = 0; i < local; ++i) {
        tokens.push_back(model.config.imageTokens.first + codes.at({top + i / window, left + i % window}));
    }
    const std::vector<float> all = plainLogits(model.transformer, tokens);
    const auto first = all.begin() + model.config.imageTokens.first;
    return {first, first + model.config.imageTokens.count};
}

} // namespace

TinyModel::TinyModel(int64_t unmasked) : TinyModel(unmasked, Shape()) {}

TinyModel::TinyModel(int64_t unmasked, const Shape &shape)
{
    config.name = "tiny";
    config.window = 4;
    config.condition.kind = models::ConditionKind::Labels;
    config.condition.tokens = {0, 10};
    config.controls = {{"light", {"any", "day", "night"}, 10}, {"weather", {"any", "clear", "fog", "snow"}, 13}};
    config.nullToken = 17;
    config.imageTokens = {18, 24};
    config.firstStage.codes = 24;
    config.transformer =
        models::TransformerConfig{42, 34, shape.layers, shape.heads, shape.heads * shape.headDim, unmasked};
    LoudSource source(shape.seed, shape.loudness);
    transformer = models::Transformer::create(*config.transformer, source);
}

SampleRequest TinyModel::request(GridSize canvas) const
{
    SampleRequest request;
    request.canvas = canvas;
    request.controlTokens = {12, 14};
    request.condition = CodeGrid(canvas);
    for (size_t i = 0; i < request.condition.values.size(); ++i) {
        request.condition.values[i] = int64_t(i * i + 3 * i) % config.condition.tokens.count;
    }
    request.params.seed = 0x123456789abcull;
    return request;
}

std::vector<float> plainLogits(const models::Transformer &transformer, const std::vector<int64_t> &tokens)
{
    const c10::InferenceMode inference;
    const int64_t length = int64_t(tokens.size());
    const at::Tensor logits = transformer.forward(at::tensor(tokens, at::kLong).unsqueeze(0), length - 1).contiguous();
    const float *values = logits.const_data_ptr<float>();
    return {values, values + logits.numel()};
}

std::vector<float> plainCellLogits(const TinyModel &model, const SampleRequest &request, const CodeGrid &codes,
                                   Cell cell)
{
    std::vector<float> logits = windowLogits(model, request, codes, cell, false);
    if (request.params.guidance != 1.0) {
        const std::vector<float> dropped = windowLogits(model, request, codes, cell, true);
        for (size_t i = 0; i < logits.size(); ++i) {
            logits[i] = dropped[i] + float(request.params.guidance) * (logits[i] - dropped[i]);
        }
    }
    return logits;
}

CodeGrid plainSample(const TinyModel &model, const SampleRequest &request)
{
    CodeGrid codes = request.locked.values.empty() ? CodeGrid(request.canvas) : request.initial;
    std::vector<float> scores(size_t(model.config.imageTokens.count)), noise(scores.size());
    for (int row = 0; row < request.canvas.rows; ++row) {
        for (int column = 0; column < request.canvas.columns; ++column) {
            const Cell cell{row, column};
            if (!request.locked.values.empty() && request.locked.at(cell)) {
                continue;
            }
            const std::vector<float> logits = plainCellLogits(model, request, codes, cell);
            filteredLogProbabilities(logits, request.params, scores);
            if (!request.params.greedy) {
                gumbelNoise(request.params.seed, request.params.variation, cell, int64_t(noise.size()), noise.data());
                std::ranges::transform(scores, noise, scores.begin(), std::plus());
            }
            codes.at(cell) = std::ranges::max_element(scores) - scores.begin();
        }
    }
    return codes;
}

} // namespace tessera::core
