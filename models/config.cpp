#include "models/config.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "models/error.h"

namespace tessera::models
{

using nlohmann::json;

namespace
{

[[noreturn]] void fail(const std::string &what)
{
    throw Error(ErrorCode::ModelMismatch, "The model's configuration is not usable: " + what + ".");
}

const json &child(const json &node, const std::string &key)
{
    if (!node.is_object() || !node.contains(key))
        fail("the key '" + key + "' is missing");
    return node.at(key);
}

template<typename T>
T value(const json &node, const std::string &key)
{
    try {
        return child(node, key).get<T>();
    } catch (const json::exception &) {
        fail("the key '" + key + "' holds " + child(node, key).dump() + ", which is of the wrong type");
    }
}

template<typename T>
T valueOr(const json &node, const std::string &key, T otherwise)
{
    return node.is_object() && node.contains(key) ? value<T>(node, key) : otherwise;
}

void expectAtLeast(const std::string &key, int64_t found, int64_t least)
{
    if (found < least)
        fail("'" + key + "' is " + std::to_string(found) + ", expected at least " + std::to_string(least));
}

json rangeJson(const TokenRange &range)
{
    return json::array({range.first, range.count});
}

TokenRange rangeFrom(const json &node, const std::string &key)
{
    const auto pair = value<std::vector<int64_t>>(node, key);
    if (pair.size() != 2 || pair[0] < 0 || pair[1] < 0)
        fail("'" + key + "' is not a pair [first, count]");
    return {pair[0], pair[1]};
}

AutoencoderConfig autoencoderFrom(const json &params)
{
    const json &dd = child(params, "ddconfig");
    AutoencoderConfig config;
    config.inChannels = value<int64_t>(dd, "in_channels");
    config.outChannels = value<int64_t>(dd, "out_ch");
    config.width = value<int64_t>(dd, "ch");
    config.multipliers = value<std::vector<int64_t>>(dd, "ch_mult");
    config.resBlocks = value<int64_t>(dd, "num_res_blocks");
    config.attentionResolutions = value<std::vector<int64_t>>(dd, "attn_resolutions");
    config.resolution = value<int64_t>(dd, "resolution");
    config.zChannels = value<int64_t>(dd, "z_channels");
    config.embedDim = value<int64_t>(params, "embed_dim");
    config.codes = value<int64_t>(params, "n_embed");
    config.patch = valueOr<int64_t>(dd, "patch_size", 1);
    config.normGroups = valueOr<int64_t>(dd, "norm_groups", 32);
    for (const auto &[key, number] : {std::pair{"in_channels", config.inChannels},
                                      {"out_ch", config.outChannels},
                                      {"num_res_blocks", config.resBlocks},
                                      {"z_channels", config.zChannels},
                                      {"embed_dim", config.embedDim},
                                      {"n_embed", config.codes},
                                      {"patch_size", config.patch},
                                      {"norm_groups", config.normGroups},
                                      {"resolution", config.resolution}})
        expectAtLeast(key, number, 1);
    if (config.multipliers.empty() || config.multipliers.size() > 10)
        fail("'ch_mult' has " + std::to_string(config.multipliers.size()) + " levels, expected 1 to 10");
    for (const int64_t multiplier : config.multipliers)
        if (multiplier < 1 || config.width < 1 || config.width * multiplier % config.normGroups != 0)
            fail("a width of " + std::to_string(config.width) + " * " + std::to_string(multiplier)
                 + " channels is not a multiple of the " + std::to_string(config.normGroups)
                 + " groups of the normalisation");
    return config;
}

json autoencoderJson(const AutoencoderConfig &config)
{
    json dd = {{"double_z", false},
               {"in_channels", config.inChannels},
               {"out_ch", config.outChannels},
               {"ch", config.width},
               {"ch_mult", config.multipliers},
               {"num_res_blocks", config.resBlocks},
               {"attn_resolutions", config.attentionResolutions},
               {"resolution", config.resolution},
               {"z_channels", config.zChannels},
               {"dropout", 0.0}};
    if (config.patch != 1)
        dd["patch_size"] = config.patch;
    if (config.normGroups != 32)
        dd["norm_groups"] = config.normGroups;
    return {{"target", "taming.models.vqgan.VQModel"},
            {"params", {{"embed_dim", config.embedDim}, {"n_embed", config.codes}, {"ddconfig", dd}}}};
}

TransformerConfig transformerFrom(const json &params)
{
    TransformerConfig config;
    config.vocabSize = value<int64_t>(params, "vocab_size");
    config.blockSize = value<int64_t>(params, "block_size");
    config.layers = value<int64_t>(params, "n_layer");
    config.heads = value<int64_t>(params, "n_head");
    config.embedding = value<int64_t>(params, "n_embd");
    config.unmasked = valueOr<int64_t>(params, "n_unmasked", 0);
    for (const auto &[key, number] : {std::pair{"vocab_size", config.vocabSize},
                                      {"block_size", config.blockSize},
                                      {"n_layer", config.layers},
                                      {"n_head", config.heads},
                                      {"n_embd", config.embedding}})
        expectAtLeast(key, number, 1);
    if (config.embedding % config.heads != 0)
        fail("'n_embd' " + std::to_string(config.embedding) + " is not a multiple of 'n_head' "
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

const std::vector<std::pair<ConditionKind, std::string>> kConditionKeys = { // cond_stage_key of the original
    {ConditionKind::Labels, "segmentation"}, {ConditionKind::Depth, "depth"},       {ConditionKind::Edges, "edges"},
    {ConditionKind::Coordinates, "coord"},   {ConditionKind::Class, "class_label"}, {ConditionKind::None, "image"}};

ConditionKind conditionKindFrom(const std::string &key)
{
    const auto found = std::ranges::find(kConditionKeys, key, &std::pair<ConditionKind, std::string>::second);
    if (found == kConditionKeys.end())
        fail("'cond_stage_key' is '" + key + "', expected segmentation, depth, edges, coord, class_label or image");
    return found->first;
}

ControlConfig controlFrom(const json &node)
{
    ControlConfig control{value<std::string>(node, "key"), value<std::vector<std::string>>(node, "values"),
                          value<int64_t>(node, "first")};
    if (control.values.empty() || control.values[0] != "any")
        fail("the values of control '" + control.key + "' do not begin with 'any'");
    return control;
}

json controlJson(const ControlConfig &control)
{
    return {{"key", control.key}, {"values", control.values}, {"first", control.first}};
}

SamplingDefaults samplingFrom(const json &node)
{
    return {value<double>(node, "temperature"), value<int64_t>(node, "top_k"), value<double>(node, "top_p"),
            value<double>(node, "guidance")};
}

json samplingJson(const SamplingDefaults &sampling)
{
    return {{"temperature", sampling.temperature},
            {"top_k", sampling.topK},
            {"top_p", sampling.topP},
            {"guidance", sampling.guidance}};
}

// What the original's layout has no place for.
void readOwnPart(const json &own, ModelConfig &config)
{
    config.name = valueOr<std::string>(own, "name", "");
    config.window = valueOr<int64_t>(own, "window", 16);
    expectAtLeast("window", config.window, 1);
    config.condition.labelSet = valueOr<std::string>(own, "label_set", "");
    if (own.contains("image_tokens"))
        config.imageTokens = rangeFrom(own, "image_tokens");
    if (own.contains("condition_tokens"))
        config.condition.tokens = rangeFrom(own, "condition_tokens");
    if (own.contains("null_token"))
        config.nullToken = value<int64_t>(own, "null_token");
    for (const json &control : valueOr<json>(own, "controls", json::array()))
        config.controls.push_back(controlFrom(control));
    if (own.contains("sampling"))
        config.sampling = samplingFrom(own.at("sampling"));
}

json ownPart(const ModelConfig &config)
{
    json own = {{"name", config.name},
                {"window", config.window},
                {"sampling", samplingJson(config.sampling)},
                {"image_tokens", rangeJson(config.imageTokens)}};
    if (!config.condition.labelSet.empty())
        own["label_set"] = config.condition.labelSet;
    if (config.condition.tokens.count > 0)
        own["condition_tokens"] = rangeJson(config.condition.tokens);
    if (config.nullToken)
        own["null_token"] = *config.nullToken;
    for (const ControlConfig &control : config.controls)
        own["controls"].push_back(controlJson(control));
    return own;
}

void expectTokensInVocabulary(const std::string &what, int64_t first, int64_t count, int64_t vocabSize)
{
    if (first < 0 || first + count > vocabSize)
        fail(what + " end at " + std::to_string(first + count) + ", but the vocabulary has " + std::to_string(vocabSize)
             + " tokens");
}

void checkTransformer(const ModelConfig &config)
{
    const TransformerConfig &transformer = *config.transformer;
    const int64_t sequence = config.prefixLength() + config.window * config.window - 1;
    if (transformer.blockSize < sequence)
        fail("'block_size' is " + std::to_string(transformer.blockSize) + ", but a window needs "
             + std::to_string(sequence) + " tokens");
    if (transformer.unmasked > config.prefixLength())
        fail("'n_unmasked' is " + std::to_string(transformer.unmasked) + ", but only "
             + std::to_string(config.prefixLength()) + " tokens come before the picture's");
    if (config.imageTokens.count != config.firstStage.codes)
        fail("the vocabulary holds " + std::to_string(config.imageTokens.count)
             + " picture tokens, but the codebook has " + std::to_string(config.firstStage.codes) + " codes");
    expectTokensInVocabulary("picture tokens", config.imageTokens.first, config.imageTokens.count,
                             transformer.vocabSize);
    if (config.condition.stage) {
        if (config.condition.tokens.count != config.condition.stage->codes)
            fail("the vocabulary holds " + std::to_string(config.condition.tokens.count)
                 + " condition tokens, but the condition codebook has " + std::to_string(config.condition.stage->codes)
                 + " codes");
        expectTokensInVocabulary("condition tokens", config.condition.tokens.first, config.condition.tokens.count,
                                 transformer.vocabSize);
    }
    for (const ControlConfig &control : config.controls)
        expectTokensInVocabulary("tokens of control '" + control.key + "'", control.first,
                                 int64_t(control.values.size()), transformer.vocabSize);
    if (config.nullToken)
        expectTokensInVocabulary("the null token", *config.nullToken, 1, transformer.vocabSize);
}

void readTransformerModel(const json &params, ModelConfig &config)
{
    config.firstStage = autoencoderFrom(child(child(params, "first_stage_config"), "params"));
    config.transformer = transformerFrom(child(child(params, "transformer_config"), "params"));
    const json &stage = child(params, "cond_stage_config");
    config.condition.kind = conditionKindFrom(value<std::string>(params, "cond_stage_key"));
    if (stage.is_object()) {
        config.condition.stage = autoencoderFrom(child(stage, "params"));
        config.condition.tokens = {0, config.condition.stage->codes};
    }
    config.imageTokens = {0, config.firstStage.codes};
}

} // namespace

int64_t AutoencoderConfig::factor() const
{
    return patch << (multipliers.size() - 1);
}

int64_t ModelConfig::prefixLength() const
{
    const bool grid = condition.kind != ConditionKind::Class && condition.kind != ConditionKind::None;
    return int64_t(controls.size()) + (grid ? window * window : 1);
}

ModelConfig ModelConfig::fromJson(const json &document)
{
    const json &model = child(document, "model");
    const auto target = value<std::string>(model, "target");
    const json &params = child(model, "params");
    ModelConfig config;
    if (target.ends_with(".Net2NetTransformer"))
        readTransformerModel(params, config);
    else if (target.ends_with(".VQModel") || target.ends_with(".VQSegmentationModel"))
        config.firstStage = autoencoderFrom(params);
    else
        fail("the target '" + target + "' is not known, expected Net2NetTransformer or VQModel");
    if (model.contains("tessera"))
        readOwnPart(model.at("tessera"), config);
    if (config.transformer)
        checkTransformer(config);
    return config;
}

json ModelConfig::toJson() const
{
    json model = {{"target", "taming.models.vqgan.VQModel"}};
    if (transformer) {
        const auto key =
            std::ranges::find(kConditionKeys, condition.kind, &std::pair<ConditionKind, std::string>::first);
        const json stage = condition.stage ? autoencoderJson(*condition.stage) : json("__is_unconditional__");
        model["target"] = "taming.models.cond_transformer.Net2NetTransformer";
        model["params"] = {{"cond_stage_key", key->second},
                           {"first_stage_config", autoencoderJson(firstStage)},
                           {"cond_stage_config", stage},
                           {"transformer_config", transformerJson(*transformer)}};
    } else {
        model["params"] = autoencoderJson(firstStage).at("params");
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
    case ConditionKind::None:
        break;
    }
    return "nothing";
}

} // namespace tessera::models
