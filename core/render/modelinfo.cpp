#include "core/render/modelinfo.h"

#include "core/render/translate.h"
#include "models/bundle.h"
#include "models/error.h"

namespace tessera::core
{

namespace
{

int conditionCount(const models::ConditionConfig &condition)
{
    if (condition.kind == models::ConditionKind::Class)
        return int(condition.tokens.count);
    return condition.kind == models::ConditionKind::Labels && condition.stage ? int(condition.stage->inChannels) : 0;
}

} // namespace

std::string ModelInfo::sources() const
{
    std::string text = paintsFrom;
    for (size_t i = 0; i < otherMaps.size(); ++i)
        text += (i + 1 < otherMaps.size() ? ", " : " or ") + otherMaps[i];
    return text;
}

void ModelInfo::expectTakes(const std::string &kind) const
{
    if (!takes(kind))
        refuse(kind);
}

void ModelInfo::refuse(const std::string &kind) const
{
    throw Error(ErrorCode::InvalidArgument, paintsFrom.empty()
                                                ? "This model is a first stage alone and paints from nothing."
                                                : "This model paints from " + sources() + ", not from " + kind + ".");
}

ModelInfo describedModel(const models::ModelConfig &config)
{
    ModelInfo info;
    info.name = config.name;
    info.paintsFrom = config.transformer ? models::conditionKindName(config.condition.kind) : "";
    for (const models::ConditionConfig &other : config.otherConditions)
        info.otherMaps.push_back(models::conditionKindName(other.kind));
    info.labelSet = config.condition.labelSet;
    info.factor = int(config.firstStage.factor());
    info.window = int(config.window);
    info.codes = int(config.firstStage.drawnCodes());
    for (const models::ControlConfig &control : config.controls)
        if (control.source == models::ControlSource::Artist)
            info.controls.push_back({control.key, control.values, control.guided});
    info.seesKept = config.seesKept;
    info.guidance = config.nullToken.has_value();
    info.defaultTemperature = config.sampling.temperature;
    info.defaultTopK = config.sampling.topK;
    info.defaultTopP = config.sampling.topP;
    info.defaultGuidance = config.sampling.guidance;
    info.windowPrices = config.windowPrices;
    info.conditionCount = conditionCount(config.condition);
    return info;
}

ModelInfo describedModel(const models::ModelSummary &summary)
{
    ModelInfo info = describedModel(summary.config);
    info.path = summary.path;
    info.name = summary.title;
    info.parameters = summary.parameters;
    info.weightBytes = summary.memoryBytes;
    info.format = summary.format;
    info.notes = summary.notes;
    return info;
}

ModelInfo inspectModel(const std::filesystem::path &model)
{
    ModelInfo info;
    translated("Opening " + model.string(), [&] { info = describedModel(models::ModelBundle::inspect(model)); });
    return info;
}

} // namespace tessera::core
