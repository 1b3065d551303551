// The condition's part of a configuration: cond_stage_config, cond_stage_key, unconditional, sos_token.
#include <algorithm>

#include "models/configparts.h"

namespace tessera::models
{

using nlohmann::json;

namespace
{

const std::string kFirstStageAgain = "__is_first_stage__";
const std::string kUnconditional = "__is_unconditional__";
constexpr int64_t kMostTokens = 1 << 22;

const std::vector<std::pair<ConditionKind, std::string>> kKeys = { // cond_stage_key of the original
    {ConditionKind::Labels, "segmentation"}, {ConditionKind::Depth, "depth"},       {ConditionKind::Edges, "edges"},
    {ConditionKind::Coordinates, "coord"},   {ConditionKind::Class, "class_label"}, {ConditionKind::None, "image"},
    {ConditionKind::Objects, "objects_bbox"}};

// A stage that is a network reads a map; the key says which.
ConditionKind mapKindFrom(const json &params)
{
    const auto key = configValueOr<std::string>(params, "cond_stage_key", "depth");
    const auto found = std::ranges::find(kKeys, key, &std::pair<ConditionKind, std::string>::second);
    if (found == kKeys.end() || found - kKeys.begin() > 2)
        failConfig("'cond_stage_key' is '" + key + "', expected segmentation, depth or edges");
    return found->first;
}

ConditionConfig mapCondition(const json &params, const AutoencoderConfig &stage, const AutoencoderConfig &firstStage)
{
    if (stage.factor() != firstStage.factor())
        failConfig("the condition stage makes one code of " + std::to_string(stage.factor())
                   + " pixels a side, but the first stage of " + std::to_string(firstStage.factor()));
    ConditionConfig condition{
        .kind = mapKindFrom(params), .labelSet = "", .stage = stage, .tokens = {0, stage.drawnCodes()}};
    // The published label sets are told apart by their numbers of channels.
    if (condition.kind == ConditionKind::Labels && (stage.inChannels == 182 || stage.inChannels == 183))
        condition.labelSet = "cocostuff";
    if (condition.kind == ConditionKind::Labels && stage.inChannels == 151)
        condition.labelSet = "ade20k";
    return condition;
}

ConditionConfig tokenCondition(ConditionKind kind, int64_t first, int64_t count)
{
    return {.kind = kind, .labelSet = "", .stage = std::nullopt, .tokens = {first, count}};
}

int64_t tokenCount(const json &params, const std::string &key, int64_t otherwise)
{
    const int64_t count = configValueOr<int64_t>(params, key, otherwise);
    expectBetween(key, count, 1, kMostTokens);
    return count;
}

ConditionConfig nothing(int64_t startToken)
{
    expectBetween("sos_token", startToken, 0, kMostTokens);
    return tokenCondition(ConditionKind::None, startToken, 1);
}

ConditionConfig coordinates(const json &params, const AutoencoderConfig &firstStage)
{
    const auto factor = configValue<int64_t>(params, "down_factor");
    if (factor != firstStage.factor())
        failConfig("'down_factor' is " + std::to_string(factor) + ", but the first stage makes one code of "
                   + std::to_string(firstStage.factor()) + " pixels a side");
    configChild(params, "n_embed");
    return tokenCondition(ConditionKind::Coordinates, 0, tokenCount(params, "n_embed", 1));
}

ConditionConfig stageCondition(const json &params, const json &stage, const AutoencoderConfig &firstStage)
{
    const std::string name = targetClass(stage);
    static const json kNone = json::object();
    const json &own = configHas(stage, "params") ? stage.at("params") : kNone;
    if (name == "CoordStage")
        return coordinates(own, firstStage);
    if (name == "Labelator")
        return tokenCondition(ConditionKind::Class, 0, tokenCount(own, "n_classes", 1000));
    if (name == "SOSProvider")
        return nothing(configValueOr<int64_t>(own, "sos_token", 0));
    if (name == "DummyCondStage")
        return tokenCondition(ConditionKind::Objects, 0, 0); // its vocabulary is the transformer's
    if (!isAutoencoder(stage))
        failConfig("the condition stage's target '" + name
                   + "' is not known, expected VQModel, VQSegmentationModel, CoordStage, Labelator or DummyCondStage");
    return mapCondition(params, autoencoderFrom(stage), firstStage);
}

json stageJson(const ModelConfig &config)
{
    const ConditionConfig &condition = config.condition;
    switch (condition.kind) {
    case ConditionKind::Coordinates:
        return {{"target", "taming.modules.misc.coord.CoordStage"},
                {"params", {{"n_embed", condition.tokens.count}, {"down_factor", config.firstStage.factor()}}}};
    case ConditionKind::Class:
        return {{"target", "taming.modules.util.Labelator"}, {"params", {{"n_classes", condition.tokens.count}}}};
    case ConditionKind::Objects:
        return {{"target", "taming.models.dummy_cond_stage.DummyCondStage"},
                {"params", {{"conditional_key", "objects_bbox"}}}};
    default:
        return condition.sharesFirstStage ? json(kFirstStageAgain)
               : condition.stage          ? autoencoderJson(*condition.stage)
                                          : json(kUnconditional);
    }
}

const std::string kReach = "edge_reach";

// Depth or Edges, by its name.
ConditionKind fieldKindNamed(const std::string &key, const std::string &name)
{
    for (const ConditionKind kind : {ConditionKind::Depth, ConditionKind::Edges})
        if (conditionKindName(kind) == name)
            return kind;
    failConfig("'" + key + "' is '" + name + "', expected depth or edges");
}

double reachFrom(const json &node)
{
    constexpr double kMost = 4096; // pixels
    const auto reach = configValueOr<double>(node, kReach, 0);
    if (!(reach >= 0 && reach <= kMost))
        failConfig("'" + kReach + "' is " + shownValue(node.at(kReach)) + ", expected 0 to "
                   + std::to_string(int(kMost)) + " pixels");
    return reach;
}

ConditionConfig otherConditionFrom(const json &node, const ModelConfig &config)
{
    ConditionConfig other;
    other.kind = fieldKindNamed("kind", configValue<std::string>(node, "kind"));
    if (config.conditionOf(other.kind))
        failConfig("it paints from " + conditionKindName(other.kind) + " by two stages, expected one");
    other.stage = autoencoderFrom(configChild(node, "stage"));
    if (other.stage->factor() != config.firstStage.factor())
        failConfig("the " + conditionKindName(other.kind) + " stage makes one code of "
                   + std::to_string(other.stage->factor()) + " pixels a side, but the first stage of "
                   + std::to_string(config.firstStage.factor()));
    other.tokens = tokenRangeFrom(node, "tokens");
    if (other.tokens.count != other.stage->drawnCodes())
        failConfig("the vocabulary holds " + std::to_string(other.tokens.count) + ' ' + conditionKindName(other.kind)
                   + " tokens, but the codebook has " + std::to_string(other.stage->drawnCodes()) + " codes");
    other.edgeReach = reachFrom(node);
    return other;
}

json otherConditionJson(const ConditionConfig &other)
{
    json node = {{"kind", conditionKindName(other.kind)},
                 {"stage", autoencoderJson(*other.stage)},
                 {"tokens", tokenRangeJson(other.tokens)}};
    if (other.edgeReach > 0)
        node[kReach] = other.edgeReach;
    return node;
}

} // namespace

void readOwnConditions(const json &own, ModelConfig &config)
{
    if (!config.transformer && configHas(own, "map")) // a condition stage alone
        config.condition.kind = fieldKindNamed("map", configValue<std::string>(own, "map"));
    config.condition.edgeReach = reachFrom(own);
    for (const json &node : configChildOrNull(own, "other_conditions"))
        config.otherConditions.push_back(otherConditionFrom(node, config));
    config.seesKept = configValueOr<bool>(own, "sees_kept", false);
}

void addOwnConditions(const ModelConfig &config, json &own)
{
    if (!config.transformer && config.condition.kind != ConditionKind::None)
        own["map"] = conditionKindName(config.condition.kind);
    if (config.condition.edgeReach > 0)
        own[kReach] = config.condition.edgeReach;
    for (const ConditionConfig &other : config.otherConditions)
        own["other_conditions"].push_back(otherConditionJson(other));
    if (config.seesKept)
        own["sees_kept"] = true;
}

ConditionConfig conditionFrom(const json &params, const AutoencoderConfig &firstStage)
{
    if (configValueOr<bool>(params, "unconditional", false))
        return nothing(configValueOr<int64_t>(params, "sos_token", 0));
    const json &stage = configChild(params, "cond_stage_config");
    if (stage == kUnconditional)
        return nothing(configValueOr<int64_t>(params, "sos_token", 0));
    if (stage == kFirstStageAgain) {
        ConditionConfig condition = mapCondition(params, firstStage, firstStage);
        condition.sharesFirstStage = true;
        return condition;
    }
    if (!stage.is_object())
        failConfig("'cond_stage_config' is " + shownValue(stage) + ", expected a stage, '" + kFirstStageAgain + "' or '"
                   + kUnconditional + "'");
    return stageCondition(params, stage, firstStage);
}

void addConditionJson(const ModelConfig &config, json &params)
{
    const auto key = std::ranges::find(kKeys, config.condition.kind, &std::pair<ConditionKind, std::string>::first);
    params["cond_stage_key"] = key->second;
    params["cond_stage_config"] = stageJson(config);
    if (config.condition.kind == ConditionKind::None && config.condition.tokens.first != 0)
        params["sos_token"] = config.condition.tokens.first;
}

} // namespace tessera::models
