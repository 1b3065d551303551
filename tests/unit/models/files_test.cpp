// Configuration and bundles: what a model is on disk.
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/bundle.h"
#include "models/compression.h"
#include "models/error.h"
#include "models/resources.h"
#include "models/safetensors.h"
#include "models/safetensorsset.h"
#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;

class FilesTest : public TemporaryFolderTest
{};

ModelConfig smallModel()
{
    ModelConfig config;
    config.name = "Small";
    config.firstStage = {.width = 32,
                         .multipliers = {1, 1},
                         .resBlocks = 1,
                         .attentionResolutions = {},
                         .resolution = 32,
                         .zChannels = 8,
                         .embedDim = 4,
                         .codes = 10,
                         .patch = 2};
    config.condition.kind = ConditionKind::Labels;
    config.condition.labelSet = "landscape";
    config.condition.stage = AutoencoderConfig{.inChannels = 25,
                                               .outChannels = 25,
                                               .width = 32,
                                               .multipliers = {1, 1, 1},
                                               .resBlocks = 1,
                                               .attentionResolutions = {},
                                               .resolution = 32,
                                               .zChannels = 8,
                                               .embedDim = 4,
                                               .codes = 6};
    config.condition.tokens = {10, 6};
    config.controls = {{"light", {"any", "day"}, 16}};
    config.nullToken = 18;
    config.imageTokens = {0, 10};
    config.window = 4;
    config.sampling = {0.9, 0, 0.97, 2.0};
    config.transformer =
        TransformerConfig{.vocabSize = 19, .blockSize = 33, .layers = 1, .heads = 2, .embedding = 8, .unmasked = 17};
    return config;
}

StateDict smallTensors(const ModelConfig &config)
{
    FreshSource source(5);
    PrefixedSource first(source, "first_stage_model."), condition(source, "cond_stage_model."),
        transformer(source, "transformer.");
    Autoencoder::create(config.firstStage, first);
    Autoencoder::create(*config.condition.stage, condition);
    Transformer::create(*config.transformer, transformer);
    return source.tensors();
}

TEST(Config, JsonRoundTrip)
{
    const ModelConfig config = smallModel();
    EXPECT_EQ(ModelConfig::fromJson(config.toJson()), config);
    EXPECT_EQ(config.prefixLength(), 17);
}

