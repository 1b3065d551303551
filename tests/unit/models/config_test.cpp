#include "models/config.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/error.h"

namespace tessera::models
{

namespace
{

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

json stageJson(int64_t channels, int64_t codes)
{
    return {{"target", "taming.models.vqgan.VQModel"},
            {"params",
             {{"embed_dim", 256},
              {"n_embed", codes},
              {"ddconfig",
               {{"double_z", false},
                {"z_channels", 256},
                {"resolution", 256},
                {"in_channels", channels},
                {"out_ch", channels},
                {"ch", 128},
                {"ch_mult", {1, 1, 2, 2, 4}},
                {"num_res_blocks", 2},
                {"attn_resolutions", {16}},
                {"dropout", 0.0}}}}}};
}

json publishedJson()
{
    return {
        {"model",
         {{"target", "taming.models.cond_transformer.Net2NetTransformer"},
          {"params",
           {{"cond_stage_key", "segmentation"},
            {"first_stage_config", stageJson(3, 1024)},
            {"cond_stage_config", stageJson(182, 1024)},
            {"transformer_config",
             {{"target", "taming.modules.transformer.mingpt.GPT"},
              {"params",
               {{"vocab_size", 1024}, {"block_size", 512}, {"n_layer", 24}, {"n_head", 16}, {"n_embd", 1024}}}}}}}}}};
}

using Change = std::function<void(json &)>;

ModelConfig changed(const Change &change)
{
    json document = publishedJson();
    change(document["model"]["params"]);
    return ModelConfig::fromJson(document);
}

std::string refusal(const Change &change)
{
    try {
        changed(change);
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::ModelMismatch);
        return error.what();
    }
    return "accepted";
}

void expectRoundTrip(const ModelConfig &config)
{
    EXPECT_EQ(ModelConfig::fromJson(config.toJson()), config);
    EXPECT_EQ(config.toJson(), ModelConfig::fromJson(config.toJson()).toJson());
}

TEST(PublishedConfig, LabelSetsAreToldByTheirChannels)
{
    for (const auto &[channels, set] : {std::pair{182, "cocostuff"}, {183, "cocostuff"}, {151, "ade20k"}, {20, ""}}) {
        const int64_t count = channels;
        const ModelConfig config = changed([&](json &p) { p["cond_stage_config"] = stageJson(count, 512); });
        EXPECT_EQ(config.condition.kind, ConditionKind::Labels);
        EXPECT_EQ(config.condition.labelSet, set);
        EXPECT_EQ(config.condition.tokens, (TokenRange{0, 512}));
        EXPECT_EQ(config.prefixLength(), 256);
        expectRoundTrip(config);
    }
}

TEST(PublishedConfig, OwnNamesOfLabelSetsStand)
{
    json document = publishedJson();
    document["model"]["tessera"] = {{"label_set", ""}};
    EXPECT_EQ(ModelConfig::fromJson(document).condition.labelSet, "");
    expectRoundTrip(ModelConfig::fromJson(document));
}

TEST(PublishedConfig, Coordinates)
{
    const ModelConfig config = changed([](json &p) {
        p["cond_stage_config"] = {{"target", "taming.modules.misc.coord.CoordStage"},
                                  {"params", {{"n_embed", 1000}, {"down_factor", 16}}}};
    });
    EXPECT_EQ(config.condition.kind, ConditionKind::Coordinates);
    EXPECT_EQ(config.condition.tokens, (TokenRange{0, 1000}));
    EXPECT_EQ(config.prefixLength(), 256);
    expectRoundTrip(config);
}

TEST(PublishedConfig, Classes)
{
    const ModelConfig config = changed([](json &p) {
        p["transformer_config"]["params"]["block_size"] = 256;
        p["cond_stage_config"] = {{"target", "x.Labelator"}, {"params", {{"n_classes", 10}}}};
    });
    EXPECT_EQ(config.condition.kind, ConditionKind::Class);
    EXPECT_EQ(config.condition.tokens, (TokenRange{0, 10}));
    EXPECT_EQ(config.prefixLength(), 1);
    expectRoundTrip(config);
}

TEST(PublishedConfig, NothingIsSaidInThreeWays)
{
    for (const Change &way :
         std::vector<Change>{[](json &p) { p["cond_stage_config"] = "__is_unconditional__"; },
                             [](json &p) { p["unconditional"] = true; },
                             [](json &p) {
                                 p["cond_stage_config"] = {{"target", "x.SOSProvider"}, {"params", {{"sos_token", 7}}}};
                             }}) {
        const ModelConfig config = changed([&](json &p) {
            p["sos_token"] = 7;
            way(p);
        });
        EXPECT_EQ(config.condition.kind, ConditionKind::None);
        EXPECT_EQ(config.condition.tokens, (TokenRange{7, 1}));
        EXPECT_EQ(config.prefixLength(), 1);
        EXPECT_FALSE(config.condition.stage);
        expectRoundTrip(config);
    }
}

TEST(PublishedConfig, LayoutsOfObjectsAreKnown)
{
    const ModelConfig config = changed([](json &p) {
        p["cond_stage_key"] = "objects_center_points";
        p["cond_stage_config"] = {{"target", "x.DummyCondStage"}, {"params", {{"conditional_key", "objects_bbox"}}}};
        p["transformer_config"]["params"]["block_size"] = 348;
    });
    EXPECT_EQ(config.condition.kind, ConditionKind::Objects);
    EXPECT_EQ(config.prefixLength(), 92);
    EXPECT_EQ(conditionKindName(config.condition.kind), "objects");
    expectRoundTrip(config);
}

TEST(PublishedConfig, TheFirstStageMayServeTwice)
{
    const ModelConfig config = changed([](json &p) {
        p.erase("cond_stage_key"); // the original's default is depth
        p["cond_stage_config"] = "__is_first_stage__";
    });
    EXPECT_EQ(config.condition.kind, ConditionKind::Depth);
    EXPECT_EQ(config.condition.stage, config.firstStage);
    EXPECT_TRUE(config.condition.sharesFirstStage);
    expectRoundTrip(config);
}

TEST(PublishedConfig, AListOfUsedCodesShortensTheVocabulary)
{
    const auto remapped = [](const json &unknown) {
        return changed([&](json &p) {
            p["first_stage_config"]["params"].update(
                {{"remap", "used.npy"}, {"used_codes", 20}, {"unknown_index", unknown}});
        });
    };
    const ModelConfig nearest = remapped("random");
    EXPECT_EQ(nearest.imageTokens.count, 20);
    EXPECT_EQ(nearest.firstStage.remap->unknown, std::nullopt);
    EXPECT_EQ(remapped("extra").imageTokens.count, 21);
    EXPECT_EQ(remapped(7).firstStage.remap->unknown, 7);
    for (const json &unknown : {json("random"), json("extra"), json(7)})
        expectRoundTrip(remapped(unknown));
    EXPECT_THROW(remapped(20), Error);
    EXPECT_THROW(remapped("other"), Error);
}

TEST(PublishedConfig, GumbelIsAKindOfQuantizer)
{
    json document = {{"model", stageJson(3, 8192)}};
    document["model"]["target"] = "taming.models.vqgan.GumbelVQ";
    const ModelConfig config = ModelConfig::fromJson(document);
    EXPECT_EQ(config.firstStage.quantizer, QuantizerKind::Gumbel);
    EXPECT_EQ(config.toJson().at("model").at("target"), "taming.models.vqgan.GumbelVQ");
    expectRoundTrip(config);
    document["model"]["params"]["embed_dim"] = 64;
    EXPECT_THROW(ModelConfig::fromJson(document), Error);
}

TEST(PublishedConfig, PermutersAreReadAndThoseWithoutAnOrderRefused)
{
    const auto permuted = [](const std::string &name, int64_t side) {
        return refusal([&](json &p) {
            p["permuter_config"] = {{"target", "taming.modules.transformer.permuter." + name},
                                    {"params", {{"H", side}, {"W", side}}}};
        });
    };
    EXPECT_EQ(permuted("Identity", 16), "accepted");
    EXPECT_EQ(permuted("SpiralOut", 16), "accepted");
    json odd = publishedJson();
    odd["model"]["params"]["permuter_config"] = {{"target", "taming.modules.transformer.permuter.SpiralIn"}};
    odd["model"]["tessera"] = {{"window", 15}};
    try {
        ModelConfig::fromJson(odd);
        FAIL() << "accepted";
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), HasSubstr("SpiralIn is not defined for 15 x 15 codes"));
    }
    EXPECT_THAT(permuted("ZCurve", 8), HasSubstr("'H' is 8"));
    EXPECT_THAT(permuted("Hilbert", 16), HasSubstr("'Hilbert'"));
    EXPECT_EQ(refusal([](json &p) { p["permuter_config"] = nullptr; }), "accepted");
}

