// The training runs as a whole, on a few tiny pictures: they learn, stop, go on exactly where they were, and leave models
// that open.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <unistd.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/bundle.h"
#include "models/error.h"
#include "models/safetensors.h"
#include "models/training/evaluate.h"
#include "models/training/modelparts.h"
#include "models/training/shard.h"
#include "models/training/trainer.h"
#include "models/training/transformerinit.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;
using nlohmann::json;
using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

constexpr int kSide = 64;

// Sky above, one of two grounds below: a picture whose colours its labels tell.
ShardPicture paintedPicture(int index)
{
    ShardPicture picture;
    picture.width = picture.height = kSide;
    const int horizon = 20 + index % 5 * 4;
    const bool grass = index % 2 == 0;
    for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) {
            const bool sky = y < horizon;
            const uint8_t red = sky ? 120 : grass ? 40 : 220, blue = sky ? 250 : grass ? 30 : 160;
            for (const int value : {int(red), sky ? 180 : grass ? 150 : 190, int(blue)})
                picture.rgb.push_back(uint8_t(std::clamp(value + (x * 7 + y * 13) % 9 - 4, 0, 255)));
            const uint8_t label = sky ? 1 : grass ? 10 : 17;
            picture.object.push_back(label);
            picture.material.push_back(label);
            picture.depth.push_back(sky ? 0 : uint16_t(1000 * y));
        }
    }
    picture.facts = R"({"light":"day","seed":1})";
    return picture;
}

json stageRecipe(int channels, int codes)
{
    return {{"seed", 1},
            {"steps", 8},
            {"checkpoint_minutes", 60},
            {"learning_rate", 2e-3},
            {"precision", "fp32"},
            {"average", 0.5},
            {"model",
             {{"embed_dim", 4},
              {"n_embed", codes},
              {"ddconfig",
               {{"in_channels", channels},
                {"out_ch", channels},
                {"ch", 32},
                {"ch_mult", {1, 1, 1}},
                {"num_res_blocks", 1},
                {"attn_resolutions", json::array()},
                {"resolution", 64},
                {"z_channels", 8},
                {"patch_size", 4},
                {"norm_groups", 8}}}}},
            {"quantiser", {{"warm_fraction", 0.25}, {"restart_every", 3}}},
            {"views", {{"size", 64}, {"batch", 2}}}};
}

json vqganRecipe()
{
    json recipe = stageRecipe(3, 12);
    recipe["losses"] = {{"perceptual", 0}};
    recipe["adversary"] = {{"from", 0.6}, {"alone_steps", 1}, {"ramp_steps", 2}, {"width", 8}, {"layers", 2}};
    return recipe;
}

json conditionRecipe()
{
    json recipe = stageRecipe(25, 8);
    recipe["label_set"] = "landscape";
    return recipe;
}

class TrainersTest : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        std::string name = (fs::temp_directory_path() / "tessera-train-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder = name;
        for (const std::string part : {"train", "val"}) {
            fs::create_directories(folder / part);
            ShardWriter writer(folder / part / "a.tlds", kSide, kSide);
            for (int i = 0; i < 6; ++i)
                writer.add(paintedPicture(i));
            writer.close();
        }
        trainVqgan(options(vqganRecipe(), "vqgan"));
        trainCondition(options(conditionRecipe(), "condition"));
    }
    static void TearDownTestSuite() { fs::remove_all(folder); }

    static TrainOptions options(const json &recipe, const std::string &output)
    {
        TrainOptions result;
        result.recipe = recipe;
        result.data = folder;
        result.output = folder / output;
        return result;
    }
    static json transformerRecipe()
    {
        return {{"name", "Tiny"},
                {"first_stage", (folder / "vqgan" / "model.safetensors").string()},
                {"condition_stage", (folder / "condition" / "model.safetensors").string()},
                {"seed", 3},
                {"steps", 30},
                {"window", 4},
                {"transformer", {{"n_layer", 2}, {"n_head", 2}, {"n_embd", 32}}},
                {"controls", {{{"key", "light"}, {"values", {"any", "day", "night"}}}}},
                {"batch", 4},
                {"learning_rate", 1e-2},
                {"average", 0.8},
                {"format", "fp32"},
                {"views", {{"per_picture", 2}}}};
    }
    static StateDict weights(const std::string &output)
    {
        return readSafetensors(readSafetensorsIndex(folder / output / "checkpoint.safetensors"), "model/");
    }
    static void expectEqual(const StateDict &a, const StateDict &b)
    {
        ASSERT_EQ(a.size(), b.size());
        for (const auto &[name, tensor] : a)
            EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
    }
    static std::string refusal(const json &recipe, void (*train)(const TrainOptions &) = trainVqgan)
    {
        try {
            train(options(recipe, "refused"));
        } catch (const Error &error) {
            return error.what();
        }
        return "accepted";
    }

    static inline fs::path folder;
};