TEST(Config, RefusalsNameTheKey)
{
    const auto refusal = [](const std::function<void(nlohmann::json &)> &damage) -> std::string {
        nlohmann::json json = smallModel().toJson();
        damage(json["model"]);
        try {
            ModelConfig::fromJson(json);
        } catch (const Error &error) {
            return error.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal([](auto &) {}), "accepted");
    EXPECT_THAT(refusal([](auto &m) { m["params"]["transformer_config"]["params"].erase("n_head"); }),
                HasSubstr("'n_head'"));
    EXPECT_THAT(refusal([](auto &m) { m["params"]["transformer_config"]["params"]["n_head"] = 3; }),
                HasSubstr("multiple"));
    EXPECT_THAT(refusal([](auto &m) { m["params"]["transformer_config"]["params"]["block_size"] = 20; }),
                HasSubstr("window needs 32"));
    EXPECT_THAT(refusal([](auto &m) { m["params"]["transformer_config"]["params"]["vocab_size"] = 12; }),
                HasSubstr("vocabulary has 12"));
    EXPECT_THAT(refusal([](auto &m) { m["params"]["first_stage_config"]["params"]["ddconfig"]["ch"] = 20; }),
                HasSubstr("multiple of the 32 groups"));
    EXPECT_THAT(refusal([](auto &m) { m["params"]["first_stage_config"]["params"]["n_embed"] = "many"; }),
                HasSubstr("wrong type"));
    EXPECT_THAT(refusal([](auto &m) { m["target"] = "os.system"; }), HasSubstr("os.system"));
}

TEST_F(FilesTest, BundleOpensWhatWasWritten)
{
    const ModelConfig config = smallModel();
    const StateDict tensors = smallTensors(config);
    ModelBundle::write(folder / "m.safetensors", config, tensors, {{"recipe", "none"}});
    const ModelBundle bundle = ModelBundle::open(folder);
    EXPECT_EQ(bundle.config(), config);
    ASSERT_NE(bundle.transformer(), nullptr);
    EXPECT_TRUE(at::equal(bundle.transformer()->head, tensors.at("transformer.head.weight")));
    EXPECT_EQ(bundle.identity(), ModelBundle::open(folder / "m.safetensors").identity());

    const ModelSummary summary = ModelBundle::inspect(folder);
    EXPECT_EQ(summary.dtype, "float32");
    EXPECT_EQ(summary.notes.at("recipe"), "none");
    EXPECT_GT(summary.parameters, 100'000U);
}

TEST_F(FilesTest, AFolderOfATrainingRunIsItsModel)
{
    const ModelConfig config = smallModel();
    writeSafetensors(folder / "checkpoint.safetensors", {{"model/a", at::ones({1})}}, {{"step", "1"}});
    ModelBundle::write(folder / "model.safetensors", config, smallTensors(config), {});
    EXPECT_EQ(ModelBundle::resolve(folder), folder / "model.safetensors");
    EXPECT_EQ(ModelBundle::open(folder).config(), config);
}

TEST_F(FilesTest, BundleFromInt8IsClose)
{
    const ModelConfig config = smallModel();
    const StateDict tensors = smallTensors(config);
    ModelBundle::write(folder / "m.safetensors", config, compressed(tensors, WeightFormat::Int8), {});
    const ModelBundle bundle = ModelBundle::open(folder);
    EXPECT_TRUE(at::allclose(bundle.transformer()->head, tensors.at("transformer.head.weight"), 0, 1e-3));
    EXPECT_EQ(ModelBundle::inspect(folder).dtype, "int8");
}

TEST_F(FilesTest, BundleListsWhatDoesNotFit)
{
    const ModelConfig config = smallModel();
    StateDict tensors = smallTensors(config);
    tensors.erase("transformer.ln_f.weight");
    tensors["first_stage_model.quant_conv.bias"] = at::zeros({5});
    ModelBundle::write(folder / "m.safetensors", config, tensors, {});
    try {
        ModelBundle::open(folder);
        FAIL() << "opened";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::ModelMismatch);
        EXPECT_THAT(error.what(), HasSubstr("transformer.ln_f.weight is missing, expected [8]"));
        EXPECT_THAT(error.what(), HasSubstr("quant_conv.bias has shape [5], expected [4]"));
    }
}

TEST_F(FilesTest, WeightsThatAreNotFiniteAreNamed)
{
    const ModelConfig config = smallModel();
    for (const double wrong : {double(NAN), double(INFINITY), -double(INFINITY)}) {
        StateDict tensors = smallTensors(config);
        tensors["transformer.head.weight"][2][1].fill_(wrong);
        ModelBundle::write(folder / "m.safetensors", config, tensors, {});
        try {
            ModelBundle::open(folder);
            FAIL() << "opened";
        } catch (const Error &error) {
            EXPECT_EQ(error.code(), ErrorCode::NonFinite);
            EXPECT_THAT(error.what(), HasSubstr("the tensor transformer.head.weight holds 1 values"));
        }
        EXPECT_NO_THROW(ModelBundle::inspect(folder));
    }
}

// The sum of finite values may overflow; that is no damage.
TEST_F(FilesTest, LargeWeightsAreFinite)
{
    const ModelConfig config = smallModel();
    StateDict tensors = smallTensors(config);
    tensors["transformer.head.weight"].fill_(3e38);
    ModelBundle::write(folder / "m.safetensors", config, tensors, {});
    EXPECT_NO_THROW(ModelBundle::open(folder));
}

TEST_F(FilesTest, WindowPricesAreKeptAndMakeNoOtherModel)
{
    ModelConfig config = smallModel();
    const StateDict tensors = smallTensors(config);
    const std::string identity = identityOf(config, tensors);
    config.windowPrices = {{1, -0.25}, {int(config.window), 1.5}};
    ModelBundle::write(folder / "m.safetensors", config, tensors, {});
    const ModelBundle bundle = ModelBundle::open(folder);
    EXPECT_EQ(bundle.config().windowPrices, config.windowPrices);
    EXPECT_EQ(bundle.identity(), identity);
    EXPECT_TRUE(ignoredKeys(config.toJson()).empty());
    for (const char *policy : {"exact", "block:0", "block:17", "block:2x", "block"}) {
        nlohmann::json json = config.toJson();
        json["model"]["tessera"]["window_prices"] = {{policy, 0.1}};
        EXPECT_THROW(ModelConfig::fromJson(json), Error) << policy;
    }
}

TEST_F(FilesTest, TensorsThatNobodyAsksForAreTold)
{
    const ModelConfig config = smallModel();
    StateDict tensors = smallTensors(config);
    const std::string identity = identityOf(config, tensors);
    const uint64_t parameters = [&] {
        ModelBundle::write(folder / "m.safetensors", config, tensors, {});
        return ModelBundle::inspect(folder).parameters;
    }();
    EXPECT_FALSE(ModelBundle::inspect(folder).notes.contains("ignored tensors"));
    tensors["loss.logvar"] = at::zeros({1});
    tensors["transformer.blocks.0.attn.mask"] = at::zeros({8});
    ModelBundle::write(folder / "m.safetensors", config, tensors, {});
    const ModelSummary summary = ModelBundle::inspect(folder);
    EXPECT_EQ(summary.notes.at("ignored tensors"), "2: loss.logvar, transformer.blocks.0.attn.mask");
    EXPECT_EQ(summary.parameters, parameters);
    EXPECT_EQ(ModelBundle::open(folder).identity(), identity) << "what nobody takes makes no other model";
}

TEST_F(FilesTest, InspectChecksShapes)
{
    const ModelConfig config = smallModel();
    StateDict tensors = smallTensors(config);
    tensors["transformer.pos_emb"] = at::zeros({1, 32, 8});
    ModelBundle::write(folder / "m.safetensors", config, tensors, {});
    try {
        ModelBundle::inspect(folder);
        FAIL() << "accepted";
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), HasSubstr("transformer.pos_emb has shape [1, 32, 8], expected [1, 33, 8]"));
    }
}

