// tessera-train starter, tested from outside with networks of a few thousand weights.
#include <filesystem>
#include <fstream>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "models/bundle.h"
#include "models/training/shard.h"
#include "tests/unit/app/process.h"

namespace tessera::tests
{
namespace
{

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

json stageRecipe(int channels, int codes)
{
    const json network = {
        {"double_z", false}, {"in_channels", channels}, {"out_ch", channels}, {"ch", 16},
        {"ch_mult", {1, 2}}, {"num_res_blocks", 1},     {"resolution", 32},   {"attn_resolutions", json::array()},
        {"z_channels", 8},   {"dropout", 0.0},          {"patch_size", 4},    {"norm_groups", 4}};
    return {{"learning_rate", 1e-3},
            {"model", {{"embed_dim", 4}, {"n_embed", codes}, {"ddconfig", network}}},
            {"views", {{"size", 32}, {"batch", 2}}}};
}

json tinyPlan()
{
    json condition = stageRecipe(25, 16), first = stageRecipe(3, 32);
    condition["label_set"] = "landscape";
    first["losses"] = {{"perceptual", 0}};
    first["adversary"] = {{"from", 0.5}, {"alone_steps", 1}, {"ramp_steps", 1}, {"width", 8}, {"layers", 1}};
    json depth = stageRecipe(1, 16), edges = stageRecipe(1, 16);
    depth["kind"] = "depth";
    edges["kind"] = "edges";
    const json transformer = {{"window", 4},
                              {"tasks", {{"labels", 0.5}, {"depth", 0.3}, {"edges", 0.2}, {"filling", 0.3}}},
                              {"canvases", {{"folder", "large"}, {"share", 0.3}}},
                              {"batch", 2},
                              {"transformer", {{"n_layer", 1}, {"n_head", 2}, {"n_embd", 16}}},
                              {"controls", {{{"key", "light"}, {"values", {"any", "day", "night"}}}}}};
    return {{"data",
             {{"share", 0.1},
              {"width", 32},
              {"least", 4},
              {"most", 8},
              {"validation", 2},
              {"shard", 4},
              {"canvases", 2},
              {"canvas_side", 48}}},
            {"depth", {{"share", 0.1}, {"recipe", depth}}},
            {"edges", {{"share", 0.1}, {"recipe", edges}}},
            {"condition", {{"share", 0.15}, {"recipe", condition}}},
            {"first_stage", {{"share", 0.15}, {"recipe", first}}},
            {"transformer", {{"share", 0.4}, {"recipe", transformer}}}};
}

class StarterTest : public testing::Test
{
protected:
    void SetUp() override { fs::create_directories(m_folder); }
    void TearDown() override { fs::remove_all(m_folder); }