TEST(PublishedConfig, RefusesWhatItWouldPaintWrongly)
{
    const auto dd = [](const char *key, const json &value) {
        return refusal([&](json &p) { p["first_stage_config"]["params"]["ddconfig"][key] = value; });
    };
    EXPECT_THAT(dd("double_z", true), HasSubstr("'double_z' is true"));
    EXPECT_THAT(dd("resamp_with_conv", false), HasSubstr("'resamp_with_conv'"));
    EXPECT_THAT(dd("tanh_out", true), HasSubstr("'tanh_out'"));
    EXPECT_THAT(dd("attn_type", "linear"), HasSubstr("'linear'"));
    EXPECT_THAT(dd("ch", 1'000'000), HasSubstr("expected 1 to 4096"));
    EXPECT_THAT(dd("ch_mult", json::array({1, 1.5})), HasSubstr("'ch_mult' holds [1,1.5]"));
    EXPECT_THAT(dd("ch_mult", json::array()), HasSubstr("0 levels"));
    EXPECT_THAT(dd("resolution", true), HasSubstr("wrong type"));
    EXPECT_THAT(refusal([](json &p) { p["first_stage_config"]["params"]["remap"] = "used.npy"; }),
                HasSubstr("quantize.used, is missing"));
    EXPECT_THAT(refusal([](json &p) { p["first_stage_config"]["target"] = "ldm.models.autoencoder.AutoencoderKL"; }),
                HasSubstr("'AutoencoderKL'"));
    EXPECT_THAT(refusal([](json &p) { p["transformer_config"]["target"] = "x.CodeGPT"; }), HasSubstr("'CodeGPT'"));
    EXPECT_THAT(refusal([](json &p) { p["cond_stage_key"] = "image"; }), HasSubstr("'image'"));
    EXPECT_THAT(refusal([](json &p) { p["cond_stage_config"]["target"] = "x.Unknown"; }), HasSubstr("'Unknown'"));
    EXPECT_THAT(refusal([](json &p) { p["cond_stage_config"] = "__is_nothing__"; }), HasSubstr("__is_nothing__"));
    EXPECT_THAT(refusal([](json &p) {
                    p["cond_stage_config"]["params"]["ddconfig"]["ch_mult"] = {1, 2};
                }),
                HasSubstr("2 pixels a side"));
    EXPECT_THAT(
        refusal([](json &p) {
            p["cond_stage_config"] = {{"target", "x.CoordStage"}, {"params", {{"n_embed", 9}, {"down_factor", 8}}}};
        }),
        HasSubstr("'down_factor' is 8"));
    EXPECT_THAT(refusal([](json &p) {
                    p["cond_stage_config"] = {{"target", "x.Labelator"}, {"params", {{"n_classes", 2000}}}};
                }),
                HasSubstr("condition tokens end at 2000"));
}