std::string refusalOf(const fs::path &model)
{
    try {
        ModelBundle::inspect(model);
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::ModelMismatch);
        return error.what();
    }
    return "accepted";
}

// Whoever copies or destroys it level by level runs out of stack.
TEST_F(FilesTest, AConfigurationNestedTooDeeplyIsRefused)
{
    constexpr size_t kDeep = 200'000;
    const ModelConfig config = smallModel();
    const std::string mark = "\"DEEP\"", brackets = std::string(kDeep, '[') + std::string(kDeep, ']');
    for (const char *key : {"controls", "other_conditions", "window_prices"}) {
        nlohmann::json json = config.toJson();
        json["model"]["tessera"][key] = "DEEP";
        std::string text = json.dump();
        text.replace(text.find(mark), mark.size(), brackets);
        writeSafetensors(folder / "deep.safetensors", {{"a", at::ones({1})}}, {{"config", text}});
        EXPECT_THAT(refusalOf(folder / "deep.safetensors"),
                    testing::AllOf(HasSubstr("deep.safetensors has a model configuration that cannot be read"),
                                   HasSubstr("'config', line 1: this is nested too deeply")))
            << key;
        const fs::path index = folder / "deep.safetensors.index.json";
        writeSafetensorsSet(index, {{"a", at::ones({1})}}, {{"config", text}}, 1000);
        EXPECT_THAT(refusalOf(index), HasSubstr("nested too deeply")) << key;
    }
    writeSafetensors(folder / "cut.safetensors", {{"a", at::ones({1})}}, {{"config", "{\"model\": "}});
    EXPECT_THAT(refusalOf(folder / "cut.safetensors"), HasSubstr("'config', line 1: this is not valid JSON."));
}

