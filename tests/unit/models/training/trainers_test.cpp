// The training runs as a whole, on a few tiny pictures: they learn, stop, go on exactly where they were, and leave
// models that open.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <stop_token>
#include <string>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/bundle.h"
#include "models/training/pictureset.h"
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

TEST_F(TrainersTest, ModelsTellHowTheyWereMade)
{
    json recipe = transformerRecipe();
    recipe["steps"] = 500; // the options ask for less
    TrainOptions run = options(recipe, "told");
    run.steps = 3;
    trainTransformer(run);
    for (const char *name : {"vqgan", "condition", "told"}) {
        const std::map<std::string, std::string> notes =
            ModelBundle::inspect(folder / name / "model.safetensors").notes;
        EXPECT_EQ(notes.at("pictures"), PictureSet(folder / "train").origin()) << name;
        EXPECT_EQ(notes.at("program").find("Tessera "), 0) << name;
        EXPECT_EQ(notes.at("minutes"), "0") << name;
    }
    const std::map<std::string, std::string> notes = ModelBundle::inspect(folder / "told" / "model.safetensors").notes;
    EXPECT_EQ(json::parse(notes.at("recipe")), recipe);
    EXPECT_EQ(notes.at("steps"), "3");
    EXPECT_TRUE(notes.contains("nats_with_map"));
}

