#include "tests/data/tinymodel.h"

#include <ATen/ATen.h>

#include "models/bundle.h"
#include "models/networks.h"
#include "models/parameters.h"

namespace tessera::tests
{

namespace
{

using namespace tessera::models;

AutoencoderConfig stage(int64_t channels, int64_t codes)
{
    AutoencoderConfig config;
    config.inChannels = channels;
    config.outChannels = channels;
    config.width = 32; // the normalisation's 32 groups
    config.multipliers = {1, 1};
    config.resBlocks = 1;
    config.attentionResolutions = {};
    config.resolution = 32;
    config.zChannels = 8;
    config.embedDim = 4;
    config.codes = codes;
    config.patch = 4;
    return config;
}

ConditionConfig staged(ConditionKind kind, int64_t channels, int64_t firstToken)
{
    constexpr int64_t kConditionCodes = 16;
    ConditionConfig config;
    config.kind = kind;
    config.stage = stage(channels, kConditionCodes);
    config.tokens = {firstToken, kConditionCodes};
    return config;
}

ConditionConfig unstaged(ConditionKind kind, int64_t tokens, int64_t firstToken)
{
    ConditionConfig config;
    config.kind = kind;
    config.tokens = {firstToken, tokens};
    return config;
}

ConditionConfig condition(TinyKind kind, int64_t firstToken)
{
    constexpr int64_t kLabels = 25, kCoordinates = 64;
    switch (kind) {
    case TinyKind::Depth:
        return staged(ConditionKind::Depth, 1, firstToken);
    case TinyKind::Coordinates:
        return unstaged(ConditionKind::Coordinates, kCoordinates, firstToken);
    case TinyKind::Class:
        return unstaged(ConditionKind::Class, kTinyClasses, firstToken);
    case TinyKind::Unconditional:
        return unstaged(ConditionKind::None, 1, firstToken);
    default:
        break;
    }
    ConditionConfig labels = staged(ConditionKind::Labels, kLabels, firstToken);
    labels.labelSet = "landscape";
    return labels;
}

// Gives the controls and the null token the ids from `next` on; returns the first id left.
int64_t addControls(ModelConfig &config, int64_t next)
{
    config.nullToken = next++;
    for (const auto &[key, values] :
         std::vector<std::pair<std::string, std::vector<std::string>>>{{"light", {"any", "day", "sunset"}},
                                                                       {"biome", {"any", "alpine", "desert"}},
                                                                       {"weather", {"any", "clear", "fog"}}}) {
        config.controls.push_back({key, values, next});
        next += int64_t(values.size());
    }
    return next;
}

// Further maps and controls, with ids from `next` on; returns the first id left.
int64_t addFurther(ModelConfig &config, int64_t next)
{
    for (const ConditionKind kind : {ConditionKind::Depth, ConditionKind::Edges}) {
        config.otherConditions.push_back(staged(kind, 1, next));
        next += config.otherConditions.back().tokens.count;
    }
    config.otherConditions.back().edgeReach = 3;
    config.seesKept = true;
    config.controls.push_back({"position", {"any", "above", "below"}, next, ControlSource::Row});
    config.controls.push_back({"scale", {"any", "1", "2"}, next + 3, ControlSource::Height});
    return next + 6;
}

ModelConfig configFor(TinyKind kind)
{
    ModelConfig config;
    config.name = "Tiny";
    config.firstStage = stage(3, kTinyCodes);
    config.window = kTinyWindow;
    config.sampling.topK = 0;
    if (kind == TinyKind::FirstStage)
        return config;
    config.imageTokens = {0, kTinyCodes};
    config.condition = condition(kind, kTinyCodes);
    int64_t tokens = kTinyCodes + config.condition.tokens.count;
    if (kind == TinyKind::Labels || kind == TinyKind::Several)
        tokens = addControls(config, tokens);
    if (kind == TinyKind::Several)
        tokens = addFurther(config, tokens);
    TransformerConfig transformer;
    transformer.vocabSize = tokens;
    transformer.blockSize = config.prefixLength() + kTinyWindow * kTinyWindow;
    transformer.layers = 2;
    transformer.heads = 2;
    transformer.embedding = 32;
    config.transformer = transformer;
    return config;
}

// Fresh codes lie so close together that all of them would look alike, fresh logits hardly differ, and fresh layers
// hardly pass on what the condition says.
void spread(const StateDict &tensors)
{
    for (const auto &[name, tensor] : tensors) {
        if (name.ends_with("quantize.embedding.weight"))
            tensor.mul_(double(tensor.size(0)));
        else if (name.ends_with("head.weight") || name.ends_with("tok_emb.weight") || name.ends_with("pos_emb"))
            tensor.mul_(20);
        else if (name.ends_with(".weight")
                 && (name.find(".attn.") != std::string::npos || name.find(".mlp.") != std::string::npos)
                 && name.starts_with("transformer."))
            tensor.mul_(5);
    }
}

} // namespace

std::filesystem::path writeTinyModel(const std::filesystem::path &path, TinyKind kind, uint64_t seed)
{
    const ModelConfig config = configFor(kind);
    FreshSource fresh(seed);
    PrefixedSource firstStage(fresh, config.transformer ? "first_stage_model." : "");
    Autoencoder::create(config.firstStage, firstStage);
    if (config.condition.stage) {
        PrefixedSource conditionStage(fresh, "cond_stage_model.");
        Autoencoder::create(*config.condition.stage, conditionStage);
    }
    for (const ConditionConfig &other : config.otherConditions) {
        PrefixedSource otherStage(fresh, otherStagePrefix(other.kind));
        Autoencoder::create(*other.stage, otherStage);
    }
    if (config.transformer) {
        PrefixedSource transformer(fresh, "transformer.");
        Transformer::create(*config.transformer, transformer);
    }
    spread(fresh.tensors());
    ModelBundle::write(path, config, fresh.tensors(), {{"made_by", "tests"}});
    return path;
}

} // namespace tessera::tests