// Folders and files need not be called in UTF-8, and models and notes may be called after them.
TEST_F(FilesTest, NamesThatAreNoUtf8AreReplaced)
{
    ModelConfig config = smallModel();
    config.name = "w\xE4ld";
    const StateDict tensors = smallTensors(config);
    for (const char *name : {"m.safetensors", "m.safetensors.index.json"}) {
        ModelBundle::write(folder / name, config, tensors, {{"configuration", "w\xE4ld.yaml"}});
        const ModelBundle bundle = ModelBundle::open(folder / name);
        EXPECT_EQ(bundle.config().name, "w\xEF\xBF\xBDld");
        EXPECT_EQ(bundle.identity(), identityOf(config, tensors));
        EXPECT_EQ(ModelBundle::inspect(folder / name).notes.at("configuration"), "w\xEF\xBF\xBDld.yaml");
    }
}

// A pipe would be waited for.
TEST_F(FilesTest, OnlyFilesAreModels)
{
    const ModelConfig config = smallModel();
    ASSERT_EQ(::mkfifo((folder / "a.safetensors").c_str(), 0600), 0);
    fs::create_directories(folder / "b.safetensors");
    fs::create_directories(folder / "b.safetensors.index.json");
    EXPECT_THROW(ModelBundle::resolve(folder), Error);
    ModelBundle::write(folder / "c.safetensors", config, smallTensors(config), {});
    EXPECT_EQ(ModelBundle::resolve(folder), folder / "c.safetensors");
    for (const char *name : {"a.safetensors", "b.safetensors"}) {
        try {
            readSafetensorsIndex(folder / name);
            ADD_FAILURE() << "read " << name;
        } catch (const Error &error) {
            EXPECT_EQ(error.code(), ErrorCode::FileRead);
            EXPECT_EQ(error.what(), (folder / name).string() + " is not a file.");
        }
    }
}

TEST_F(FilesTest, AModelWithoutANameIsCalledByItsPath)
{
    ModelConfig config = smallModel();
    config.name = "Named";
    const auto title = [&](const fs::path &path) {
        fs::create_directories((folder / path).parent_path());
        ModelBundle::write(folder / path, config, smallTensors(config), {});
        return ModelBundle::inspect(folder / path).title;
    };
    EXPECT_EQ(title("run/model.safetensors"), "Named");
    config.name = "";
    EXPECT_EQ(title("run/model.safetensors"), "run");
    EXPECT_EQ(title("run/lakes.safetensors"), "lakes");
    EXPECT_EQ(title("run/hills.safetensors.index.json"), "hills");
}

// Another one may be installed.
TEST(Resources, AProgramInItsSourceTreeTakesThatTrees)
{
    const std::string checkout = fs::path(TESSERA_SOURCE_RESOURCES).parent_path().string() + "/";
    if (!fs::read_symlink("/proc/self/exe").string().starts_with(checkout))
        GTEST_SKIP() << "this program does not lie in " << checkout;
    const char *before = std::getenv("TESSERA_RESOURCES");
    const std::string kept = before ? before : "";
    ::unsetenv("TESSERA_RESOURCES");
    EXPECT_EQ(resourceFolder(), TESSERA_SOURCE_RESOURCES);
    if (before)
        ::setenv("TESSERA_RESOURCES", kept.c_str(), 1);
}

TEST_F(FilesTest, BundleSaysWhereItLooked)
{
    EXPECT_THROW(ModelBundle::open(folder / "none.safetensors"), Error);
    EXPECT_THROW(ModelBundle::open(folder), Error); // empty folder
    writeSafetensors(folder / "plain.safetensors", {{"a", at::ones({1})}}, {});
    try {
        ModelBundle::open(folder);
        FAIL() << "opened";
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), HasSubstr("no model configuration"));
    }
}

} // namespace

} // namespace tessera::models
