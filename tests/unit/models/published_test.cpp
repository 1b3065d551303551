// Models as they were published, a checkpoint of the original's making with its YAML, open like our own.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/bundle.h"
#include "models/error.h"
#include "models/modelfile.h"
#include "models/safetensors.h"
#include "tests/unit/models/pythontorch.h"
#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;
using testing::EndsWith;
using testing::HasSubstr;

const std::string kStage =
    R"({target: taming.models.vqgan.VQModel, params: {embed_dim: 4, n_embed: CODES, lossconfig: {target: taming.modules.losses.DummyLoss},
      ddconfig: {double_z: false, z_channels: 8, resolution: 256, in_channels: CHANNELS, out_ch: CHANNELS, ch: 32,
                 ch_mult: [1, 1, 1, 1, 1], num_res_blocks: 1, attn_resolutions: [16], dropout: 0.0}}})";

std::string stageYaml(const std::string &codes, const std::string &channels)
{
    std::string text = kStage;
    text.replace(text.find("CODES"), 5, codes);
    for (size_t at = text.find("CHANNELS"); at != std::string::npos; at = text.find("CHANNELS"))
        text.replace(at, 8, channels);
    return text;
}

std::string transformerYaml()
{
    return "model:\n  base_learning_rate: 4.5e-06\n  target: taming.models.cond_transformer.Net2NetTransformer\n  "
           "params:\n"
           "    cond_stage_key: segmentation\n"
           "    transformer_config: {target: taming.modules.transformer.mingpt.GPT, params: {vocab_size: 20, "
           "block_size: 512, "
           "n_layer: 1, n_head: 2, n_embd: 16}}\n"
           "    first_stage_config: "
           + stageYaml("20", "3") + "\n    cond_stage_config: " + stageYaml("12", "182") + "\n";
}

class PublishedTest : public TemporaryFolderTest
{
protected:
    void SetUp() override
    {
        if (!tests::hasTorch(TESSERA_VENV_PYTHON))
            GTEST_SKIP() << tests::kNoTorch;
        TemporaryFolderTest::SetUp();
    }

    void write(const fs::path &path, const std::string &text) const
    {
        fs::create_directories((folder / path).parent_path());
        std::ofstream(folder / path) << text;
    }
    void writeCheckpoint(const fs::path &path, const StateDict &tensors, const std::string &container) const
    {
        fs::create_directories((folder / path).parent_path());
        writeSafetensors(folder / "tensors.safetensors", tensors, {});
        const std::string command =
            std::string("'") + TESSERA_VENV_PYTHON + "' -W ignore tests/data/write_published.py '"
            + (folder / "tensors.safetensors").string() + "' '" + (folder / path).string() + "' " + container;
        ASSERT_EQ(std::system(command.c_str()), 0) << command;
        fs::remove(folder / "tensors.safetensors");
    }
    // Of transformerYaml(), but for the layers.
    static ModelConfig wholeConfig(int64_t layers = 1)
    {
        ModelConfig config;
        config.firstStage = {.width = 32,
                             .multipliers = {1, 1, 1, 1, 1},
                             .resBlocks = 1,
                             .attentionResolutions = {16},
                             .resolution = 256,
                             .zChannels = 8,
                             .embedDim = 4,
                             .codes = 20};
        config.condition.stage = config.firstStage;
        config.condition.stage->inChannels = config.condition.stage->outChannels = 182;
        config.condition.stage->codes = 12;
        config.transformer =
            TransformerConfig{.vocabSize = 20, .blockSize = 512, .layers = layers, .heads = 2, .embedding = 16};
        return config;
    }
    static StateDict fresh(const ModelConfig &config)
    {
        FreshSource source(8);
        PrefixedSource first(source, "first_stage_model."), condition(source, "cond_stage_model."),
            transformer(source, "transformer.");
        Autoencoder::create(config.firstStage, first);
        Autoencoder::create(*config.condition.stage, condition);
        Transformer::create(*config.transformer, transformer);
        return source.tensors();
    }
};

