// The training of depth and edge stages as a whole, on a few tiny pictures.
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/bundle.h"
#include "tests/unit/models/training/trainersfixture.h"

namespace tessera::models
{
namespace
{

using testing::HasSubstr;

class FieldTrainerTest : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        std::string name = (fs::temp_directory_path() / "tessera-fieldtrainer-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder = name;
        for (const std::string part : {"train", "val"}) {
            fs::create_directories(folder / part);
            ShardWriter writer(folder / part / "a.tlds", kSide, kSide);
            for (int i = 0; i < 4; ++i)
                writer.add(paintedPicture(i));
            writer.close();
        }
    }
    static void TearDownTestSuite() { fs::remove_all(folder); }

    static constexpr int kSteps = 24;

    static json recipeOf(const std::string &kind)
    {
        json recipe = stageRecipe(1, 8);
        recipe["name"] = "Tiny " + kind;
        recipe["kind"] = kind;
        recipe["steps"] = kSteps;
        recipe["views"]["batch"] = 8; // half of a window
        return recipe;
    }

    static TrainOptions optionsOf(const json &recipe, const std::string &output)
    {
        TrainOptions options;
        options.recipe = recipe;
        options.data = folder;
        options.output = folder / output;
        return options;
    }

    // The losses of all steps and, by name, the figures of the validation.
    static std::pair<std::vector<double>, std::map<std::string, double>> train(const json &recipe,
                                                                               const std::string &output)
    {
        std::pair<std::vector<double>, std::map<std::string, double>> result;
        TrainOptions options = optionsOf(recipe, output);
        options.progress = [&](const TrainProgress &progress) {
            if (progress.values.contains("loss"))
                result.first.push_back(progress.values.at("loss"));
            else
                result.second = progress.values;
        };
        trainCondition(options);
        return result;
    }

    static std::string refusal(const json &recipe)
    {
        try {
            trainCondition(optionsOf(recipe, "refused"));
        } catch (const Error &error) {
            return error.what();
        }
        return "accepted";
    }

    static inline fs::path folder;
};

TEST_F(FieldTrainerTest, LearnsAndLeavesAModelThatSaysWhatItReads)
{
    for (const ConditionKind kind : {ConditionKind::Depth, ConditionKind::Edges}) {
        const std::string name = conditionKindName(kind);
        json recipe = recipeOf(name);
        if (kind == ConditionKind::Edges)
            recipe["edge_reach"] = 5;
        const auto [losses, figures] = train(recipe, name);
        ASSERT_EQ(losses.size(), size_t(kSteps));
        const auto mean = [](auto begin) { return std::accumulate(begin, begin + 6, 0.0) / 6; };
        EXPECT_LT(mean(losses.end() - 6), 0.7 * mean(losses.begin())) << name;
        EXPECT_GT(figures.at("psnr"), 3) << name;
        EXPECT_LT(figures.at("mean_error"), 1) << name;
        EXPECT_GT(figures.at("codes_used"), 1) << name;
        EXPECT_GT(fs::file_size(folder / name / "samples.png"), 100U);

        const ModelBundle bundle = ModelBundle::open(folder / name / "model.safetensors");
        EXPECT_EQ(bundle.config().name, "Tiny " + name);
        EXPECT_EQ(bundle.config().condition.kind, kind);
        EXPECT_EQ(bundle.config().condition.edgeReach, kind == ConditionKind::Edges ? 5 : 0);
        EXPECT_EQ(bundle.config().firstStage.inChannels, 1);
    }
}

TEST_F(FieldTrainerTest, RecipesAreCheckedBeforeWorkBegins)
{
    const auto with = [](const std::string &kind, const json &change) {
        json recipe = recipeOf(kind);
        recipe.merge_patch(change);
        return refusal(recipe);
    };
    EXPECT_EQ(with("colours", json::object()), "'recipe.kind' is \"colours\", expected labels, depth or edges.");
    EXPECT_EQ(with("depth", {{"model", {{"ddconfig", {{"in_channels", 3}, {"out_ch", 3}}}}}}),
              "'recipe.model' has 3 input channels, expected 1 for a stage that reads depth.");
    EXPECT_EQ(with("edges", {{"model", {{"ddconfig", {{"out_ch", 3}}}}}}),
              "'recipe.model' has 3 output channels, expected 1 for a stage that reads edges.");
    EXPECT_THAT(with("edges", {{"edge_reach", 0}}),
                HasSubstr("'recipe.edge_reach' is 0, expected a number from 0.5 to 256"));
    EXPECT_THAT(with("depth", {{"edge_reach", 6}}), HasSubstr("'recipe.edge_reach' is not a key"));
    EXPECT_THAT(with("depth", {{"label_set", "landscape"}}), HasSubstr("'recipe.label_set' is not a key"));
    EXPECT_THAT(with("depth", {{"views", {{"size", 96}}}}),
                HasSubstr("'recipe.views.size' is 96, expected a divisor of 256"));
}

} // namespace
} // namespace tessera::models
