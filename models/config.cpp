#include "models/config.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "models/configparts.h"
#include "models/error.h"

namespace tessera::models
{

using nlohmann::json;

namespace
{

constexpr int64_t kMostTokens = 1 << 22; // far beyond every vocabulary there is

TransformerConfig transformerFrom(const json &node)
{
    if (const std::string name = targetClass(node); !name.empty() && name != "GPT")
        failConfig("the transformer's target '" + name + "' is not known, expected GPT");
    const json &params = configChild(node, "params");
    TransformerConfig config;
    config.vocabSize = configValue<int64_t>(params, "vocab_size");
    config.blockSize = configValue<int64_t>(params, "block_size");
    config.layers = configValue<int64_t>(params, "n_layer");
    config.heads = configValue<int64_t>(params, "n_head");
    config.embedding = configValue<int64_t>(params, "n_embd");
    config.unmasked = configValueOr<int64_t>(params, "n_unmasked", 0);
    for (const auto &[key, number, most] : {std::tuple{"vocab_size", config.vocabSize, kMostTokens},
                                            {"block_size", config.blockSize, int64_t(1) << 20},
                                            {"n_layer", config.layers, int64_t(1024)},
                                            {"n_head", config.heads, int64_t(1024)},
                                            {"n_embd", config.embedding, int64_t(1) << 16}})
        expectBetween(key, number, 1, most);
    expectBetween("n_unmasked", config.unmasked, 0, config.blockSize);
    if (config.embedding % config.heads != 0)
        failConfig("'n_embd' " + std::to_string(config.embedding) + " is not a multiple of 'n_head' "
                   + std::to_string(config.heads));
    return config;
}

json transformerJson(const TransformerConfig &config)
{
    return {{"target", "taming.modules.transformer.mingpt.GPT"},
            {"params",
             {{"vocab_size", config.vocabSize},
              {"block_size", config.blockSize},
              {"n_layer", config.layers},
              {"n_head", config.heads},
              {"n_embd", config.embedding},
              {"n_unmasked", config.unmasked}}}};
}

SamplingDefaults samplingFrom(const json &node)
{
    return {configValue<double>(node, "temperature"), configValue<int64_t>(node, "top_k"),
            configValue<double>(node, "top_p"), configValue<double>(node, "guidance")};
}

json samplingJson(const SamplingDefaults &sampling)
{
    return {{"temperature", sampling.temperature},
            {"top_k", sampling.topK},
            {"top_p", sampling.topP},
            {"guidance", sampling.guidance}};
}

const std::string kBlock = "block:";

std::map<int, double> windowPricesFrom(const json &node, int64_t window)
{
    std::map<int, double> prices;
    for (const auto &[policy, price] : node.items()) {
        const std::string digits = policy.starts_with(kBlock) ? policy.substr(kBlock.size()) : "";
        int step = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
        if (error != std::errc{} || end != digits.data() + digits.size() || step < 1 || step > window)
            failConfig("'window_prices' has the policy '" + policy + "', expected block:N with N from 1 to "
                       + std::to_string(window));
        if (!price.is_number())
            failConfig("the price of '" + policy + "' is not a number");
        prices[step] = price.get<double>();
    }
    return prices;
}

json windowPricesJson(const std::map<int, double> &prices)
{
    json node = json::object();
    for (const auto &[step, percent] : prices)
        node[kBlock + std::to_string(step)] = percent;
    return node;
}

// What the original's layout has no place for.
void readOwnPart(const json &own, ModelConfig &config)
{
    config.name = configValueOr<std::string>(own, "name", "");
    config.window = configValueOr<int64_t>(own, "window", 16);
    expectBetween("window", config.window, 1, 1024);
    config.condition.labelSet = configValueOr<std::string>(own, "label_set", config.condition.labelSet);
    if (own.contains("image_tokens"))
        config.imageTokens = tokenRangeFrom(own, "image_tokens");
    if (own.contains("condition_tokens"))
        config.condition.tokens = tokenRangeFrom(own, "condition_tokens");
    readOwnConditions(own, config);
    if (own.contains("null_token"))
        config.nullToken = configValue<int64_t>(own, "null_token");
    for (const json &control : configChildOrNull(own, "controls"))
        config.controls.push_back(controlFrom(control));
    if (own.contains("sampling"))
        config.sampling = samplingFrom(own.at("sampling"));
    config.windowPrices = windowPricesFrom(configChildOrNull(own, "window_prices"), config.window);
}

json ownPart(const ModelConfig &config)
{
    json own = {{"name", config.name},
                {"window", config.window},
                {"sampling", samplingJson(config.sampling)},
                {"image_tokens", tokenRangeJson(config.imageTokens)}};
    if (config.condition.kind == ConditionKind::Labels || !config.condition.labelSet.empty())
        own["label_set"] = config.condition.labelSet;
    if (config.condition.tokens.count > 0)
        own["condition_tokens"] = tokenRangeJson(config.condition.tokens);
    if (config.nullToken)
        own["null_token"] = *config.nullToken;
    addOwnConditions(config, own);
    for (const ControlConfig &control : config.controls)
        own["controls"].push_back(controlJson(control));
    if (!config.windowPrices.empty())
        own["window_prices"] = windowPricesJson(config.windowPrices);
    return own;
}

void expectTokensInVocabulary(const std::string &what, int64_t first, int64_t count, int64_t vocabSize)
{
    expectBetween("the first of the " + what, first, 0, kMostTokens);
    if (first + count > vocabSize)
        failConfig(what + " end at " + std::to_string(first + count) + ", but the vocabulary has "
                   + std::to_string(vocabSize) + " tokens");
}

void checkOrder(const ModelConfig &config)
{
    try {
        permuterOrder(config.permuter, config.window, config.window);
    } catch (const Error &error) {
        const std::string sentence = error.what();
        failConfig(sentence.substr(0, sentence.find_last_not_of('.') + 1));
    }
}

void checkTransformer(const ModelConfig &config)
{
    const TransformerConfig &transformer = *config.transformer;
    const int64_t sequence = config.prefixLength() + config.window * config.window - 1;
    if (transformer.blockSize < sequence)
        failConfig("'block_size' is " + std::to_string(transformer.blockSize) + ", but a window needs "
                   + std::to_string(sequence) + " tokens");
    if (transformer.unmasked > config.prefixLength())
        failConfig("'n_unmasked' is " + std::to_string(transformer.unmasked) + ", but only "
                   + std::to_string(config.prefixLength()) + " tokens come before the picture's");
    if (config.imageTokens.count != config.firstStage.drawnCodes())
        failConfig("the vocabulary holds " + std::to_string(config.imageTokens.count)
                   + " picture tokens, but the codebook has " + std::to_string(config.firstStage.drawnCodes())
                   + " codes");
    expectTokensInVocabulary("picture tokens", config.imageTokens.first, config.imageTokens.count,
                             transformer.vocabSize);
    checkOrder(config);
    if (config.condition.stage && config.condition.tokens.count != config.condition.stage->drawnCodes())
        failConfig("the vocabulary holds " + std::to_string(config.condition.tokens.count)
                   + " condition tokens, but the condition codebook has "
                   + std::to_string(config.condition.stage->drawnCodes()) + " codes");
    expectTokensInVocabulary("condition tokens", config.condition.tokens.first, config.condition.tokens.count,
                             transformer.vocabSize);
    for (const ConditionConfig &other : config.otherConditions)
        expectTokensInVocabulary(conditionKindName(other.kind) + " tokens", other.tokens.first, other.tokens.count,
                                 transformer.vocabSize);
    for (const ControlConfig &control : config.controls)
        expectTokensInVocabulary("tokens of control '" + control.key + "'", control.first,
                                 int64_t(control.values.size()), transformer.vocabSize);
    if (config.nullToken)
        expectTokensInVocabulary("the null token", *config.nullToken, 1, transformer.vocabSize);
}

void readTransformerModel(const json &params, ModelConfig &config)
{
    config.firstStage = autoencoderFrom(configChild(params, "first_stage_config"));
    config.transformer = transformerFrom(configChild(params, "transformer_config"));
    config.condition = conditionFrom(params, config.firstStage);
    config.imageTokens = {0, config.firstStage.drawnCodes()};
}

// The original scales maps to such a square in training, whatever the picture's size, and its own sampling never does
// (fact sheet, 3.1 and 4.2). Both are the same for a window's whole map; else the sequence would have other lengths.
void checkMapSize(const json &params, const ModelConfig &config)
{
    const auto size = configValueOr<int64_t>(params, "downsample_cond_size", -1);
    const int64_t side = config.window * config.firstStage.factor();
    if (size > -1 && size != side && config.condition.kind != ConditionKind::None)
        failConfig("'downsample_cond_size' is " + std::to_string(size) + ", which is not supported; expected -1 or the "
                   + std::to_string(side) + " pixels of a window's side");
}

// What needs the size of the window, which is the own part's.
void finishTransformerModel(const json &params, ModelConfig &config)
{
    checkMapSize(params, config);
    config.permuter = permuterFrom(params, config.window);
    if (config.condition.kind == ConditionKind::Objects) {
        config.condition.tokens = {0, config.transformer->vocabSize};
        config.condition.length = std::max<int64_t>(config.transformer->blockSize - config.window * config.window, 1);
    }
    checkTransformer(config);
}

} // namespace

int64_t AutoencoderConfig::factor() const
{
    return patch << (multipliers.size() - 1);
}

bool AutoencoderConfig::attends(size_t level) const
{
    return std::ranges::find(attentionResolutions, resolution / patch >> level) != attentionResolutions.end();
}

int64_t AutoencoderConfig::seenPixels(int64_t side) const
{
    return patch > 1 ? side / factor() * factor() : side;
}

int64_t ModelConfig::prefixLength() const
{
    const auto controlTokens = int64_t(controls.size());
    switch (condition.kind) {
    case ConditionKind::Class:
    case ConditionKind::None:
        return controlTokens + 1;
    case ConditionKind::Objects:
        return controlTokens + condition.length;
    default:
        return controlTokens + window * window;
    }
}

const ConditionConfig *ModelConfig::conditionOf(ConditionKind kind) const
{
    if (condition.kind == kind)
        return &condition;
    const auto other = std::ranges::find(otherConditions, kind, &ConditionConfig::kind);
    return other == otherConditions.end() ? nullptr : &*other;
}

ModelConfig ModelConfig::fromJson(const json &document)
{
    const json &model = configChild(document, "model");
    const json &params = configChild(model, "params");
    ModelConfig config;
    const bool whole = targetClass(model) == "Net2NetTransformer";
    if (whole)
        readTransformerModel(params, config);
    else if (isAutoencoder(model))
        config.firstStage = autoencoderFrom(model);
    else
        failConfig("the target '" + configValue<std::string>(model, "target")
                   + "' is not known, expected Net2NetTransformer, VQModel, VQSegmentationModel or GumbelVQ");
    if (model.contains("tessera"))
        readOwnPart(model.at("tessera"), config);
    if (whole)
        finishTransformerModel(params, config);
    return config;
}

json ModelConfig::toJson() const
{
    json model = autoencoderJson(firstStage);
    if (transformer) {
        json params = {{"first_stage_config", autoencoderJson(firstStage)},
                       {"transformer_config", transformerJson(*transformer)}};
        addConditionJson(*this, params);
        if (permuter != PermuterKind::Identity)
            params["permuter_config"] = permuterJson(permuter, window);
        model = {{"target", "taming.models.cond_transformer.Net2NetTransformer"}, {"params", params}};
    }
    model["tessera"] = ownPart(*this);
    return {{"model", model}};
}

std::string conditionKindName(ConditionKind kind)
{
    switch (kind) {
    case ConditionKind::Labels:
        return "labels";
    case ConditionKind::Depth:
        return "depth";
    case ConditionKind::Edges:
        return "edges";
    case ConditionKind::Coordinates:
        return "coordinates";
    case ConditionKind::Class:
        return "class";
    case ConditionKind::Objects:
        return "objects";
    case ConditionKind::None:
        break;
    }
    return "nothing";
}

} // namespace tessera::models
