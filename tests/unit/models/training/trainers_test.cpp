// The training runs as a whole, on a few tiny pictures: they learn, stop, go on exactly where they were, and leave
// models that open.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "models/bundle.h"
#include "models/training/discriminator.h"
#include "models/training/losses.h"
#include "models/training/modelparts.h"
#include "models/training/perceptual.h"
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

// Codes that are kept for good are learned to the end of the schedule.
TEST_F(TrainersTest, TheRateFallsBeforeTheCodesAreFrozen)
{
    json recipe = vqganRecipe();
    recipe["steps"] = 40;
    recipe["warm_up"] = 0.05;
    recipe["last_rate"] = 0.01;
    std::vector<double> rates; // of phase A
    TrainOptions run = options(recipe, "vqgan-rates");
    run.steps = {};
    run.progress = [&](const TrainProgress &progress) {
        if (progress.phase == "warm" || progress.phase == "codes")
            rates.push_back(progress.values.at("rate"));
    };
    trainVqgan(run);
    ASSERT_GT(rates.size(), 8U);
    EXPECT_LT(rates.back(), 0.05 * *std::ranges::max_element(rates));
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

TEST_F(TrainersTest, DecoderAloneIsSharpenedFromAModel)
{
    json recipe = vqganRecipe();
    for (const char *key : {"model", "quantiser", "learning_rate"}) // codes and encoder stay as they are
        recipe.erase(key);
    recipe["start"] = (folder / "vqgan" / "model.safetensors").string();
    recipe["adversary"]["from"] = 0;
    trainVqgan(options(recipe, "sharpened"));
    const StateDict before = partTensors(folder / "vqgan" / "model.safetensors", Part::FirstStage);
    for (const auto &[name, tensor] : partTensors(folder / "sharpened" / "model.safetensors", Part::FirstStage))
        EXPECT_EQ(at::equal(tensor, before.at(name)), !(name.starts_with("decoder.") || name.starts_with("post_")))
            << name;
}

// Weights of VGG's layout by chance; of the first two blocks alone, which is all that these tests look at.
class PerceptualSource : public ParameterSource
{
public:
    at::Tensor take(const std::string &name, const std::vector<int64_t> &shape, Init, int64_t) override
    {
        at::Tensor values = at::zeros(shape, at::kHalf);
        if (name.starts_with("scaling_layer"))
            values.fill_(name.ends_with("scale") ? 0.45 : -0.1);
        else if (name.starts_with("lin"))
            values.fill_(0.1);
        else if (name.ends_with("weight") && shape[0] <= 128)
            values.copy_(at::randn(shape, m_generator, at::kFloat) * std::sqrt(2.0 / double(9 * shape[1])));
        return tensors[name] = values;
    }
    StateDict tensors;

private:
    at::Generator m_generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t(8));
};

// Phase B as the shipped recipes have it: LPIPS, and batches large enough for batch normalisation.
json sharpeningRecipe(const fs::path &folder)
{
    const fs::path perceptual = folder / "perceptual.safetensors";
    if (!fs::exists(perceptual)) {
        PerceptualSource source;
        Perceptual::create(source);
        writeSafetensors(perceptual, source.tensors, {});
    }
    json recipe = vqganRecipe();
    recipe["losses"] = {{"pyramid", 0.5},
                        {"perceptual", 1.0},
                        {"perceptual_weights", perceptual.string()},
                        {"perceptual_blocks", 2},
                        {"perceptual_views", 1}};
    recipe["adversary"].update({{"act_norm", false}, {"feature_matching", 2}});
    return recipe;
}

TEST_F(TrainersTest, StoppedFrozenPhaseGoesOnExactly)
{
    json recipe = sharpeningRecipe(folder);
    recipe["adversary"]["from"] = 0.5;
    recipe["adversary"]["ramp_steps"] = 3;
    const auto discriminator = [](const std::string &output) {
        return readSafetensors(readSafetensorsIndex(folder / output / "checkpoint.safetensors"), "discriminator/");
    };
    trainVqgan(options(recipe, "sharp"));
    std::stop_source stop;
    TrainOptions first = options(recipe, "sharp-stopped");
    first.stop = stop.get_token();
    first.progress = [&](const TrainProgress &progress) {
        if (progress.phase == "frozen" && progress.step == 5) // the adversary has begun, not yet with all its weight
            stop.request_stop();
    };
    trainVqgan(first);
    const StateDict middle = discriminator("sharp-stopped");
    std::vector<double> adversarial, perceptual;
    TrainOptions second = options(recipe, "sharp-stopped");
    second.resume = true;
    second.progress = [&](const TrainProgress &progress) {
        if (progress.phase == "frozen") {
            adversarial.push_back(progress.values.at("adversarial"));
            perceptual.push_back(progress.values.at("perceptual"));
        }
    };
    trainVqgan(second);
    EXPECT_EQ(adversarial.size(), 2U);
    for (const double distance : perceptual)
        EXPECT_GT(distance, 0);
    expectEqual(weights("sharp"), weights("sharp-stopped"));
    const StateDict whole = discriminator("sharp"), stopped = discriminator("sharp-stopped");
    ASSERT_TRUE(whole.contains("discriminator/main.3.running_var"));
    EXPECT_FALSE(
        at::equal(middle.at("discriminator/main.3.running_var"), whole.at("discriminator/main.3.running_var")));
    expectEqual(whole, stopped);
    expectEqual(partTensors(folder / "sharp" / "model.safetensors", Part::FirstStage),
                partTensors(folder / "sharp-stopped" / "model.safetensors", Part::FirstStage));
}

