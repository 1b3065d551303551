// Trainings that break, that are killed, and that end with nothing learned: what is kept of them, and what they say.
#include <filesystem>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/models/training/trainersfixture.h"

namespace tessera::models
{
namespace
{

using testing::AllOf;
using testing::HasSubstr;

class BrokenRunsTest : public TrainersTest
{
protected:
    static std::string failure(const TrainOptions &run, void (*train)(const TrainOptions &))
    {
        try {
            train(run);
        } catch (const Error &error) {
            return error.what();
        }
        return "nothing failed";
    }
    static fs::path checkpoint(const std::string &output) { return folder / output / "checkpoint.safetensors"; }
    static void expectOnlyACheckpoint(const std::string &output)
    {
        EXPECT_TRUE(fs::exists(checkpoint(output)));
        EXPECT_FALSE(fs::exists(folder / output / "model.safetensors"));
    }
};

TEST_F(BrokenRunsTest, ARunWithoutTimeForAStepLeavesNoModel)
{
    TrainOptions run = options(conditionRecipe(), "no-time");
    run.steps.reset();
    run.minutes = 1e-9;
    EXPECT_THAT(failure(run, trainCondition), HasSubstr("over before its first step"));
    expectOnlyACheckpoint("no-time");
    TrainOptions again = options(conditionRecipe(), "no-time");
    again.resume = true;
    trainCondition(again);
    expectEqual(weights("no-time"), weights("condition"));
}

TEST_F(BrokenRunsTest, ARunThatNeverLeavesItsWarmStartLeavesNoModel)
{
    json recipe = conditionRecipe();
    recipe["model"]["n_embed"] = 300; // 8 steps see 256 latents
    EXPECT_THAT(failure(options(recipe, "warm"), trainCondition),
                HasSubstr("its 8 steps gave 256 latents, expected at least 300, one a code, and a step behind them"));
    expectOnlyACheckpoint("warm");
    TrainOptions longer = options(recipe, "warm");
    longer.resume = true;
    longer.steps = 12;
    EXPECT_EQ(failure(longer, trainCondition), "nothing failed");
    EXPECT_TRUE(fs::exists(folder / "warm" / "model.safetensors"));
}

TEST_F(BrokenRunsTest, MoreCodesThanLatentsAreRememberedAreRefused)
{
    json recipe = vqganRecipe();
    recipe["model"]["n_embed"] = 30001;
    EXPECT_THAT(refusal(recipe), HasSubstr("'recipe.model.n_embed' is 30001, expected at most the 30000 latents"));
    EXPECT_FALSE(fs::exists(folder / "refused"));
}

TEST_F(BrokenRunsTest, WhatWasLearnedBeforeAFailureIsGoneOnWith)
{
    TrainOptions run = options(vqganRecipe(), "failed");
    run.progress = [](const TrainProgress &progress) {
        if (progress.step == 3)
            throw std::runtime_error("Nobody listens.");
    };
    EXPECT_EQ(failure(run, trainVqgan),
              "Nobody listens. What was learned before step 4 is kept in " + checkpoint("failed").string() + ".");
    expectOnlyACheckpoint("failed");
    TrainOptions again = options(vqganRecipe(), "failed");
    again.resume = true;
    trainVqgan(again);
    expectEqual(weights("failed"), weights("vqgan"));
}

// The fixture's checkpoints are an hour apart: this one comes with the phase.
TEST_F(BrokenRunsTest, TheCodesAreKeptBeforeTheAdversaryBegins)
{
    TrainOptions run = options(vqganRecipe(), "watched");
    run.progress = [](const TrainProgress &progress) {
        if (progress.phase != "frozen" || fs::exists(folder / "kept"))
            return;
        fs::create_directories(folder / "kept");
        fs::copy_file(checkpoint("watched"), checkpoint("kept"));
    };
    trainVqgan(run);
    ASSERT_TRUE(fs::exists(checkpoint("kept")));
    EXPECT_EQ(readSafetensorsIndex(checkpoint("kept")).metadata.at("phase"), "codes");
    TrainOptions again = options(vqganRecipe(), "kept");
    again.resume = true;
    trainVqgan(again);
    expectEqual(weights("kept"), weights("vqgan"));
}

// A starter's later sessions go by it: pictures that were made meanwhile would be other ones than the codes are of.
TEST_F(BrokenRunsTest, ATransformerHasBegunBeforeItsCodesAreMade)
{
    int asked = 0;
    TrainOptions run = options(transformerRecipe(), "coding");
    run.progress = [&](const TrainProgress &progress) {
        asked += progress.phase == "pictures as codes";
        if (progress.phase == "maps as codes")
            throw std::runtime_error("Killed.");
        EXPECT_TRUE(fs::exists(checkpoint("coding")));
    };
    EXPECT_THROW(trainTransformer(run), std::runtime_error);
    EXPECT_GT(asked, 0);
    asked = 0;
    TrainOptions again = options(transformerRecipe(), "coding");
    again.resume = true;
    again.progress = [&](const TrainProgress &progress) { asked += progress.phase == "pictures as codes"; };
    trainTransformer(again);
    EXPECT_EQ(asked, 0); // what was whole is kept
}

} // namespace
} // namespace tessera::models