TEST_F(TrainersTest, LeaveModelsThatOpen)
{
    const ModelBundle first = ModelBundle::open(folder / "vqgan" / "model.safetensors");
    EXPECT_EQ(first.config().firstStage.factor(), 16);
    EXPECT_EQ(ModelBundle::open(folder / "condition" / "model.safetensors").config().condition.labelSet, "landscape");
    for (const std::string file : {"vqgan/samples.png", "condition/samples.png", "vqgan/log.jsonl"})
        EXPECT_GT(fs::file_size(folder / file), 100U) << file;
}

TEST_F(TrainersTest, FrozenPhaseKeepsTheCodes)
{
    const StateDict last = weights("vqgan");
    std::ifstream log(folder / "vqgan" / "log.jsonl");
    const std::string text{std::istreambuf_iterator<char>(log), {}};
    EXPECT_THAT(text, HasSubstr("\"phase\":\"warm\""));
    EXPECT_THAT(text, HasSubstr("\"phase\":\"codes\""));
    EXPECT_THAT(text, HasSubstr("\"phase\":\"frozen\""));
    EXPECT_THAT(text, HasSubstr("adaptive_weight"));

    TrainOptions more = options(vqganRecipe(), "vqgan-more");
    fs::create_directories(more.output);
    fs::copy_file(folder / "vqgan" / "checkpoint.safetensors", more.output / "checkpoint.safetensors");
    more.resume = true;
    more.steps = 12;
    trainVqgan(more);
    for (const auto &[name, tensor] : weights("vqgan-more"))
        EXPECT_EQ(at::equal(tensor, last.at(name)),
                  !(name.starts_with("model/decoder.") || name.starts_with("model/post_")))
            << name;
}

TEST_F(TrainersTest, StoppedRunGoesOnExactly)
{
    for (const int last : {0, 3}) { // in the warm start, and after it
        const std::string output = "vqgan-stopped-" + std::to_string(last);
        std::stop_source stop;
        TrainOptions first = options(vqganRecipe(), output);
        first.stop = stop.get_token();
        first.progress = [&](const TrainProgress &progress) {
            if (progress.step == last)
                stop.request_stop();
        };
        trainVqgan(first);
        TrainOptions second = options(vqganRecipe(), output);
        second.resume = true;
        trainVqgan(second);
        expectEqual(weights("vqgan"), weights(output));
    }
}

TEST_F(TrainersTest, RunGoesOnFromAPeriodicCheckpoint)
{
    json recipe = vqganRecipe();
    recipe["checkpoint_minutes"] = 0.01; // kept after every step or two
    std::stop_source stop;
    TrainOptions first = options(recipe, "vqgan-periodic");
    first.stop = stop.get_token();
    bool kept = false;
    first.progress = [&](const TrainProgress &progress) {
        if (progress.phase.find("validation") != std::string::npos && !kept) {
            kept = true;
            fs::create_directories(folder / "vqgan-copied");
            fs::copy_file(folder / "vqgan-periodic" / "checkpoint.safetensors",
                          folder / "vqgan-copied" / "checkpoint.safetensors");
        }
    };
    trainVqgan(first);
    ASSERT_TRUE(kept);
    TrainOptions second = options(vqganRecipe(), "vqgan-copied");
    second.resume = true;
    trainVqgan(second);
    expectEqual(weights("vqgan"), weights("vqgan-copied"));
}

