// The transformer's training as a whole, and what it starts from.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/bundle.h"
#include "models/training/evaluate.h"
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
    const json figures = evaluateModel(folder / "transformer" / "model.safetensors", folder, c10::kCPU);
    EXPECT_GT(figures.at("psnr").get<double>(), 5);
    EXPECT_LT(figures.at("nats_with_map").get<double>(), std::log(12.0));
    EXPECT_GT(figures.at("map_codes_used").get<int>(), 0);
    EXPECT_GT(figures.at("patch_distance").get<double>(), 0);

    const json maps = evaluateModel(folder / "condition" / "model.safetensors", folder, c10::kCPU);
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