TEST_F(TrainersTest, ModelsTellHowThoseWereMadeThatTheyBuildOn)
{
    const auto train = [](const json &recipe, const std::string &output) {
        TrainOptions run = options(recipe, output);
        run.steps = 1;
        trainTransformer(run);
        return folder / output / "model.safetensors";
    };
    json recipe = transformerRecipe();
    recipe["start"] = recipe["condition_stage"] = train(recipe, "built").string(); // one file as two things
    const json lineage = json::parse(ModelBundle::inspect(train(recipe, "built-on")).notes.at("lineage"));
    ASSERT_EQ(lineage.size(), 3U);
    const auto toldFor = [&](const json &keys) {
        const auto found = std::ranges::find_if(lineage, [&](const json &told) { return told["for"] == keys; });
        return found == lineage.end() ? json() : *found;
    };
    EXPECT_EQ(toldFor(json::array({"first_stage"}))["recipe"], vqganRecipe());
    EXPECT_EQ(toldFor(json::array({"start", "condition_stage"}))["recipe"], transformerRecipe());
    EXPECT_EQ(toldFor(json::array({"condition_stage"}))["recipe"], conditionRecipe()); // of the model before
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
    recipe["checkpoint_minutes"] = 0; // kept after every step
    TrainOptions first = options(recipe, "vqgan-periodic");
    const fs::path copy = folder / "vqgan-copied" / "checkpoint.safetensors";
    fs::create_directories(copy.parent_path());
    first.progress = [&](const TrainProgress &progress) {
        if (progress.step == 3 && !fs::exists(copy)) // of 8
            fs::copy_file(folder / "vqgan-periodic" / "checkpoint.safetensors", copy);
    };
    trainVqgan(first);
    EXPECT_EQ(readSafetensorsIndex(copy).metadata.at("step"), "3");
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

TEST_F(TrainersTest, RecipesAreCheckedBeforeWorkBegins)
{
    const auto with = [](const json &change) {
        json recipe = vqganRecipe();
        recipe.merge_patch(change);
        return refusal(recipe);
    };
    EXPECT_THAT(with({{"learning_rat", 1}}), HasSubstr("'recipe.learning_rat' is not a key"));
    EXPECT_THAT(with({{"views", {{"batch", 0}}}}),
                HasSubstr("'recipe.views.batch' is 0, expected a whole number from 1 to"));
    EXPECT_THAT(with({{"views", {{"batch", "many"}}}}), HasSubstr("is \"many\", expected a whole number from 1 to"));
    EXPECT_THAT(with({{"model", {{"ddconfig", {{"ch", 30}}}}}}), HasSubstr("groups"));
    EXPECT_THAT(with({{"steps", 0}}), HasSubstr("no end"));
    EXPECT_THAT(with({{"losses", {{"perceptual", 1}, {"perceptual_weights", "no/such.safetensors"}}}}),
                HasSubstr("no perceptual network at " + fs::absolute("no/such.safetensors").string()
                          + "; packaging/setup.sh --training makes one"));
    EXPECT_THAT(with({{"precision", "fp8"}}), HasSubstr("'recipe.precision' is \"fp8\", expected auto, fp32 or bf16"));
    json recipe = transformerRecipe();
    json condition = conditionRecipe();
    condition.erase("model");
    condition.erase("quantiser"); // a start brings its codebook
    condition["start"] = (folder / "vqgan" / "model.safetensors").string();
    EXPECT_THAT(refusal(condition, trainCondition), HasSubstr("3 input channels, expected 25"));
    recipe["transformer"]["n_head"] = 5;
    EXPECT_THAT(refusal(recipe, trainTransformer), HasSubstr("multiple"));
    EXPECT_FALSE(fs::exists(folder / "refused"));
}

// Key, value, and what the sentence says of it.
TEST_F(TrainersTest, NumbersThatNothingCanComeOfAreRefused)
{
    const std::tuple<const char *, json, const char *> bad[] = {
        {"/views/batch", 2.7, "'recipe.views.batch' is 2.7, expected a whole number from 1"},
        {"/views/batch", 1e30, "is 1e+30, expected a whole number"},
        {"/views/whole", 7, "'recipe.views.whole' is 7, expected a number from 0 to 1"},
        {"/views/least", 5, "is 5, expected a number from 0.1 to 1"},
        {"/views/size", 33, "'recipe.views.size' is 33, expected a multiple of 16"},
        {"/views", {{"size", 2048}, {"batch", 4096}}, "'recipe.views' asks for 4096 squares of 2048 pixels"},
        {"/seed", -1, "'recipe.seed' is -1, expected a whole number of at least 0"},
        {"/seed", 1.5, "is 1.5, expected a whole number"},
        {"/warm_up", 2, "is 2, expected at least 1e-06 and below 1"},
        {"/average", 1, "'recipe.average' is 1, expected at least 0 and below 1"},
        {"/learning_rate", 1e300, "is 1e+300, expected a number from 0 to 1"},
        {"/losses", 5, "'recipe.losses' is 5, expected a mapping"},
        {"/losses/perceptual", "x", "is \"x\", expected a number"},
        {"/name", "\xff", "'recipe.name' is \"\\ufffd\", expected a text in UTF-8"},
        {"/minutes", "\xff", "expected a number"},
        {"/adversary/from", 5, "is 5, expected a number from 0 to 1"},
        {"/adversary/layers", 20, "'recipe.adversary.layers' is 20, expected a whole number from 1 to 4"},
        {"/adversary/width", 1e6, "'recipe.adversary.width' is 1000000.0, expected a whole number from 8 to 512"},
        {"/model/n_embd", 3, "'recipe.model.n_embd' is not a key"},
        {"/model/ddconfig/chh", 3, "'recipe.model.ddconfig.chh' is not a key"},
        {"/model/ddconfig/patch_size", 3, "12 pixels per code and side, expected a divisor of 256"},
        {"/model/ddconfig/in_channels", 4, "4 input channels, expected 3 for a stage that reads pictures"},
        {"/model/ddconfig/out_ch", 1, "1 output channels, expected 3"},
    };
    for (const auto &[key, value, sentence] : bad) {
        json recipe = vqganRecipe();
        recipe[json::json_pointer(key)] = value;
        EXPECT_THAT(refusal(recipe), HasSubstr(sentence)) << key;
    }
    json condition = conditionRecipe();
    condition["label_set"] = "nonsense";
    EXPECT_THAT(refusal(condition, trainCondition), HasSubstr("is \"nonsense\", expected 'landscape'"));
    EXPECT_FALSE(fs::exists(folder / "refused"));
}

TEST_F(TrainersTest, AResumedCheckpointOfAnotherRecipeIsNamed)
{
    json recipe = vqganRecipe();
    recipe["model"]["embed_dim"] = 5;
    TrainOptions run = options(recipe, "vqgan");
    run.resume = true;
    try {
        trainVqgan(run);
        FAIL() << "trained";
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), HasSubstr("vqgan/checkpoint.safetensors' was made by another recipe"));
    }
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
