// The transformer's training as a whole, and what it starts from.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <stop_token>
#include <string>
#include <tuple>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/bundle.h"
#include "models/modelfile.h"
#include "models/training/evaluate.h"
#include "models/training/layoutchange.h"
#include "models/training/modelparts.h"
#include "models/training/transformerinit.h"
#include "tests/unit/models/training/trainersfixture.h"

namespace tessera::models
{

namespace
{

using testing::Contains;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

TEST_F(TrainersTest, TransformerLearnsFromTheMap)
{
    json recipe = transformerRecipe();
    recipe["steps"] = 60;
    recipe["pkeep"] = 0.3; // little else to go by
    recipe["dropout"] = 0;
    double first = 0, last = 0;
    TrainOptions run = options(recipe, "transformer");
    run.progress = [&](const TrainProgress &progress) {
        if (const auto nats = progress.values.find("nats"); nats != progress.values.end())
            (progress.step == 0 ? first : last) = nats->second;
    };
    trainTransformer(run);
    EXPECT_LT(last, 0.8 * first);

    const ModelBundle model = ModelBundle::open(folder / "transformer" / "model.safetensors");
    ASSERT_NE(model.transformer(), nullptr);
    EXPECT_EQ(model.config().prefixLength(), 17);
    const json figures = evaluateModel(folder / "transformer" / "model.safetensors", folder, c10::kCPU);
    EXPECT_GT(figures.at("psnr").get<double>(), 5);
    EXPECT_LT(figures.at("nats_with_map").get<double>(), std::log(12.0));
    EXPECT_LT(figures.at("nats_with_map").get<double>(), figures.at("nats_without_map").get<double>() - 0.1) << figures;
    EXPECT_GT(figures.at("map_codes_used").get<int>(), 0);
    EXPECT_GT(figures.at("patch_distance").get<double>(), 0);

    const json maps = evaluateModel(folder / "condition" / "model.safetensors", folder, c10::kCPU);
    EXPECT_GT(maps.at("map_accuracy").get<double>(), 0.1);
    EXPECT_GT(maps.at("map_iou").get<double>(), 0);
    EXPECT_LT(maps.at("map_iou").get<double>(), 1);
}

// Everything that chance decides in a step, dropout included, comes from the step's own seed.
TEST_F(TrainersTest, AStoppedTransformerGoesOnExactly)
{
    json recipe = transformerRecipe();
    recipe["steps"] = 20;
    recipe["dropout"] = 0.2;
    recipe["pkeep"] = 0.5;
    recipe["last_pkeep"] = 0.9;
    recipe["tasks"] = {{"filling", 0.3}};
    trainTransformer(options(recipe, "unbroken"));

    std::stop_source stop;
    TrainOptions half = options(recipe, "broken");
    half.stop = stop.get_token();
    half.progress = [&](const TrainProgress &progress) {
        if (progress.step == 9)
            stop.request_stop();
    };
    trainTransformer(half);
    const StateDict middle = weights("broken");
    int64_t steps = 0;
    TrainOptions rest = options(recipe, "broken");
    rest.resume = true;
    rest.progress = [&](const TrainProgress &progress) { steps += progress.values.contains("nats"); };
    trainTransformer(rest);
    EXPECT_EQ(steps, 10);
    EXPECT_FALSE(at::equal(middle.at("model/tok_emb.weight"), weights("broken").at("model/tok_emb.weight")));
    expectEqual(weights("unbroken"), weights("broken"));
    for (const char *name : {"unbroken", "broken"})
        ASSERT_TRUE(fs::exists(folder / name / "model.safetensors"));
    expectEqual(partTensors(folder / "unbroken" / "model.safetensors", Part::Transformer), // averages
                partTensors(folder / "broken" / "model.safetensors", Part::Transformer));
}

// The first stage draws some of its codebook (the original's `remap`): the transformer learns as many tokens.
TEST_F(TrainersTest, ATransformerLearnsTheCodesOfAList)
{
    const ModelFile stage = ModelFile::open(folder / "vqgan" / "model.safetensors");
    ModelConfig config = stage.config;
    StateDict tensors = stage.readTensors();
    tensors["quantize.used"] = at::tensor({11, 0, 7, 4, 2}, at::kLong);
    config.firstStage.remap = RemapConfig{5, 5}; // and a sixth for what is not in the list
    config.imageTokens = {0, 6};
    ModelBundle::write(folder / "listed.safetensors", config, tensors, {});

    json recipe = transformerRecipe();
    recipe["first_stage"] = (folder / "listed.safetensors").string();
    recipe["steps"] = 3;
    trainTransformer(options(recipe, "listed"));
    const ModelBundle model = ModelBundle::open(folder / "listed" / "model.safetensors");
    EXPECT_EQ(model.config().imageTokens.count, 6);
    EXPECT_EQ(model.config().condition.tokens.first, 6);
    EXPECT_TRUE(at::equal(model.firstStage().used, tensors.at("quantize.used")));
    EXPECT_TRUE(std::isfinite(evaluateModel(model.path(), folder, c10::kCPU).at("nats_with_map").get<double>()));
}

// Codes are made anew only where they are missing; a transformer of other codes is not gone on with.
TEST_F(TrainersTest, ATransformerStaysWithItsStages)
{
    json recipe = transformerRecipe();
    recipe["format"] = "fp32";
    trainTransformer(options(recipe, "stays"));
    recipe["first_stage"] = (folder / "stays" / "model.safetensors").string(); // the same stage in another file
    TrainOptions again = options(recipe, "stays");
    again.resume = true;
    EXPECT_NO_THROW(trainTransformer(again));

    json otherStage = vqganRecipe();
    otherStage["seed"] = 99;
    trainVqgan(options(otherStage, "vqgan-other"));
    recipe["first_stage"] = (folder / "vqgan-other" / "model.safetensors").string();
    again = options(recipe, "stays");
    again.resume = true;
    try {
        trainTransformer(again);
        ADD_FAILURE() << "went on with other codes";
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), HasSubstr("learned from"));
    }
}

