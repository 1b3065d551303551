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

models::ModelConfig smallConfig()
{
    models::ModelConfig config = publishedConfig();
    config.name = "20M";
    config.transformer->layers = 8;
    config.transformer->heads = 7;
    config.transformer->embedding = 448;
    return config;
}

models::Transformer randomSmallTransformer()
{
    models::FreshSource source(3);
    return models::Transformer::create(*smallConfig().transformer, source);
}

models::Autoencoder randomFirstStage()
{
    models::FreshSource source(2);
    return models::Autoencoder::create(publishedConfig().firstStage, source);
}

} // namespace tessera::train