TEST(PublishedConfig, DeepNestingDoesNotBreakMessages)
{
    json deep = json::array();
    for (int i = 0; i < 200'000; ++i) {
        json outer = json::array();
        outer.push_back(std::move(deep));
        deep = std::move(outer);
    }
    json document = publishedJson();
    document["model"]["params"] = std::move(deep);
    EXPECT_THROW(ModelConfig::fromJson(document), Error);
    EXPECT_TRUE(ignoredKeys(document).empty());
}

TEST(IgnoredKeys, AreNamedByTheirPaths)
{
    json document = publishedJson();
    EXPECT_TRUE(ignoredKeys(document).empty());
    EXPECT_TRUE(ignoredKeys(ModelConfig::fromJson(document).toJson()).empty());
    document["data"] = {{"batch_size", 2}};
    json &params = document["model"]["params"];
    params["pkeep"] = 0.9;
    params["colour"] = "red";
    params["first_stage_config"]["params"]["lossconfig"] = {{"target", "DummyLoss"}};
    params["cond_stage_config"]["params"]["ddconfig"]["depth"] = 3;
    params["transformer_config"]["params"]["embd_pdrop"] = 0.1;
    EXPECT_THAT(ignoredKeys(document),
                ElementsAre("data", "model.params.colour", "model.params.first_stage_config.params.lossconfig",
                            "model.params.cond_stage_config.params.ddconfig.depth"));
}

} // namespace

} // namespace tessera::models