TEST_F(PublishedTest, RunFolderOpensInBothContainers)
{
    for (const std::string container : {"zip", "legacy"}) {
        const std::string run = "2020-11-09T13-31-51_" + container;
        write(run + "/configs/2020-11-09T13-31-51-project.yaml", transformerYaml());
        const ModelConfig config = wholeConfig();
        const StateDict tensors = fresh(config);
        writeCheckpoint(run + "/checkpoints/last.ckpt", tensors, container);

        const ModelBundle bundle = ModelBundle::open(folder / run);
        EXPECT_EQ(bundle.config().firstStage, config.firstStage);
        EXPECT_EQ(bundle.config().condition.stage, config.condition.stage);
        EXPECT_EQ(bundle.config().condition.labelSet, "cocostuff");
        EXPECT_EQ(bundle.config().transformer, config.transformer);
        ASSERT_NE(bundle.transformer(), nullptr);
        EXPECT_TRUE(at::equal(bundle.transformer()->head, tensors.at("transformer.head.weight")));
        EXPECT_TRUE(at::equal(bundle.firstStage().codebook, tensors.at("first_stage_model.quantize.embedding.weight")));
        EXPECT_TRUE(at::equal(bundle.conditionStage()->encoder.convIn.weight,
                              tensors.at("cond_stage_model.encoder.conv_in.weight")));

        const ModelSummary summary = ModelBundle::inspect(folder / run);
        EXPECT_EQ(summary.format, "torch " + container);
        EXPECT_EQ(summary.notes.at("epoch"), "12");
        int64_t parameters = 0;
        for (const auto &[name, tensor] : tensors)
            parameters += tensor.numel();
        EXPECT_EQ(int64_t(summary.parameters), parameters) << "optimiser, losses and masks do not count";

        // Converted, it is the same model.
        const ModelFile file = ModelFile::open(folder / run);
        ModelBundle::write(folder / "converted.safetensors", file.config, file.readTensors(), file.notes);
        const ModelBundle converted = ModelBundle::open(folder / "converted.safetensors");
        EXPECT_EQ(converted.config().transformer, config.transformer);
        EXPECT_TRUE(at::equal(converted.transformer()->head, bundle.transformer()->head));
    }
}

// A path as it is seen from another folder, or opened from there.
class InFolder
{
public:
    explicit InFolder(const fs::path &place) : m_before(fs::current_path()) { fs::current_path(place); }
    ~InFolder() { fs::current_path(m_before); }
    InFolder(const InFolder &) = delete;
    InFolder &operator=(const InFolder &) = delete;

private:
    fs::path m_before;
};

TEST_F(PublishedTest, OneModelHasOneIdentityHoweverItsPathIsTyped)
{
    write("run_a/configs/2020-project.yaml", transformerYaml());
    writeCheckpoint("run_a/checkpoints/last.ckpt", fresh(wholeConfig()), "zip");
    fs::copy(folder / "run_a", folder / "run_b", fs::copy_options::recursive);
    const std::string identity = ModelBundle::open(folder / "run_a").identity();
    EXPECT_EQ(ModelBundle::open(folder / "run_b").identity(), identity);
    EXPECT_EQ(ModelBundle::inspect(folder / "run_b").title, "run_b");
    for (const auto &[place, path] : {std::pair{".", "run_a"},
                                      {"run_a", "."},
                                      {"run_a", "checkpoints/last.ckpt"},
                                      {"run_a/configs", ".."},
                                      {"run_a/checkpoints", "last.ckpt"},
                                      {"run_a/checkpoints", "./last.ckpt"},
                                      {"run_a/checkpoints", "."}}) {
        const InFolder there(folder / place);
        EXPECT_EQ(ModelBundle::open(path).identity(), identity) << place << ", " << path;
        const ModelSummary summary = ModelBundle::inspect(path);
        EXPECT_EQ(summary.title, "run_a") << place << ", " << path;
        EXPECT_THAT(summary.notes.at("configuration"), EndsWith("run_a/configs/2020-project.yaml")) << place;
    }
    const ModelFile file = ModelFile::open(folder / "run_a");
    ModelBundle::write(folder / "converted.safetensors", file.config, file.readTensors(), file.notes);
    EXPECT_EQ(ModelBundle::open(folder / "converted.safetensors").identity(), identity);
}

TEST_F(PublishedTest, AStrangersConfigurationIsNotTaken)
{
    FreshSource source(3);
    Autoencoder::create(wholeConfig().firstStage, source);
    writeCheckpoint("flat/vqgan.ckpt", source.tensors(), "zip");
    write("configs/stranger-project.yaml", transformerYaml()); // beside a folder that is no run's
    const auto configuration = [&] { return ModelBundle::inspect(folder / "flat").notes.at("configuration"); };
    EXPECT_THAT(configuration(), HasSubstr("inferred"));
    for (const std::string nearer : {"configs/model.yaml", "config.yaml", "model.yaml", "vqgan.yaml"}) {
        write("flat/" + nearer, "model: " + stageYaml("20", "3") + "\n");
        EXPECT_EQ(configuration(), (folder / "flat" / nearer).string());
    }
}

