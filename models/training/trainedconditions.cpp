#include "models/training/trainedconditions.h"

#include "models/error.h"
#include "models/networks.h"
#include "models/training/mapaugment.h"

namespace tessera::models
{

namespace
{

std::string prefixOf(ConditionKind kind)
{
    return kind == ConditionKind::Labels ? "cond_stage_model." : otherStagePrefix(kind);
}

void expectChannels(const std::string &stage, int64_t found, int64_t expected)
{
    if (found != expected)
        throw Error(ErrorCode::InvalidArgument, stage + " reads " + std::to_string(found) + " channels, expected "
                                                    + std::to_string(expected) + ": it is a stage of another kind.");
}

} // namespace

void checkStages(const AutoencoderConfig &firstStage, const std::vector<ConditionConfig> &conditions)
{
    expectChannels("The first stage", firstStage.inChannels, 3);
    for (const ConditionConfig &condition : conditions) {
        const std::string name = "the stage that reads " + conditionKindName(condition.kind);
        if (firstStage.factor() != condition.stage->factor())
            throw Error(ErrorCode::InvalidArgument,
                        "The first stage has " + std::to_string(firstStage.factor()) + " pixels per code and side, "
                            + name + " " + std::to_string(condition.stage->factor()) + ": they must be equal.");
        expectChannels('T' + name.substr(1), condition.stage->inChannels,
                       condition.kind == ConditionKind::Labels ? kMapLabels : 1);
        if (condition.kind == ConditionKind::Edges && !(condition.edgeReach > 0))
            throw Error(ErrorCode::ModelMismatch,
                        "The edge stage has an 'edge_reach' of 0, expected one above 0: it was "
                        "trained on lines, and only nearness to lines can be made here.");
    }
}

TrainedConditions::TrainedConditions(Recipe &recipe, c10::Device device)
{
    const auto open = [&](ConditionKind kind, const std::string &path) {
        m_stages.try_emplace(kind, path, kind, device);
    };
    open(ConditionKind::Labels, recipe.value<std::string>("condition_stage"));
    for (const auto &[kind, key] :
         {std::pair{ConditionKind::Depth, "depth_stage"}, {ConditionKind::Edges, "edges_stage"}})
        if (const auto path = recipe.valueOr<std::string>(key, ""); !path.empty())
            open(kind, path);
}

Stages TrainedConditions::networks() const
{
    Stages stages;
    for (const auto &[kind, stage] : m_stages)
        stages[kind] = &stage.network();
    return stages;
}

std::map<ConditionKind, at::Tensor> TrainedConditions::codebooks() const
{
    std::map<ConditionKind, at::Tensor> codebooks;
    for (const auto &[kind, stage] : m_stages)
        codebooks[kind] = stage.network().drawnVectors().cpu();
    return codebooks;
}

std::vector<ConditionConfig> TrainedConditions::described() const
{
    std::vector<ConditionConfig> all;
    for (const auto &[kind, stage] : m_stages) {
        ConditionConfig &condition = all.emplace_back();
        condition.kind = kind;
        condition.labelSet = stage.condition().labelSet;
        condition.edgeReach = stage.condition().edgeReach;
        condition.stage = stage.config();
    }
    return all;
}

StateDict TrainedConditions::tensors() const
{
    StateDict all;
    for (const auto &[kind, stage] : m_stages) {
        StateDict tensors = withPrefixAdded(stage.tensors(), prefixOf(kind));
        std::erase_if(tensors, [&](const auto &entry) {
            return entry.first.starts_with(prefixOf(kind) + "decoder.")
                   || entry.first.starts_with(prefixOf(kind) + "post_quant_conv.");
        });
        all.merge(tensors);
    }
    return all;
}

std::string TrainedConditions::identity() const
{
    std::string all;
    for (const auto &[kind, stage] : m_stages)
        all += conditionKindName(kind) + ":" + stage.identity() + " ";
    return all;
}

} // namespace tessera::models
