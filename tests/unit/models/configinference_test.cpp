#include "models/configinference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fillsource.h"
#include "models/autoencoder.h"
#include "models/error.h"
#include "models/transformer.h"

namespace tessera::models
{

namespace
{

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

TensorShapes shapesOf(const ModelConfig &config)
{
    ShapeSource source;
    PrefixedSource first(source, config.transformer ? "first_stage_model." : "");
    Autoencoder::create(config.firstStage, first);
    if (config.condition.stage) {
        PrefixedSource condition(source, "cond_stage_model.");
        Autoencoder::create(*config.condition.stage, condition);
    }
    if (config.transformer) {
        PrefixedSource transformer(source, "transformer.");
        Transformer::create(*config.transformer, transformer);
    }
    return source.shapes;
}

AutoencoderConfig stage(int64_t channels, int64_t codes)
{
    AutoencoderConfig config;
    config.inChannels = config.outChannels = channels;
    config.codes = codes;
    return config;
}

ModelConfig published(int64_t codes, int64_t layers, int64_t width, int64_t block)
{
    ModelConfig config;
    config.firstStage = stage(3, codes);
    config.imageTokens = {0, codes};
    config.transformer =
        TransformerConfig{.vocabSize = codes, .blockSize = block, .layers = layers, .heads = 16, .embedding = width};
    config.condition.tokens = {0, 1};
    return config;
}

ModelConfig fromMap(ModelConfig config, ConditionKind kind, int64_t channels, const std::string &labelSet)
{
    config.condition = {kind, labelSet, stage(channels, 1024), {0, 1024}, 0};
    return config;
}

ModelConfig fromTokens(ModelConfig config, ConditionKind kind, int64_t count)
{
    config.condition = {kind, "", std::nullopt, {0, count}, 0};
    return config;
}

std::string refusal(const TensorShapes &shapes)
{
    try {
        inferConfig(shapes);
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::ModelMismatch);
        return error.what();
    }
    return "accepted";
}

TEST(ConfigInference, FirstStages)
{
    AutoencoderConfig latent = stage(3, 16384); // of the latent diffusion models
    latent.multipliers = {1, 2, 2, 4};
    latent.attentionResolutions = {32};
    latent.zChannels = latent.embedDim = 4;
    AutoencoderConfig gumbel = stage(3, 8192);
    gumbel.multipliers = {1, 1, 2, 4};
    gumbel.attentionResolutions = {32};
    gumbel.quantizer = QuantizerKind::Gumbel;
    AutoencoderConfig narrow = stage(3, 64);
    narrow.attentionResolutions = {};
    narrow.resBlocks = 1;
    narrow.width = 32;
    for (const AutoencoderConfig &expected :
         {stage(3, 1024), stage(3, 16384), stage(1, 1024), latent, gumbel, narrow}) {
        ModelConfig model;
        model.firstStage = expected;
        const InferredConfig inferred = inferConfig(shapesOf(model));
        EXPECT_EQ(inferred.config.firstStage, expected);
        EXPECT_FALSE(inferred.config.transformer);
        EXPECT_THAT(inferred.assumptions, IsEmpty());
    }
}

TEST(ConfigInference, PatchesOfOurOwnStages)
{
    ModelConfig model;
    model.firstStage = stage(3, 512);
    model.firstStage.patch = 4;
    model.firstStage.multipliers = {1, 2, 2};
    model.firstStage.attentionResolutions = {};
    const AutoencoderConfig inferred = inferConfig(shapesOf(model)).config.firstStage;
    EXPECT_EQ(inferred.patch, 4);
    EXPECT_EQ(inferred.inChannels, 3);
    EXPECT_EQ(inferred.outChannels, 3);
    EXPECT_EQ(inferred.factor(), 16);
}

TEST(ConfigInference, WholeModels)
{
    const ModelConfig wide = published(1024, 24, 1664, 256);
    for (const ModelConfig &expected :
         {fromMap(published(1024, 24, 1024, 512), ConditionKind::Labels, 182, "cocostuff"),
          fromMap(published(4096, 28, 1024, 512), ConditionKind::Labels, 151, "ade20k"),
          fromMap(published(8192, 32, 1280, 512), ConditionKind::Labels, 183, "cocostuff"),
          fromMap(published(1024, 24, 1024, 512), ConditionKind::Depth, 1, ""),
          fromTokens(published(1024, 24, 1024, 512), ConditionKind::Coordinates, 1024), wide}) {
        const InferredConfig inferred = inferConfig(shapesOf(expected));
        EXPECT_EQ(inferred.config, expected) << conditionKindName(expected.condition.kind);
        EXPECT_THAT(inferred.assumptions, Contains(HasSubstr("16 was taken")));
        EXPECT_EQ(inferred.assumptions.size(), 2U);
    }
    EXPECT_EQ(inferConfig(shapesOf(published(8192, 40, 1408, 348))).config.condition.kind, ConditionKind::Objects);
}

// Configurations that users made from its own have 24, not the paper's 16.
TEST(ConfigInference, ThePublishedImageNetModelHasMoreHeads)
{
    ModelConfig expected = fromTokens(published(16384, 48, 1536, 256), ConditionKind::Class, 1000);
    expected.transformer->heads = 24;
    const InferredConfig inferred = inferConfig(shapesOf(expected));
    EXPECT_EQ(inferred.config, expected);
    EXPECT_THAT(inferred.assumptions, Contains(HasSubstr("24 was taken")));
}

TEST(ConfigInference, AssumptionsTellHowToSayItInstead)
{
    for (const ModelConfig &model :
         {fromMap(published(1024, 2, 1024, 512), ConditionKind::Depth, 1, ""), published(1024, 2, 1024, 256),
          fromTokens(published(1024, 2, 1024, 512), ConditionKind::Coordinates, 1024), published(8192, 2, 1024, 348),
          published(16384, 48, 1536, 256)}) {
        const std::vector<std::string> assumptions = inferConfig(shapesOf(model)).assumptions;
        EXPECT_THAT(assumptions, testing::Each(HasSubstr("in a .yaml beside the checkpoint decides instead.")));
        EXPECT_THAT(assumptions, testing::ElementsAre(HasSubstr("'n_head'"), HasSubstr("'cond_stage_")));
    }
}

TEST(ConfigInference, MoreLevelsThanThereAreBitsAreRefused)
{
    ModelConfig model;
    TensorShapes shapes = shapesOf(model);
    for (int level = 5; level <= 64; ++level) {
        const std::string name = "encoder.down." + std::to_string(level);
        shapes[name + ".block.0.conv1.weight"] = {128, 128, 3, 3};
        shapes[name + ".attn.0.norm.weight"] = {128};
    }
    EXPECT_THAT(refusal(shapes), HasSubstr("encoder.down.0... make 65 levels, expected at most 10"));
}

TEST(ConfigInference, TensorsOfTrainingArePassedOver)
{
    ModelConfig model;
    TensorShapes shapes = shapesOf(model);
    shapes["loss.discriminator.main.0.weight"] = {64, 3, 4, 4};
    shapes["colorize"] = {3, 151, 1, 1};
    EXPECT_EQ(inferConfig(shapes).config, model);
}

TEST(ConfigInference, RefusalsNameTheTensor)
{
    const TensorShapes whole = shapesOf(fromMap(published(1024, 2, 1024, 512), ConditionKind::Labels, 182, ""));
    const auto without = [&](const std::string &name) {
        TensorShapes shapes = whole;
        EXPECT_EQ(shapes.erase(name), 1U) << name;
        return refusal(shapes);
    };
    const auto with = [&](const std::string &name, const std::vector<int64_t> &shape) {
        TensorShapes shapes = whole;
        shapes[name] = shape;
        return refusal(shapes);
    };
    EXPECT_EQ(refusal(whole), "accepted");
    EXPECT_THAT(refusal({}), HasSubstr("encoder.conv_in.weight"));
    for (const char *name :
         {"transformer.pos_emb", "transformer.tok_emb.weight", "first_stage_model.encoder.conv_in.weight",
          "first_stage_model.quantize.embedding.weight", "cond_stage_model.encoder.down.2.block.0.conv1.weight"})
        EXPECT_THAT(without(name), HasSubstr(name));
    EXPECT_THAT(with("transformer.pos_emb", {512, 1024}), HasSubstr("[512, 1024]"));
    EXPECT_THAT(with("transformer.pos_emb", {1, 0, 1024}), HasSubstr("[1, 0, 1024]"));
    EXPECT_THAT(with("transformer.blocks.99999999999.ln1.weight", {1}), testing::Not(HasSubstr("99999999999")));
    EXPECT_THAT(with("transformer.blocks.5000.ln1.weight", {1}), HasSubstr("numbered beyond 1024"));
    EXPECT_THAT(with("first_stage_model.encoder.conv_in.weight", {100, 3, 3, 3}), HasSubstr("multiple"));
    EXPECT_THAT(with("cond_stage_model.encoder.conv_in.weight", {128, 3, 3, 3}), HasSubstr("3 channels"));
    EXPECT_THAT(with("permuter.forward_shuffle_idx", {256}), HasSubstr("order of its own"));
    EXPECT_THAT(with("transformer.tok_emb.weight", {1024, 1000}), HasSubstr("'n_head' 16"));
}

} // namespace

} // namespace tessera::models