TEST_F(TrainersTest, ARunWithoutTimeToLearnSaysSoAndKeepsItsCodes)
{
    TrainOptions run = options(transformerRecipe(), "no-time");
    run.steps = {};
    run.minutes = 1e-6;
    try {
        trainTransformer(run);
        ADD_FAILURE() << "packed what had learned nothing";
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), HasSubstr("resume it with more minutes"));
    }
    EXPECT_FALSE(fs::exists(folder / "no-time" / "model.safetensors"));
    const auto made = fs::last_write_time(folder / "no-time" / "tokens.safetensors");
    run = options(transformerRecipe(), "no-time");
    run.resume = true;
    trainTransformer(run);
    EXPECT_EQ(fs::last_write_time(folder / "no-time" / "tokens.safetensors"), made);
    EXPECT_TRUE(fs::exists(folder / "no-time" / "model.safetensors"));
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
    EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr("expected 3 of 2"));
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
    StateDict stage = stageTensors(learned, ConditionKind::Labels);
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

json fieldRecipe(const char *kind)
{
    json recipe = stageRecipe(1, 8);
    recipe["kind"] = kind;
    recipe["steps"] = 4;
    return recipe;
}

// From a model of labels alone: what it knows stays, depth, edges, regions and canvases come along.
TEST_F(TrainersTest, ATransformerLearnsFurtherMapsRegionsAndCanvases)
{
    trainTransformer(options(transformerRecipe(), "labels-alone"));
    for (const char *kind : {"depth", "edges"})
        trainCondition(options(fieldRecipe(kind), kind));
    fs::create_directories(folder / "large");
    fs::copy(folder / "train", folder / "large", fs::copy_options::overwrite_existing);

    json recipe = transformerRecipe();
    recipe["start"] = (folder / "labels-alone" / "model.safetensors").string();
    recipe["depth_stage"] = (folder / "depth" / "model.safetensors").string();
    recipe["edges_stage"] = (folder / "edges" / "model.safetensors").string();
    recipe["tasks"] = {{"labels", 1}, {"depth", 1}, {"edges", 1}, {"filling", 0.4}};
    recipe["window"] = 4;
    recipe["controls"].push_back({{"key", "position"}, {"source", "row"}, {"values", {"any", "above", "below"}}});
    recipe["steps"] = 12;
    std::set<std::string> phases;
    TrainOptions run = options(recipe, "several");
    run.progress = [&](const TrainProgress &progress) { phases.insert(progress.phase); };
    trainTransformer(run);
    EXPECT_THAT(phases, IsSupersetOf({"maps as codes", "depth as codes", "edges as codes"}));

    const fs::path several = folder / "several" / "model.safetensors";
    const ModelBundle model = ModelBundle::open(several);
    EXPECT_EQ(model.config().otherConditions.size(), 2u);
    EXPECT_TRUE(model.config().seesKept);
    EXPECT_GT(model.config().conditionOf(ConditionKind::Edges)->edgeReach, 0);
    const json figures = evaluateModel(several, folder, c10::kCPU);
    for (const char *key : {"nats_with_map", "nats_with_depth", "nats_with_edges", "nats_filling",
                            "nats_filling_unseen", "nats_facing", "nats_facing_unseen"})
        EXPECT_GT(figures.at(key).get<double>(), 0) << key;

    recipe.erase("edges_stage");
    EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr("names no 'edges_stage'"));
    recipe["tasks"]["edges"] = 0;
    recipe["tasks"]["depth"] = 0;
    EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr("'recipe.tasks.depth' is 0"));
    recipe["tasks"]["depth"] = 1;
    recipe["depth_stage"] = (folder / "edges" / "model.safetensors").string();
    EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr("no stage that reads maps of depth"));
}

