// The training runs as a whole, on a few tiny pictures: they learn, stop, go on exactly where they were, and leave models
// that open.
#include <filesystem>
#include <fstream>
#include <string>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/bundle.h"
#include "models/training/modelparts.h"
#include "tests/unit/models/training/trainersfixture.h"

namespace tessera::models
{

namespace
{

using testing::HasSubstr;

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

} // namespace

} // namespace tessera::models