    fs::path output() const { return m_folder / "out put"; }
    fs::path data() const { return m_folder / "data"; }
    Outcome run(const json &plan, const std::vector<std::string> &more = {}, const std::string &device = "cpu") const
    {
        std::ofstream(m_folder / "plan.json") << plan.dump();
        std::vector<std::string> command{TESSERA_TRAIN, "starter",
                                         "--minutes",   "0.1",
                                         "--threads",   "1",
                                         "--plan",      (m_folder / "plan.json").string(),
                                         "--data",      data().string(),
                                         "--output",    output().string(),
                                         "--device",    device};
        command.insert(command.end(), more.begin(), more.end());
        return Process(command).finish();
    }

private:
    fs::path m_folder = fs::path(testing::TempDir()) / ("starter_test_" + std::to_string(getpid()));
};

TEST_F(StarterTest, MakesAWholeModelAndItsFigures)
{
    const Outcome outcome = run(tinyPlan());
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const models::ModelBundle model = models::ModelBundle::open(output() / "transformer");
    EXPECT_TRUE(model.transformer() && model.conditionStage());
    EXPECT_TRUE(model.stageOf(models::ConditionKind::Depth) && model.stageOf(models::ConditionKind::Edges));
    EXPECT_TRUE(model.config().seesKept);
    EXPECT_EQ(model.config().firstStage.codes, 32);
    const json figures = json::parse(std::ifstream(output() / "figures.json"));
    EXPECT_EQ(figures, json::parse(outcome.out));
    EXPECT_EQ(figures.at("pictures"), 2);
    EXPECT_GT(figures.at("nats_with_map").get<double>(), 0);
}

TEST_F(StarterTest, GoesOnWithWhatIsThereOnlyWhenAsked)
{
    ASSERT_EQ(run(tinyPlan()).exitCode, 0);
    const Outcome again = run(tinyPlan());
    EXPECT_EQ(again.exitCode, 1);
    EXPECT_THAT(again.err, HasSubstr("holds an earlier run"));
    const auto settled = fs::last_write_time(output() / "condition" / "checkpoint.safetensors");
    const Outcome resumed = run(tinyPlan(), {"--resume"});
    EXPECT_EQ(resumed.exitCode, 0) << resumed.err;
    EXPECT_EQ(fs::last_write_time(output() / "condition" / "checkpoint.safetensors"), settled); // others build on it
}

TEST_F(StarterTest, AnImpossiblePlanIsOneSentenceBeforeAnythingIsMade)
{
    json misspelt = tinyPlan(), greedy = tinyPlan(), own = tinyPlan();
    misspelt["data"]["witdh"] = 32;
    greedy["transformer"]["share"] = 0.7;
    own["condition"]["recipe"]["minutes"] = 3;
    EXPECT_THAT(run(misspelt).err, HasSubstr("'plan.data.witdh' is not a key"));
    EXPECT_THAT(run(greedy).err, AllOf(HasSubstr("sum to 1.3"), HasSubstr("at most 1")));
    EXPECT_THAT(run(own).err, HasSubstr("'plan.condition.recipe.minutes' is set"));
    EXPECT_FALSE(fs::exists(output()));
}

// Key of the plan, value, and what the sentence says of it: those of later stages, too, before any landscape is made.
TEST_F(StarterTest, EveryStagesRecipeIsCheckedAtTheStart)
{
    const std::tuple<const char *, json, const char *> bad[] = {
        {"/transformer/recipe/bach", 2, "'plan.transformer.recipe.bach' is not a key"},
        {"/transformer/recipe/transformer/n_head", 3, "'plan.transformer.recipe.transformer.n_embd' is 16, expected"},
        {"/transformer/recipe/tasks", {1}, "'plan.transformer.recipe.tasks' is a list, expected a mapping"},
        {"/transformer/recipe/tasks/depth", "x", "'plan.transformer.recipe.tasks.depth' is \"x\", expected a number"},
        {"/transformer/recipe/canvases/folder", 5, "'plan.transformer.recipe.canvases.folder' is 5, expected a text"},
        {"/first_stage/recipe", 5, "'plan.first_stage.recipe' is 5, expected a mapping"},
        {"/first_stage/recipe/losses", 5, "'plan.first_stage.recipe.losses' is 5, expected a mapping"},
        {"/first_stage/recipe/losses/perceptual", "x", "'plan.first_stage.recipe.losses.perceptual' is \"x\""},
        {"/edges/recipe/start", "/no/such", "/no/such"},
        {"/edges/recipe/kind", "depth", "'plan.edges.recipe.kind' is \"depth\", expected edges"},
        {"/condition/recipe/model/ddconfig/patch_size", 8, "they must be equal"},
        {"/data/canvas_side", 32, "'plan.data.canvas_side' is 32, expected more than the 32 pixels"},
        {"/data/width", 1000000, "'plan.data.width' is 1000000, expected a whole number from 16 to 8192"},
    };
    for (const auto &[key, value, sentence] : bad) {
        json plan = tinyPlan();
        plan[json::json_pointer(key)] = value;
        const Outcome outcome = run(plan);
        EXPECT_EQ(outcome.exitCode, 1);
        EXPECT_THAT(outcome.err, HasSubstr(sentence)) << key;
    }
    EXPECT_FALSE(fs::exists(output()));
    EXPECT_FALSE(fs::exists(data()));
}

TEST_F(StarterTest, ADiskThatCannotHoldThePicturesIsToldAtTheStart)
{
    json plan = tinyPlan();
    plan["data"].merge_patch({{"width", 8192}, {"most", 2'000'000'000}});
    const Outcome outcome = run(plan);
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_THAT(outcome.err,
                AllOf(HasSubstr("The plan's pictures take 93952409"), HasSubstr(" GB are free: make room")));
    EXPECT_FALSE(fs::exists(output()));
    EXPECT_FALSE(fs::exists(data()));
}

TEST_F(StarterTest, ForeignShardsAreNoneOfThePlansPictures)
{
    fs::create_directories(data() / "train");
    for (const char *name : {"landscapes-0000000004.tlds", "others.tlds"}) { // of another size, of another name
        models::ShardWriter writer(data() / "train" / name, 16, 16);
        writer.close();
        const Outcome outcome = run(tinyPlan());
        EXPECT_EQ(outcome.exitCode, 1);
        EXPECT_THAT(outcome.err, AllOf(HasSubstr(name), HasSubstr("is not of this plan")));
        fs::remove(data() / "train" / name);
    }
    EXPECT_FALSE(fs::exists(data() / "val"));
}

TEST_F(StarterTest, AGpuThatIsNotThereIsOneSentence)
{
    for (const Outcome &outcome :
         {run(tinyPlan(), {}, "cuda:99"), run(tinyPlan(), {"--landscape-device", "cuda:99"})}) {
        EXPECT_NE(outcome.exitCode, 0);
        EXPECT_THAT(outcome.err, HasSubstr("cuda:99"));
    }
}

} // namespace
} // namespace tessera::tests