TEST_F(TrainersTest, TransformerRecipesAreCheckedBeforeWorkBegins)
{
    const json light = {{"key", "light"}, {"values", {"any", "day"}}}, unnamed = {{"key", ""}, {"values", {"any"}}};
    const json placed = {{"key", "row"}, {"values", {"any", "1"}}, {"source", "row"}, {"guided", true}};
    const std::string first = (folder / "vqgan" / "model.safetensors").string();
    const std::string condition = (folder / "condition" / "model.safetensors").string();
    const std::tuple<const char *, json, const char *> bad[] = {
        {"/controls", 5, "'recipe.controls' is 5, expected a list"},
        {"/controls", {5}, "'recipe.controls[0]' is 5, expected a mapping"},
        {"/controls",
         {light, light},
         "'recipe.controls[1].key' is \"light\", expected a name that no control before it"},
        {"/controls", json::array({unnamed}), "'recipe.controls[0].key' is \"\", expected a name"},
        {"/controls", json::array({placed}),
         "'recipe.controls[0].guided' is true, expected false where the control follows the canvas"},
        {"/batch", 2.7, "'recipe.batch' is 2.7, expected a whole number from 1 to 4096"},
        {"/dropout", 1, "'recipe.dropout' is 1, expected at least 0 and below 1"},
        {"/condition_dropout", 7, "is 7, expected a number from 0 to 1"},
        {"/pkeep", 3, "is 3, expected a number from 0 to 1"},
        {"/sampling", {{"top_p", 9}}, "'recipe.sampling.top_p' is 9, expected a number from 0.01 to 1"},
        {"/tasks", {{"filling", 2}}, "'recipe.tasks.filling' is 2, expected a number from 0 to 1"},
        {"/tasks", {1}, "'recipe.tasks' is a list, expected a mapping"},
        {"/first_stage", condition, "The first stage reads 25 channels, expected 3"},
        {"/condition_stage", first, "The stage that reads labels reads 3 channels, expected 25"},
    };
    for (const auto &[key, value, sentence] : bad) {
        json recipe = transformerRecipe();
        recipe[json::json_pointer(key)] = value;
        EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr(sentence)) << key;
    }
}

TEST_F(TrainersTest, WindowsAreCutFromCanvases)
{
    json recipe = transformerRecipe();
    recipe["canvases"] = {{"folder", "train"}, {"share", 1.0}};
    recipe["steps"] = 2;
    EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr("expected more than a window's 64 a side"));
    recipe["canvases"] = {{"folder", "train"}};
    EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr("both are needed"));
    recipe["canvases"]["share"] = 1.0;
    recipe["window"] = 2; // half the pictures' side
    recipe["views"]["maps"] = 1;
    recipe["controls"] = {{{"key", "scale"}, {"source", "height"}, {"values", {"any", "1", "2"}}}};
    trainTransformer(options(recipe, "canvases"));
    EXPECT_TRUE(fs::exists(folder / "canvases" / "canvas-tokens.safetensors"));
    EXPECT_EQ(ModelBundle::open(folder / "canvases" / "model.safetensors").config().prefixLength(), 5);
}

TEST_F(TrainersTest, WhatWasLearnedKeepsItsRowsInANewLayout)
{
    ModelConfig learned;
    learned.window = 2;
    learned.imageTokens = {0, 4};
    learned.controls = {{"light", {"any", "day", "night"}, 4}};
    learned.nullToken = 7;
    learned.transformer = TransformerConfig{.vocabSize = 8, .blockSize = 9, .layers = 1, .heads = 1, .embedding = 8};
    ModelConfig now = learned;
    now.controls = {{"wind", {"any", "calm"}, 4}, {"light", {"any", "night", "noon"}, 6}};
    now.nullToken = 9;
    now.transformer->vocabSize = 10;
    now.transformer->blockSize = 10;
    FreshSource source(4);
    Transformer::create(*learned.transformer, source);
    const StateDict before = source.tensors();
    const PictureSet pictures(folder / "train");
    const StateDict after = relaid(before, {learned, {}}, {now, {}}, pictures);
    const at::Tensor rows = before.at("tok_emb.weight"), moved = after.at("tok_emb.weight");
    for (const auto &[from, to] : {std::pair{0, 0}, {3, 3}, {4, 6}, {6, 7}, {7, 9}, {4, 4}, {4, 5}, {4, 8}})
        EXPECT_TRUE(at::equal(rows[from], moved[to])) << from;
    const at::Tensor places = before.at("pos_emb")[0], movedPlaces = after.at("pos_emb")[0];
    EXPECT_TRUE(at::equal(places[0], movedPlaces[1])); // the light's
    EXPECT_TRUE(at::equal(places[0], movedPlaces[0])); // the wind's, which is new
    EXPECT_TRUE(at::equal(places.slice(0, 1), movedPlaces.slice(0, 2)));

    now.transformer->heads = 2; // of the same width together, but of other parts of it
    EXPECT_THROW(relaid(before, {learned, {}}, {now, {}}, pictures), Error);
    now.transformer->heads = 1;
    now.transformer->embedding = 16;
    EXPECT_THROW(relaid(before, {learned, {}}, {now, {}}, pictures), Error);
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
    startOnGrids(parameters, config, at::randn({6, 8}), {{ConditionKind::Labels, at::randn({5, 8})}}, 9);
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