TEST_F(TrainersTest, EarlierRunIsNotOverwritten)
{
    EXPECT_THROW(trainVqgan(options(vqganRecipe(), "vqgan")), Error);
    TrainOptions wrong = options(conditionRecipe(), "vqgan");
    wrong.resume = true;
    EXPECT_THROW(trainCondition(wrong), Error); // a checkpoint of another network
}

TEST_F(TrainersTest, TransformerLearnsFromTheMap)
{
    double first = 0, last = 0;
    TrainOptions run = options(transformerRecipe(), "transformer");
    run.progress = [&](const TrainProgress &progress) {
        if (const auto nats = progress.values.find("nats"); nats != progress.values.end())
            (progress.step == 0 ? first : last) = nats->second;
    };
    trainTransformer(run);
    EXPECT_LT(last, 0.8 * first);

    const ModelBundle model = ModelBundle::open(folder / "transformer" / "model.safetensors");
    ASSERT_NE(model.transformer(), nullptr);
    EXPECT_EQ(model.config().prefixLength(), 17);
    const json figures = evaluateModel(folder / "transformer" / "model.safetensors", folder);
    EXPECT_GT(figures.at("psnr").get<double>(), 5);
    EXPECT_LT(figures.at("nats_with_map").get<double>(), std::log(12.0));
    EXPECT_GT(figures.at("map_codes_used").get<int>(), 0);
    EXPECT_GT(figures.at("patch_distance").get<double>(), 0);

    const json maps = evaluateModel(folder / "condition" / "model.safetensors", folder);
    EXPECT_GT(maps.at("map_accuracy").get<double>(), 0.1);
    EXPECT_GT(maps.at("map_iou").get<double>(), 0);
    EXPECT_LT(maps.at("map_iou").get<double>(), 1);
}

TEST_F(TrainersTest, TransformerGoesOnFromAWholeModel)
{
    trainTransformer(options(transformerRecipe(), "whole"));
    const std::string whole = (folder / "whole" / "model.safetensors").string();
    json recipe = transformerRecipe();
    for (const char *key : {"start", "first_stage", "condition_stage"})
        recipe[key] = whole;
    recipe["steps"] = 1;
    recipe["learning_rate"] = 0;
    trainTransformer(options(recipe, "from-whole"));
    expectEqual(partTensors(whole, Part::Transformer),
                partTensors(folder / "from-whole" / "model.safetensors", Part::Transformer));

    recipe["transformer"]["n_layer"] = 3;
    EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr("blocks.2"));
    recipe["start"] = (folder / "vqgan" / "model.safetensors").string();
    EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr("no tensors that begin with 'transformer.'"));
}

