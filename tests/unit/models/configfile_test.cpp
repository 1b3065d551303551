#include "models/configfile.h"

#include <fstream>
#include <random>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "models/error.h"
#include "models/yaml.h"

namespace tessera::models
{

namespace
{

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

namespace fs = std::filesystem;

class ConfigFile : public testing::Test
{
protected:
    void TearDown() override { fs::remove_all(m_folder); }

    fs::path write(const std::string &name, const std::string &text)
    {
        fs::create_directories(m_folder);
        std::ofstream(m_folder / name, std::ios::binary) << text;
        return m_folder / name;
    }

    std::string failure(const std::string &name, const std::string &text)
    {
        try {
            readConfigFile(write(name, text));
        } catch (const Error &error) {
            return error.what();
        }
        return "accepted";
    }

private:
    fs::path m_folder = fs::path(testing::TempDir()) / ("configfile_test-" + std::to_string(::getpid()));
};

#ifndef TESSERA_HEADLESS

struct Published {
    const char *name;
    ConditionKind kind;
    int64_t codes, channels, tokens;     // channels: of the condition stage, 0 without one
    int64_t block, layers, heads, width; // of the transformer, 0 without one
    int64_t prefix;
};

void PrintTo(const Published &published, std::ostream *stream)
{
    *stream << published.name;
}

class PublishedFile : public testing::TestWithParam<Published>
{};

TEST_P(PublishedFile, IsReadAsWhatItIs)
{
    const Published &expected = GetParam();
    const fs::path path = fs::path("tests") / "data" / "configs" / (std::string(expected.name) + ".yaml");
    const ModelConfig config = readConfigFile(path);
    EXPECT_EQ(config.firstStage.codes, expected.codes);
    EXPECT_EQ(config.condition.kind, expected.kind);
    EXPECT_EQ(config.condition.tokens.count, expected.tokens);
    EXPECT_EQ(config.condition.stage ? config.condition.stage->inChannels : 0, expected.channels);
    ASSERT_EQ(config.transformer.has_value(), expected.layers > 0);
    if (config.transformer) {
        EXPECT_EQ(config.firstStage.factor(), 16);
        EXPECT_EQ(config.transformer->vocabSize, expected.codes);
        EXPECT_EQ(config.transformer->blockSize, expected.block);
        EXPECT_EQ(config.transformer->layers, expected.layers);
        EXPECT_EQ(config.transformer->heads, expected.heads);
        EXPECT_EQ(config.transformer->embedding, expected.width);
        EXPECT_EQ(config.prefixLength(), expected.prefix);
    }
    EXPECT_EQ(ModelConfig::fromJson(config.toJson()), config);
    EXPECT_THAT(ignoredKeys(readConfigDocument(path)), Contains(HasSubstr("lossconfig")));
}

constexpr auto kNone = ConditionKind::None;
INSTANTIATE_TEST_SUITE_P(
    Layouts, PublishedFile,
    testing::Values(Published{"sflckr", ConditionKind::Labels, 1024, 182, 1024, 512, 24, 16, 1024, 256},
                    Published{"ade20k", ConditionKind::Labels, 4096, 151, 1024, 512, 28, 16, 1024, 256},
                    Published{"coco", ConditionKind::Labels, 8192, 183, 1024, 512, 32, 16, 1280, 256},
                    Published{"faceshq", ConditionKind::Coordinates, 1024, 0, 1024, 512, 24, 16, 1024, 256},
                    Published{"drin", ConditionKind::Depth, 1024, 1, 1024, 512, 24, 16, 1024, 256},
                    Published{"celebahq", kNone, 1024, 0, 1, 256, 24, 16, 1664, 1},
                    Published{"ffhq", kNone, 1024, 0, 1, 256, 24, 16, 1664, 1},
                    Published{"cin", ConditionKind::Class, 16384, 0, 1000, 256, 48, 24, 1536, 1},
                    Published{"objects", ConditionKind::Objects, 8192, 0, 8192, 348, 40, 16, 1408, 92},
                    Published{"vqgan-f16-1024", kNone, 1024, 0, 0, 0, 0, 0, 0, 0},
                    Published{"vqgan-f16-16384", kNone, 16384, 0, 0, 0, 0, 0, 0, 0},
                    Published{"vqgan-gumbel-f8", kNone, 8192, 0, 0, 0, 0, 0, 0, 0},
                    Published{"ldm-vq-f8", kNone, 16384, 0, 0, 0, 0, 0, 0, 0},
                    Published{"ldm-vq-f8-n256", kNone, 256, 0, 0, 0, 0, 0, 0, 0}),
    [](const auto &param) {
        std::string name = param.param.name;
        std::ranges::replace(name, '-', '_');
        return name;
    });

TEST(PublishedFiles, FirstStagesDifferInFactorWidthAndQuantizer)
{
    const auto stage = [](const char *name) {
        return readConfigFile(fs::path("tests") / "data" / "configs" / name).firstStage;
    };
    EXPECT_EQ(stage("vqgan-f16-1024.yaml").factor(), 16);
    EXPECT_EQ(stage("vqgan-gumbel-f8.yaml").factor(), 8);
    EXPECT_EQ(stage("vqgan-gumbel-f8.yaml").quantizer, QuantizerKind::Gumbel);
    EXPECT_EQ(stage("ldm-vq-f8.yaml").embedDim, 4);
    EXPECT_EQ(stage("ldm-vq-f8.yaml").quantizer, QuantizerKind::Nearest);
}

// A whole model in little; each bad input changes one line of it.
const std::string kGood = R"(model:
  target: taming.models.cond_transformer.Net2NetTransformer
  params:
    cond_stage_key: coord
    transformer_config:
      target: taming.modules.transformer.mingpt.GPT
      params: {vocab_size: 64, block_size: 512, n_layer: 2, n_head: 2, n_embd: 32}
    first_stage_config:
      target: taming.models.vqgan.VQModel
      params:
        embed_dim: 4
        n_embed: 64
        ddconfig: {z_channels: 8, resolution: 32, in_channels: 3, out_ch: 3, ch: 32, ch_mult: [1, 2], num_res_blocks: 1,
                   attn_resolutions: [16]}
    cond_stage_config:
      target: taming.modules.misc.coord.CoordStage
      params: {n_embed: 64, down_factor: 2}
)";

std::string with(const std::string &piece, const std::string &replacement)
{
    std::string text = kGood;
    const size_t place = text.find(piece);
    EXPECT_NE(place, std::string::npos) << piece;
    return text.replace(place, piece.size(), replacement);
}

struct Bad {
    std::string what;
    std::string text;
    std::string says; // part of the sentence
};

std::string repeated(const std::string &piece, int times)
{
    std::string text;
    for (int i = 0; i < times; ++i)
        text += piece;
    return text;
}

std::vector<Bad> badInputs()
{
    return {
        {"empty", "", "is empty"},
        {"blanks", " \n\n  \n", "is empty"},
        {"comment alone", "# nothing\n", "expected keys and values"},
        {"one word", "model", "expected keys and values"},
        {"a list", "- model\n- target\n", "expected keys and values"},
        {"web page", "<!DOCTYPE html>\n<html><body>Not found</body></html>", "is a web page"},
        {"web page after blanks", "\n\n  <HTML>\n<title>404</title>", "is a web page"},
        {"web page after a byte order mark", "\xef\xbb\xbf<!doctype html>", "is a web page"},
        {"xml", "<?xml version=\"1.0\"?><Error/>", "is a web page"},
        {"zip", std::string("PK\x03\x04\x00\x00", 6), "is a checkpoint"},
        {"pickle", std::string("\x80\x02}q\x00.", 7), "is a checkpoint"},
        {"zeros", std::string(200, '\0'), "is no text"},
        {"training settings", "lightning:\n  trainer:\n    gpus: 0,\n", "-project.yaml"},
        {"another YAML", "name: tessera\nversion: 3\n", "no key 'model'"},
        {"tab", "model:\n\ttarget: x\n", "line 2"},
        {"open list", "model: [1, 2\n", "not valid YAML"},
        {"open quote", "model: \"target\n", "'params' is missing"},
        {"bad indentation", "model:\n    target: x\n  params: 3\n", "not valid YAML"},
        {"key twice", "model: 1\nmodel: 2\n", "second time"},
        {"unknown alias", "model: *nobody\n", "not valid YAML"},
        {"list as a key", "? [a, b]\n: 1\n", "a key must be a word"},
        {"program's object", "model: !!python/object/apply:os.system [ls]\n", "keys"},
        {"program's word", "model: {target: !program x, params: {}}\n", "'!program'"},
        {"two documents", kGood + "---\nmodel: 3\n", "second document"},
        {"nested too deeply", "model: " + repeated("[", 100) + repeated("]", 100) + "\n", "nested too deeply"},
        {"nested beyond the reader", "model: " + repeated("[", 100'000), "line"},
        {"alias that contains itself", "model: &a [*a]\n", "line"},
        {"a long word that aliases repeat",
         "a: &a " + repeated("word", 250'000) + "\nb: [" + repeated("*a,", 16) + "]\n",
         "more than 16777216 bytes of words"},
        {"a long key that aliases repeat",
         "a: &a {? " + repeated("word", 250'000) + "\n : 1}\nb: [" + repeated("*a,", 16) + "]\n",
         "more than 16777216 bytes of words"},
        {"model is null", "model:\n", "'params' is missing"},
        {"model is a number", "model: 3\n", "'params' is missing"},
        {"no target", with("  target: taming.models.cond_transformer.Net2NetTransformer\n", ""), "'target' is missing"},
        {"unknown target", with("cond_transformer.Net2NetTransformer", "Unheard"), "'taming.models.Unheard'"},
        {"line break in a word", with("taming.models.cond_transformer.Net2NetTransformer", "\"Un\\nheard\""),
         "'Un heard'"},
        {"endless word", with("cond_transformer.Net2NetTransformer", repeated("Unheard", 1000)), "..."},
        {"endless key", repeated("key", 300) + ": 1\n" + repeated("key", 300) + ": 1\n", "..."},
        {"target is a list", with("taming.models.cond_transformer.Net2NetTransformer", "[1]"), "'target' holds [1]"},
        {"no params", "model:\n  target: taming.models.vqgan.VQModel\n", "'params' is missing"},
        {"no first stage", with("first_stage_config:", "first_stage:"), "'first_stage_config' is missing"},
        {"no condition stage", with("cond_stage_config:", "cond_stage:"), "'cond_stage_config' is missing"},
        {"word for a number", with("n_layer: 2", "n_layer: two"), "'n_layer' holds \"two\""},
        {"fraction for a number", with("n_layer: 2", "n_layer: 2.5"), "'n_layer' holds 2.5"},
        {"quoted number", with("n_layer: 2", "n_layer: '2'"), "wrong type"},
        {"negative", with("n_layer: 2", "n_layer: -2"), "'n_layer' is -2, expected 1 to 1024"},
        {"zero", with("n_head: 2", "n_head: 0"), "'n_head' is 0"},
        {"beyond 64 bits", with("n_layer: 2", "n_layer: 99999999999999999999999"), "'n_layer' holds"},
        {"absurd", with("vocab_size: 64", "vocab_size: 9000000000000000000"), "'vocab_size' is 9000000000000000000"},
        {"heads that do not divide", with("n_head: 2", "n_head: 5"), "not a multiple of 'n_head' 5"},
        {"widths that do not divide", with("ch: 32", "ch: 20"), "multiple of the 32 groups"},
        {"levels are a number", with("ch_mult: [1, 2]", "ch_mult: 2"), "'ch_mult' holds 2"},
        {"no levels", with("ch_mult: [1, 2]", "ch_mult: []"), "0 levels"},
        {"twelve levels", with("ch_mult: [1, 2]", "ch_mult: [1,1,1,1,1,1,1,1,1,1,1,1]"), "12 levels"},
        {"reference not resolved", with("n_embed: 64", "n_embed: ${model.codes}"), "${model.codes}"},
        {"short sequence", with("block_size: 512", "block_size: 256"), "a window needs 511 tokens"},
        {"small vocabulary", with("vocab_size: 64", "vocab_size: 32"), "the vocabulary has 32"},
        {"a scaled condition",
         with("    cond_stage_key: coord\n", "    cond_stage_key: coord\n    downsample_cond_size: 16\n"),
         "'downsample_cond_size' is 16, which is not supported; expected -1 or the 32 pixels"},
        {"another factor", with("down_factor: 2", "down_factor: 16"), "'down_factor' is 16"},
        // yaml-cpp finds one document after the other here, without end.
        {"a mapping that is closed by nothing",
         "# lr\n        lr_max: 0.9\n     , chosen by a layer\nmodel:\n  target: x\n", "line"},
        {"bytes that are no UTF-8", "model: {target: \"\xff\xfe\", params: {}}\n", "is not known"},
    };
}

TEST_F(ConfigFile, TheGoodInputIsGood)
{
    EXPECT_EQ(failure("good.yaml", kGood), "accepted");
    EXPECT_EQ(failure("good.yml", "\xef\xbb\xbf" + kGood), "accepted");
    EXPECT_EQ(failure("lines.yaml", with("\n", "\r\n")), "accepted");
    for (const char *size : {"-1", "32"}) // neither changes anything
        EXPECT_EQ(failure("size.yaml",
                          with("  params:\n", "  params:\n    downsample_cond_size: " + std::string(size) + "\n")),
                  "accepted");
}

TEST_F(ConfigFile, EveryBadInputGivesOneSentence)
{
    const std::vector<Bad> inputs = badInputs();
    EXPECT_GE(inputs.size(), 30U);
    for (const Bad &bad : inputs) {
        const std::string sentence = failure("bad.yaml", bad.text);
        EXPECT_THAT(sentence, AllOf(HasSubstr(bad.says), HasSubstr("bad.yaml"), Not(HasSubstr("\n")))) << bad.what;
        EXPECT_LT(sentence.size(), 400U) << bad.what;
    }
}

// Bytes changed, left out and doubled at random: refused or read, never anything else.
TEST_F(ConfigFile, DamageIsRefusedInOrder)
{
    constexpr std::string_view kSyntax = "[]{}:,-?*&!|>'\"%@` \n\t0123456789";
    std::mt19937 random(1);
    int accepted = 0;
    for (int round = 0; round < 600; ++round) {
        std::string text = kGood;
        for (int change = 0; change < 1 + round % 3; ++change) {
            const size_t place = random() % text.size();
            const auto letter = char(random() % 2 ? kSyntax[random() % kSyntax.size()] : random() % 256);
            if (round % 5 == 0)
                text.erase(place, 1 + random() % 20);
            else if (round % 5 == 1)
                text.insert(place, text.substr(random() % text.size(), random() % 60));
            else
                text[place] = letter;
        }
        try {
            ModelConfig::fromJson(parseYamlText(text, "damaged.yaml")).toJson();
            ++accepted;
        } catch (const Error &) {
        }
    }
    EXPECT_GT(accepted, 10) << "words in free text do not matter";
    EXPECT_LT(accepted, 400);
}

#endif

TEST_F(ConfigFile, JsonIsReadAsWell)
{
    const fs::path path = write("m.json", ModelConfig().toJson().dump());
    EXPECT_EQ(readConfigFile(path), ModelConfig());
    EXPECT_THAT(failure("m.json", "{\"model\": "), HasSubstr("not valid JSON"));
    EXPECT_THAT(failure("m.txt", "{}"), HasSubstr("expected .yaml, .yml or .json"));
    EXPECT_THROW(readConfigFile("nowhere/m.yaml"), Error);
}

} // namespace

} // namespace tessera::models