// With so many more steps the phase has begun long before its share of them.
TEST_F(TrainersTest, AFrozenPhaseMayGetMoreSteps)
{
    json recipe = vqganRecipe();
    trainVqgan(options(recipe, "longer"));
    recipe["steps"] = 40;
    std::vector<double> rates;
    std::stop_source stop;
    TrainOptions more = options(recipe, "longer");
    more.resume = true;
    more.stop = stop.get_token();
    more.progress = [&](const TrainProgress &progress) {
        if (progress.phase == "frozen")
            rates.push_back(progress.values.at("rate"));
        if (progress.step == 20)
            stop.request_stop();
    };
    trainVqgan(more);
    more.stop = {};
    trainVqgan(more);
    ASSERT_EQ(rates.size(), 32U);
    EXPECT_GE(*std::ranges::min_element(rates), 0);
    const auto highest = std::ranges::max_element(rates);
    EXPECT_LE(*highest, 1e-4); // the adversary's
    EXPECT_TRUE(std::is_sorted(rates.begin(), highest));
    EXPECT_TRUE(std::is_sorted(highest, rates.end(), std::greater())); // stopping began no other schedule
}

// All views of a picture that is its own mirror image are alike: what a step learned from is known.
ShardPicture symmetricPicture()
{
    ShardPicture picture = paintedPicture(2);
    for (int y = 0; y < kSide; ++y)
        for (int x = 0; x < kSide; ++x)
            for (int channel = 0; channel < 3; ++channel) {
                const int across = std::min(x, kSide - 1 - x);
                picture.rgb[size_t((y * kSide + x) * 3 + channel)] =
                    uint8_t(40 * channel + (across * 5 + y * 3) % (60 + 40 * channel));
            }
    return picture;
}

// The gradient is put together from the losses' own, each taken back to the picture once.
TEST_F(TrainersTest, TheDecodersGradientIsThatOfTheSummedLosses)
{
    const fs::path data = folder / "symmetric", start = folder / "vqgan" / "model.safetensors";
    for (const std::string part : {"train", "val"}) {
        fs::create_directories(data / part);
        ShardWriter writer(data / part / "a.tlds", kSide, kSide);
        writer.add(symmetricPicture());
        writer.close();
    }
    json recipe = sharpeningRecipe(folder);
    for (const char *key : {"model", "quantiser", "learning_rate"})
        recipe.erase(key);
    recipe["start"] = start.string();
    recipe["steps"] = 2;
    recipe["views"]["whole"] = 1;
    recipe["adversary"].update({{"from", 0}, {"alone_steps", 0}, {"ramp_steps", 1}, {"learning_rate", 0}});
    std::vector<std::map<std::string, double>> steps; // the first one without the adversary's weight
    TrainOptions run = options(recipe, "gradient");
    run.data = data;
    run.progress = [&](const TrainProgress &progress) {
        if (progress.phase == "frozen")
            steps.push_back(progress.values);
    };
    trainVqgan(run);
    ASSERT_EQ(steps.size(), 2U);

    StateDict tensors = partTensors(start, Part::FirstStage);
    StateDictSource source(tensors);
    const Autoencoder model = Autoencoder::create(ModelBundle::open(start).config().firstStage, source);
    std::vector<at::Tensor> decoder;
    for (auto &[name, tensor] : tensors)
        if (name.starts_with("decoder.") || name.starts_with("post_quant_conv."))
            decoder.push_back(tensor.requires_grad_(true));
    const PictureSet pictures(data / "train");
    const at::Tensor real = at::stack(std::vector(2, pictures.rgb(pictures.wholeView(0), kSide)));
    const at::Tensor made = model.decodeLatents(model.lookup(model.encode(real)).detach());
    FreshSource fresh(recipe["seed"].get<uint64_t>() + 1);
    const Discriminator judge = Discriminator::create({.width = 8, .layers = 2}, fresh);
    const DiscriminatorOutput ofMade = judge.forward(made, true, true), ofReal = judge.forward(real, true, true);
    const Perceptual perceptual = Perceptual::load(recipe["losses"]["perceptual_weights"].get<std::string>(), 2);
    const auto taps = [&](const at::Tensor &x) { return perceptual.taps(x.slice(0, 0, 1)); };
    const at::Tensor reconstruction = l1Loss(made, real) + 0.5 * laplacianPyramidLoss(made, real)
                                      + perceptual.distance(taps(made), taps(real)).mean();
    const at::Tensor adversarial = generatorLoss(ofMade.logits), last = model.decoder.lastLayer();
    const at::Tensor weight = adaptiveWeight(lossGradient(reconstruction, last), lossGradient(adversarial, last), 100);
    const at::Tensor whole =
        reconstruction + 0.8 * weight * adversarial + 2 * featureMatchingLoss(ofMade.features, ofReal.features);
    const auto norm = [&](const at::Tensor &loss) {
        double squares = 0;
        for (const at::Tensor &gradient : torch::autograd::grad({loss}, decoder, {}, true)) // all: LibTorch's group
            squares += gradient.square().sum().item<double>(); // normalisation finds none of its weights' alone
        return std::sqrt(squares);
    };
    const auto near = [](double found, double expected) { EXPECT_NEAR(found, expected, 2e-3 * std::abs(expected)); };
    near(steps[0].at("gradient"), norm(reconstruction));
    near(steps[1].at("gradient"), norm(whole));
    near(steps[1].at("loss"), whole.item<double>());
    near(steps[1].at("adaptive_weight"), weight.item<double>());
    EXPECT_GT(std::abs(norm(whole) - norm(reconstruction)), 0.05 * norm(reconstruction)); // else nothing is told apart
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
