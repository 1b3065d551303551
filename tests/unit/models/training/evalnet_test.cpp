// The judge's network and its training on a few tiny pictures.
#include "models/training/evalnet.h"

#include <fstream>

#include <gmock/gmock.h>

#include "models/training/judgedset.h"
#include "models/training/pictureset.h"
#include "tests/unit/models/training/trainersfixture.h"

namespace tessera::models
{

namespace
{

using testing::HasSubstr;

EvalNetConfig smallConfig()
{
    EvalNetConfig config;
    config.widths = {16, 16, 16, 16, 16};
    config.pyramid = 16;
    config.side = kSide;
    config.depth = true;
    return config;
}

// A judge's layout as it was written before there were `stem` and `depth`.
json earlierLayout()
{
    json layout = smallConfig().toJson();
    layout.erase("stem");
    layout.erase("depth");
    return layout;
}

json evalNetRecipe()
{
    return {{"seed", 4},
            {"steps", 150},
            {"learning_rate", 1e-2},
            {"precision", "fp32"},
            {"average", 0.5},
            {"label_balance", 0.5},
            {"model", smallConfig().toJson()},
            {"views", {{"size", 64}, {"batch", 2}}}};
}

TEST(EvalNet, ShapesFollowThePicture)
{
    const EvalNet net = EvalNet::untrained(smallConfig(), 1);
    const Judgement judgement = net.forward(at::zeros({2, 3, 32, 64}));
    EXPECT_EQ(judgement.labels.sizes(), at::IntArrayRef({2, 25, 8, 16}));
    EXPECT_EQ(judgement.light.sizes(), at::IntArrayRef({2, 6}));
    EXPECT_EQ(judgement.biome.sizes(), at::IntArrayRef({2, 8}));
    EXPECT_EQ(judgement.features.sizes(), at::IntArrayRef({2, 32}));
    EXPECT_EQ(judgement.depth.sizes(), at::IntArrayRef({2, 1, 8, 16}));
}

TEST(EvalNet, ACoarserStemKeepsTheScaleOfWhatItTells)
{
    EvalNetConfig config = smallConfig();
    config.stem = 2;
    const EvalNet net = EvalNet::untrained(config, 1);
    EXPECT_EQ(net.laterals.size(), 4U);
    const Judgement judgement = net.forward(at::zeros({1, 3, 32, 64}));
    EXPECT_EQ(judgement.labels.sizes(), at::IntArrayRef({1, 25, 8, 16}));
    EXPECT_EQ(judgement.depth.sizes(), at::IntArrayRef({1, 1, 8, 16}));
    EXPECT_THROW(net.forward(at::zeros({1, 3, 48, 64})), c10::Error);
}

TEST(EvalNet, AFileFromBeforeDepthTellsNone)
{
    const EvalNetConfig earlier = EvalNetConfig::fromJson(earlierLayout(), "It");
    EXPECT_EQ(earlier.stem, 1);
    EXPECT_FALSE(earlier.depth);
    FreshSource source(1);
    EvalNet::create(earlier, source);
    const fs::path path = fs::path(testing::TempDir()) / ("earlier_judge_" + std::to_string(getpid()));
    writeSafetensors(path, source.tensors(), {{"evalnet", earlierLayout().dump()}});
    const EvalNet net = EvalNet::load(path);
    fs::remove(path);
    EXPECT_FALSE(net.forward(at::zeros({1, 3, 32, 32})).depth.defined());
    EXPECT_TRUE(judged(net, {at::zeros({3, kSide, kSide})}).depth.empty());
}

TEST(EvalNet, DescriptionsAreChecked)
{
    const auto refusal = [](const json &description) -> std::string {
        try {
            EvalNetConfig::fromJson(description, "It");
        } catch (const Error &error) {
            return error.what();
        }
        return "accepted";
    };
    EXPECT_THAT(refusal({{"widths", {8, 8}}}), HasSubstr("It has the widths [8,8]"));
    EXPECT_THAT(refusal({{"widths", {8, 8, 8, 8, 12}}}), HasSubstr("multiple of 8"));
    EXPECT_THAT(refusal({{"side", 100}}), HasSubstr("It has the side 100"));
    EXPECT_THAT(refusal({{"side", "large"}}), HasSubstr("describes no EvalNet"));
    EXPECT_THAT(refusal({{"stem", 4}}), HasSubstr("It has the stem 4"));
    EXPECT_THAT(refusal({{"stem", 2}, {"side", 80}}), HasSubstr("expected a multiple of 32"));
    EXPECT_EQ(refusal(smallConfig().toJson()), "accepted");
}

TEST(EvalNet, ClassesAreFoundByName)
{
    EXPECT_EQ(judgedClass(kJudgedLights, "sunset"), 2);
    EXPECT_EQ(judgedClass(kJudgedBiomes, "nowhere"), kNotJudged);
}

class EvalNetTrainingTest : public TrainersTest
{
protected:
    static void SetUpTestSuite()
    {
        TrainersTest::SetUpTestSuite();
        trainEvalNet(options(evalNetRecipe(), "evalnet"));
    }
};

TEST_F(EvalNetTrainingTest, LearnsWhatThePicturesShow)
{
    const EvalNet net = EvalNet::load(folder / "evalnet" / "model.safetensors");
    const PictureSet pictures(folder / "val");
    std::vector<at::Tensor> shown, meant, depth;
    for (int64_t i = 0; i < pictures.size(); ++i) {
        shown.push_back(pictures.rgb(pictures.wholeView(i), kSide));
        meant.push_back(judgedLabels(pictures, pictures.wholeView(i), kSide));
        depth.push_back(pictures.nearness(pictures.wholeView(i), kSide / kJudgedScale));
    }
    const EvalNet untaught = EvalNet::untrained(smallConfig(), 4);
    EXPECT_GT(labelIou(judged(net, shown), meant), 0.6);
    EXPECT_LT(labelIou(judged(untaught, shown), meant), 0.3);
    EXPECT_EQ(lightAccuracy(judged(net, shown), std::vector<int64_t>(6, 0)), 1); // all are by day
    EXPECT_GT(depthCorrelation(judged(net, shown), depth), 0.9);
    EXPECT_LT(depthCorrelation(judged(untaught, shown), depth), 0.8);
    EXPECT_GT(fs::file_size(folder / "evalnet" / "samples.png"), 100U);
}

TEST_F(EvalNetTrainingTest, ValidationTellsEveryFigure)
{
    std::ifstream log(folder / "evalnet" / "log.jsonl");
    std::string last;
    for (std::string line; std::getline(log, line);)
        last = line;
    const json figures = json::parse(last);
    for (const char *name : {"mean_iou", "accuracy", "light_accuracy", "depth_spearman"}) {
        EXPECT_GT(figures.at(name), 0.5) << name;
        EXPECT_LE(figures.at(name), 1) << name;
    }
}

// Sky above, ground that comes nearer below: a picture's depth as a view shows it.
TEST_F(EvalNetTrainingTest, NearnessFollowsTheView)
{
    const PictureSet pictures(folder / "val");
    const View whole = pictures.wholeView(0);
    const at::Tensor depth = pictures.nearness(whole, kSide);
    EXPECT_EQ(depth[10][5].item<float>(), 0);
    EXPECT_FLOAT_EQ(depth[40][5].item<float>(), 40000.F / 65535);
    View mirrored = whole;
    mirrored.side = 32;
    mirrored.mirrored = true;
    EXPECT_TRUE(pictures.nearness(mirrored, 8).equal(pictures.nearness({0, whole.x, whole.y, 32, false}, 8).flip({1})));
    EXPECT_EQ(judgedLabels(pictures, mirrored, 32).sizes(), at::IntArrayRef({8, 8}));
}

TEST_F(EvalNetTrainingTest, LossFalls)
{
    std::ifstream log(folder / "evalnet" / "log.jsonl");
    std::vector<double> losses;
    for (std::string line; std::getline(log, line);)
        if (const json entry = json::parse(line); entry.contains("loss"))
            losses.push_back(entry.at("loss"));
    ASSERT_EQ(losses.size(), 150U);
    EXPECT_LT(losses.back(), losses.front() / 3);
}

TEST_F(EvalNetTrainingTest, StoppedRunGoesOnExactly)
{
    std::stop_source stop;
    TrainOptions first = options(evalNetRecipe(), "evalnet-stopped");
    first.stop = stop.get_token();
    first.progress = [&](const TrainProgress &progress) {
        if (progress.step == 5)
            stop.request_stop();
    };
    trainEvalNet(first);
    TrainOptions second = options(evalNetRecipe(), "evalnet-stopped");
    second.resume = true;
    trainEvalNet(second);
    expectEqual(weights("evalnet"), weights("evalnet-stopped"));
}

TEST_F(EvalNetTrainingTest, WrongRecipesAndFilesAreRefused)
{
    json recipe = evalNetRecipe();
    recipe["views"]["size"] = 40;
    EXPECT_THAT(refusal(recipe, trainEvalNet), HasSubstr("'recipe.views.size' is 40"));
    recipe = evalNetRecipe();
    recipe["view"] = 1;
    EXPECT_THAT(refusal(recipe, trainEvalNet), HasSubstr("'recipe.view' is not a key"));
    const auto loading = [&](const std::string &file) -> std::string {
        try {
            EvalNet::load(folder / file);
        } catch (const Error &error) {
            return error.what();
        }
        return "loaded";
    };
    EXPECT_THAT(loading("vqgan/model.safetensors"), HasSubstr("holds no EvalNet"));
    const std::string deep = R"({"widths": )" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
    writeSafetensors(folder / "deep.safetensors", {{"a", at::ones({1})}}, {{"evalnet", deep}});
    EXPECT_THAT(loading("deep.safetensors"), HasSubstr("nested too deeply"));
}

TEST(JudgedSet, ScoresAreThoseOfTheLabels)
{
    JudgedSet set;
    set.labels = {at::tensor({1, 1, 2, 2, 1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3}, at::kLong).reshape({4, 4})};
    set.lights = {0};
    const at::Tensor cells = at::tensor({1, 2, 3, 0}, at::kLong).reshape({2, 2});
    EXPECT_DOUBLE_EQ(labelIou(set, {cells}), 1); // commonest labels of 2 x 2; the last cell is bare canvas
    EXPECT_LT(labelIou(set, {set.labels[0].flip({0})}), 1);
    EXPECT_EQ(lightAccuracy(set, {kNotJudged}), 0);
}

TEST(JudgedSet, DepthCorrelationIsTheMeanOverPictures)
{
    JudgedSet set;
    const at::Tensor rising = at::arange(4, at::kFloat).reshape({2, 2});
    set.depth = {rising, rising};
    EXPECT_DOUBLE_EQ(depthCorrelation(set, {rising * 3 - 1, rising.square()}), 1);
    EXPECT_DOUBLE_EQ(depthCorrelation(set, {rising, -rising}), 0);
    EXPECT_DOUBLE_EQ(depthCorrelationInRows(set, {rising, rising.flip({1})}), 0);
    EXPECT_DOUBLE_EQ(depthCorrelationInRows(set, {rising.flip({0}), rising}), 1); // only from left to right
}

} // namespace

} // namespace tessera::models
