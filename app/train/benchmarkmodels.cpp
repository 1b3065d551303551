#include "app/train/benchmarkmodels.h"

#include "models/parameters.h"

namespace tessera::train
{

models::ModelConfig publishedConfig()
{
    models::ModelConfig config;
    config.name = "310M";
    config.firstStage = models::AutoencoderConfig();
    config.transformer = models::TransformerConfig();
    config.transformer->vocabSize = 2 * config.firstStage.codes;
    config.condition.kind = models::ConditionKind::Labels;
    config.condition.labelSet = "cocostuff";
    config.condition.stage = models::AutoencoderConfig();
    config.condition.tokens = {config.firstStage.codes, config.firstStage.codes};
    config.imageTokens = {0, config.firstStage.codes};
    return config;
}

models::Transformer randomTransformer()
{
    models::FreshSource source(1);
    return models::Transformer::create(*publishedConfig().transformer, source);
}

models::Autoencoder randomFirstStage()
{
    models::FreshSource source(2);
    return models::Autoencoder::create(publishedConfig().firstStage, source);
}

} // namespace tessera::train
