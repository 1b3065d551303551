#include "models/training/trainedconditions.h"

#include "models/error.h"
#include "models/networks.h"

namespace tessera::models
{

namespace
{

std::string prefixOf(ConditionKind kind)
{
    return kind == ConditionKind::Labels ? "cond_stage_model." : otherStagePrefix(kind);
}

ConditionConfig describedBy(const TrainedStage &stage, ConditionKind kind, int64_t firstToken)
{
    ConditionConfig condition;
    condition.kind = kind;
    condition.labelSet = stage.condition().labelSet;
    condition.edgeReach = stage.condition().edgeReach;
    condition.stage = stage.config();
    condition.stage->encoderOnly = true; // nobody decodes its codes
    condition.tokens = {firstToken, stage.config().codes};
    return condition;
}

} // namespace

TrainedConditions::TrainedConditions(Recipe &recipe, const AutoencoderConfig &firstStage, c10::Device device)
{
    const auto open = [&](ConditionKind kind, const std::string &path) {
        const TrainedStage &stage = m_stages.try_emplace(kind, path, kind, device).first->second;
        if (firstStage.factor() != stage.config().factor())
            throw Error(ErrorCode::InvalidArgument,
                        "The first stage has " + std::to_string(firstStage.factor())
                            + " pixels per code and side, the stage that reads " + conditionKindName(kind) + " "
                            + std::to_string(stage.config().factor()) + ": they must be equal.");
    };
    const auto expectReach = [&] {
        const double reach = has(ConditionKind::Edges) ? of(ConditionKind::Edges).condition().edgeReach : 1;
        if (!(reach > 0))
            throw Error(ErrorCode::ModelMismatch,
                        "The edge stage has an 'edge_reach' of 0, expected one above 0: it was "
                        "trained on lines, and only nearness to lines can be made here.");
    };
    open(ConditionKind::Labels, recipe.value<std::string>("condition_stage"));
    for (const auto &[kind, key] :
         {std::pair{ConditionKind::Depth, "depth_stage"}, {ConditionKind::Edges, "edges_stage"}})
        if (const auto path = recipe.valueOr<std::string>(key, ""); !path.empty())
            open(kind, path);
    expectReach();
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
        codebooks[kind] = stage.network().codebook.cpu();
    return codebooks;
}

int64_t TrainedConditions::describe(ModelConfig &config, int64_t firstToken) const
{
    for (const auto &[kind, stage] : m_stages) {
        ConditionConfig condition = describedBy(stage, kind, firstToken);
        firstToken += condition.tokens.count;
        if (kind == ConditionKind::Labels)
            config.condition = std::move(condition);
        else
            config.otherConditions.push_back(std::move(condition));
    }
    return firstToken;
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
