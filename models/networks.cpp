#include "models/networks.h"

namespace tessera::models
{

namespace
{

class NameSource : public ParameterSource
{
public:
    at::Tensor take(const std::string &name, const std::vector<int64_t> &, Init, int64_t) override
    {
        names.insert(name);
        return {};
    }

    std::set<std::string> names;
};

} // namespace

Networks Networks::create(const ModelConfig &config, ParameterSource &source)
{
    Networks networks;
    PrefixedSource firstStage(source, config.transformer ? "first_stage_model." : "");
    networks.firstStage = Autoencoder::create(config.firstStage, firstStage);
    if (config.condition.sharesFirstStage) {
        networks.conditionStage = networks.firstStage;
    } else if (config.condition.stage) {
        PrefixedSource conditionStage(source, "cond_stage_model.");
        networks.conditionStage = Autoencoder::create(*config.condition.stage, conditionStage);
    }
    for (const ConditionConfig &other : config.otherConditions) {
        PrefixedSource stage(source, otherStagePrefix(other.kind));
        networks.otherStages.push_back(Autoencoder::create(*other.stage, stage));
    }
    if (config.transformer) {
        PrefixedSource transformer(source, "transformer.");
        networks.transformer = Transformer::create(*config.transformer, transformer);
    }
    return networks;
}

std::string otherStagePrefix(ConditionKind kind)
{
    return conditionKindName(kind) + "_stage_model.";
}

std::set<std::string> networkTensors(const ModelConfig &config)
{
    NameSource source;
    Networks::create(config, source);
    return std::move(source.names);
}

} // namespace tessera::models