TEST_F(PublishedTest, FirstStageAloneWithoutYamlIsInferred)
{
    const AutoencoderConfig config = wholeConfig().firstStage;
    FreshSource source(3);
    Autoencoder::create(config, source);
    writeCheckpoint("vqgan.ckpt", source.tensors(), "zip");
    const ModelBundle bundle = ModelBundle::open(folder / "vqgan.ckpt");
    EXPECT_EQ(bundle.config().firstStage, config);
    EXPECT_EQ(bundle.config().name, "") << "the file says none";
    EXPECT_EQ(ModelBundle::inspect(folder / "vqgan.ckpt").title, "vqgan");
    EXPECT_TRUE(at::equal(bundle.firstStage().codebook, source.tensors().at("quantize.embedding.weight")));
    EXPECT_THAT(ModelBundle::inspect(folder / "vqgan.ckpt").notes.at("configuration"), HasSubstr("inferred"));
}

TEST_F(PublishedTest, ALayerMoreThanTheYamlSaysIsRefused)
{
    writeCheckpoint("deep.ckpt", fresh(wholeConfig(2)), "zip");
    write("deep.yaml", transformerYaml());
    try {
        ModelBundle::inspect(folder / "deep.ckpt");
        FAIL() << "opened";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::ModelMismatch);
        EXPECT_THAT(error.what(), HasSubstr("no place for transformer.blocks.1."));
    }
}

// As the original's loader, which takes the mask over.
TEST_F(PublishedTest, TheMaskSaysHowManyTokensSeeEachOther)
{
    StateDict tensors = fresh(wholeConfig());
    at::Tensor mask = at::ones({1, 1, 512, 512}).tril();
    mask.narrow(2, 0, 256).narrow(3, 0, 256).fill_(1);
    tensors["transformer.blocks.0.attn.mask"] = mask;
    writeCheckpoint("half.CKPT", tensors, "zip"); // told by its content
    write("half.yaml", transformerYaml());
    EXPECT_EQ(ModelBundle::open(folder / "half.CKPT").config().transformer->unmasked, 256);
    EXPECT_THAT(ModelBundle::inspect(folder / "half.CKPT").notes.at("notices"), HasSubstr("The first 256 tokens"));
}

// A window's tokens cannot see more than what comes before its picture.
TEST_F(PublishedTest, AMaskThatUncoversThePictureIsRefused)
{
    StateDict tensors = fresh(wholeConfig());
    at::Tensor mask = at::ones({1, 1, 512, 512}).tril();
    mask.narrow(2, 0, 300).narrow(3, 0, 300).fill_(1);
    tensors["transformer.blocks.0.attn.mask"] = mask;
    writeCheckpoint("open.ckpt", tensors, "zip");
    write("open.yaml", transformerYaml());
    try {
        ModelBundle::inspect(folder / "open.ckpt");
        FAIL() << "opened";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::ModelMismatch);
        EXPECT_THAT(error.what(), HasSubstr("transformer.blocks.0.attn.mask the first 300 tokens see each other"));
        EXPECT_THAT(error.what(), HasSubstr("only 256 tokens come before"));
    }
}

TEST_F(PublishedTest, SharedFolderAndWrongYaml)
{
    FreshSource source(3);
    Autoencoder::create(wholeConfig().firstStage, source);
    writeCheckpoint("vqgan_f16/ckpts/last.ckpt", source.tensors(), "legacy");
    write("vqgan_f16/configs/model.yaml", "model: " + stageYaml("20", "3") + "\n");
    EXPECT_EQ(ModelBundle::inspect(folder / "vqgan_f16").title, "vqgan_f16");

    write("vqgan_f16/configs/model.yaml", "model: " + stageYaml("24", "3") + "\n");
    try {
        ModelBundle::open(folder / "vqgan_f16");
        FAIL() << "opened";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::ModelMismatch);
        EXPECT_THAT(error.what(), HasSubstr("quantize.embedding.weight has shape [20, 4], expected [24, 4]"));
    }
    write("vqgan_f16/ckpts/last.ckpt", "<!DOCTYPE html><html><body>Quota exceeded</body></html>");
    EXPECT_THROW(ModelBundle::open(folder / "vqgan_f16"), Error);
}

} // namespace

} // namespace tessera::models
