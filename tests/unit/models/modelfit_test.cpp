#include "models/modelfit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "models/networks.h"

namespace tessera::models
{

namespace
{

using testing::AllOf;
using testing::HasSubstr;

// A file that holds what a first stage takes and nothing else.
ModelFile stageFile()
{
    ModelFile file;
    file.path = "stage.ckpt";
    file.config.firstStage = {.width = 32,
                              .multipliers = {1, 1},
                              .resBlocks = 1,
                              .attentionResolutions = {},
                              .resolution = 32,
                              .zChannels = 8,
                              .embedDim = 4,
                              .codes = 20};
    for (const std::string &name : networkTensors(file.config))
        file.entries[name] = {"F32", {1}, 4};
    return file;
}

std::string fault(void (*check)(const ModelFile &), const ModelFile &file)
{
    try {
        check(file);
    } catch (const Error &error) {
        return error.what();
    }
    return {};
}

TEST(ModelFit, WhatTrainingLeftMayBeThere)
{
    ModelFile file = stageFile();
    for (const char *name : {"loss.discriminator.main.0.weight", "quantize.embed_avg", "colorize",
                             "model_ema.encoderconv_inweight", "quantize.used"})
        file.entries[name] = {"I64", {1}, 8};
    EXPECT_EQ(fault(checkLeftovers, file), "");
    EXPECT_EQ(fault(checkTypes, file), "");
}

TEST(ModelFit, PartsOfNetworksMayNot)
{
    for (const char *name :
         {"encoder.down.1.attn.0.q.weight", "decoder.up.0.block.2.conv1.weight", "quant_conv.scale"}) {
        ModelFile file = stageFile();
        file.entries[name] = {"F32", {1}, 4};
        EXPECT_THAT(
            fault(checkLeftovers, file),
            AllOf(HasSubstr("stage.ckpt does not fit its configuration, which has no place for "), HasSubstr(name)));
    }
}

TEST(ModelFit, AStageShippedWithoutItsDecoderMayHaveOne)
{
    ModelFile file = stageFile();
    file.config.firstStage.encoderOnly = true;
    EXPECT_EQ(fault(checkLeftovers, file), "");
}

TEST(ModelFit, WeightsAreFloatingPointOrHaveAScale)
{
    for (const char *type : {"I64", "C64", "BOOL", "I8"}) {
        ModelFile file = stageFile();
        file.entries["encoder.conv_in.weight"].dtype = type;
        EXPECT_THAT(fault(checkTypes, file),
                    HasSubstr(std::string("encoder.conv_in.weight holds numbers of type ") + type));
    }
    ModelFile file = stageFile();
    file.entries["encoder.conv_in.weight"].dtype = "I8";
    file.entries["encoder.conv_in.weight.scale"] = {"F32", {1}, 4};
    EXPECT_EQ(fault(checkTypes, file), "");
    EXPECT_EQ(fault(checkLeftovers, file), "");
}

} // namespace

} // namespace tessera::models