TEST_F(TrainersTest, ANewConditionStageTakesOverWhatTheOldCodesMeant)
{
    trainTransformer(options(transformerRecipe(), "learned"));
    const fs::path learned = folder / "learned" / "model.safetensors";
    const ModelBundle whole = ModelBundle::open(learned);
    // The same stage with its codes numbered backwards and one more that nothing is near to.
    const int64_t codes = whole.config().condition.tokens.count, first = whole.config().condition.tokens.first;
    ModelConfig config;
    config.firstStage = whole.conditionStage()->config;
    config.firstStage.codes = config.imageTokens.count = codes + 1;
    config.firstStage.encoderOnly = true;
    config.condition.labelSet = "landscape";
    StateDict stage = partTensors(learned, Part::ConditionStage);
    at::Tensor &codebook = stage.at("quantize.embedding.weight");
    codebook = at::cat({codebook.flip(0), at::full({1, codebook.size(1)}, 1e3)});
    ModelBundle::write(folder / "backwards.safetensors", config, stage, {});

    json recipe = transformerRecipe();
    recipe["start"] = learned.string();
    recipe["condition_stage"] = (folder / "backwards.safetensors").string();
    recipe["steps"] = 1;
    recipe["learning_rate"] = 0;
    trainTransformer(options(recipe, "changed"));
    const at::Tensor before = partTensors(learned, Part::Transformer).at("tok_emb.weight");
    const at::Tensor after =
        partTensors(folder / "changed" / "model.safetensors", Part::Transformer).at("tok_emb.weight");
    ASSERT_EQ(after.size(0), before.size(0) + 1);
    EXPECT_TRUE(at::equal(after.slice(0, 0, first), before.slice(0, 0, first)));
    EXPECT_TRUE(at::equal(after.slice(0, first + codes + 1), before.slice(0, first + codes)));
    const at::Tensor old = before.slice(0, first, first + codes), mean = old.mean(0);
    int64_t seen = 0;
    for (int64_t code = 0; code <= codes; ++code) {
        const at::Tensor row = after[first + code];
        const bool same = code < codes && at::allclose(row, old[codes - 1 - code], 1e-2, 1e-3);
        EXPECT_TRUE(same || at::allclose(row, mean, 1e-2, 1e-3)) << code;
        seen += same;
    }
    EXPECT_GT(seen, 1);
}

TEST_F(TrainersTest, TokensAreKeptForTheNextSession)
{
    std::set<std::string> phases;
    TrainOptions run = options(transformerRecipe(), "tokens");
    run.steps = 1;
    run.progress = [&](const TrainProgress &progress) { phases.insert(progress.phase); };
    trainTransformer(run);
    EXPECT_THAT(phases, IsSupersetOf({"pictures as codes", "maps as codes"}));

    phases.clear();
    run.resume = true;
    run.steps = 2;
    trainTransformer(run);
    EXPECT_THAT(phases, Not(Contains("pictures as codes")));
    EXPECT_THAT(phases, Contains("transformer"));

    phases.clear();
    run.steps = 3;
    run.recipe["views"]["maps"] = 2; // other maps than the kept ones
    trainTransformer(run);
    EXPECT_THAT(phases, Contains("maps as codes"));

    phases.clear();
    run.steps = 4;
    fs::create_directories(folder / "other");
    fs::copy(folder / "train", folder / "other" / "train");
    fs::copy(folder / "val", folder / "other" / "val");
    {
        ShardWriter writer(folder / "other" / "train" / "a.tlds", kSide, kSide); // as many pictures, others
        for (int i = 1; i < 7; ++i)
            writer.add(paintedPicture(i));
        writer.close();
    }
    run.data = folder / "other";
    trainTransformer(run);
    EXPECT_THAT(phases, Contains("pictures as codes"));

    phases.clear();
    run.steps = 5;
    std::ofstream(folder / "tokens" / "tokens.safetensors") << "damaged";
    trainTransformer(run);
    EXPECT_THAT(phases, Contains("pictures as codes"));
}

TEST_F(TrainersTest, DecoderAloneIsSharpenedFromAModel)
{
    json recipe = vqganRecipe();
    recipe.erase("model");
    recipe["start"] = (folder / "vqgan" / "model.safetensors").string();
    recipe["adversary"]["from"] = 0;
    trainVqgan(options(recipe, "sharpened"));
    const StateDict before = partTensors(folder / "vqgan" / "model.safetensors", Part::FirstStage);
    for (const auto &[name, tensor] : partTensors(folder / "sharpened" / "model.safetensors", Part::FirstStage))
        EXPECT_EQ(at::equal(tensor, before.at(name)), !(name.starts_with("decoder.") || name.starts_with("post_")))
            << name;
}

TEST_F(TrainersTest, RecipesAreCheckedBeforeWorkBegins)
{
    const auto with = [](const json &change) {
        json recipe = vqganRecipe();
        recipe.merge_patch(change);
        return refusal(recipe);
    };
    EXPECT_THAT(with({{"learning_rat", 1}}), HasSubstr("'recipe.learning_rat' is not a key"));
    EXPECT_THAT(with({{"views", {{"batch", 0}}}}), HasSubstr("'recipe.views.batch' is 0, expected at least 1"));
    EXPECT_THAT(with({{"views", {{"batch", "many"}}}}), HasSubstr("wrong type"));
    EXPECT_THAT(with({{"model", {{"ddconfig", {{"ch", 30}}}}}}), HasSubstr("groups"));
    EXPECT_THAT(with({{"steps", 0}}), HasSubstr("no end"));
    EXPECT_THAT(with({{"losses", {{"perceptual", 1}, {"perceptual_weights", "/no/such.safetensors"}}}}),
                HasSubstr("/no/such.safetensors"));
    EXPECT_THAT(with({{"precision", "fp8"}}), HasSubstr("'recipe.precision' is 'fp8', expected auto, fp32 or bf16"));
    json recipe = transformerRecipe();
    json condition = conditionRecipe();
    condition.erase("model");
    condition["start"] = (folder / "vqgan" / "model.safetensors").string();
    EXPECT_THAT(refusal(condition, trainCondition), HasSubstr("3 input channels, expected 25"));
    recipe["transformer"]["n_head"] = 5;
    EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr("multiple"));
}

TEST_F(TrainersTest, RefusedRecipesKeepTheEarlierLog)
{
    fs::create_directories(folder / "logged");
    std::ofstream(folder / "logged" / "log.jsonl") << "{}\n";
    json recipe = vqganRecipe();
    recipe["unknown"] = 1;
    EXPECT_THROW(trainVqgan(options(recipe, "logged")), Error);
    EXPECT_EQ(fs::file_size(folder / "logged" / "log.jsonl"), 3U);
}

TEST_F(TrainersTest, MissingDataIsSaid)
{
    TrainOptions run = options(vqganRecipe(), "nothing");
    run.data = folder / "vqgan";
    try {
        trainVqgan(run);
        FAIL() << "trained";
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), HasSubstr("no training data"));
    }
}

TEST(TransformerStart, FirstBlockLooksUpTheConditionWhereACodeIsPredicted)
{
    ModelConfig config;
    config.window = 4;
    config.condition.kind = ConditionKind::Labels;
    config.condition.tokens = {6, 5};
    config.imageTokens = {0, 6};
    config.controls = {{"light", {"any"}, 11}};
    config.transformer = TransformerConfig{.vocabSize = 12, .blockSize = 33, .layers = 1, .heads = 2, .embedding = 512};
    FreshSource source(4); // wide, so that the random projection of places keeps them apart whatever numbers it drew
    Transformer::create(*config.transformer, source);
    StateDict parameters = source.tensors();
    startOnGrids(parameters, config, at::randn({6, 8}), at::randn({5, 8}), 9);
    StateDictSource weights(parameters);
    const Transformer model = Transformer::create(*config.transformer, weights);

    // Which codes stand there disturbs single scores a little: many sequences are averaged.
    constexpr int64_t kSequences = 32;
    const at::Tensor tokens =
        at::cat({at::full({kSequences, 1}, 11, at::kLong), at::randint(6, 11, {kSequences, 16}, at::kLong),
                 at::randint(0, 6, {kSequences, 15}, at::kLong)},
                1);
    const at::Tensor x =
        at::layer_norm(at::embedding(model.tokenEmbedding, tokens) + model.positionEmbedding.slice(1, 0, 32), {512});
    const auto firstHead = [&x](const Linear &layer) {
        return at::linear(x, layer.weight, layer.bias).slice(2, 0, 256);
    };
    const at::Tensor scores =
        at::matmul(firstHead(model.blocks[0].query), firstHead(model.blocks[0].key).mT()).mean(0); // [32, 32]
    for (int64_t cell = 1; cell < 16; ++cell) // predicted from token 1 + 16 + cell - 1; its condition is token 1 + cell
        EXPECT_EQ(scores[16 + cell].slice(0, 1, 17).argmax().item<int64_t>(), cell);
}

} // namespace

} // namespace tessera::models
