// Phase B of the first stage: codes and encoder stay, the decoder learns against the discriminator.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
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

TEST_F(TrainersTest, DecoderWaitsWhileTheDiscriminatorLearnsAlone)
{
    json recipe = vqganRecipe();
    for (const char *key : {"model", "quantiser", "learning_rate"})
        recipe.erase(key);
    const fs::path start = folder / "vqgan" / "model.safetensors";
    recipe["start"] = start.string();
    recipe["steps"] = 40;
    // However long it is to wait, no more than a tenth of the phase.
    for (const auto &[aloneSteps, waited] : {std::pair{3, 3}, {30, 4}}) {
        recipe["adversary"].update({{"from", 0}, {"alone_steps", aloneSteps}});
        const std::string output = "alone-" + std::to_string(aloneSteps);
        std::vector<bool> decoderLearned;
        const auto trainTo = [&](size_t steps, bool resume) {
            std::stop_source stop;
            TrainOptions run = options(recipe, output);
            run.resume = resume;
            run.stop = stop.get_token();
            run.progress = [&](const TrainProgress &progress) {
                if (progress.phase == "frozen")
                    decoderLearned.push_back(progress.values.contains("loss"));
                if (decoderLearned.size() == steps)
                    stop.request_stop();
            };
            trainVqgan(run);
        };
        trainTo(size_t(waited), false);
        for (const auto &[name, tensor] : partTensors(start, Part::FirstStage))
            EXPECT_TRUE(at::equal(tensor, weights(output).at("model/" + name))) << name;
        FreshSource fresh(recipe["seed"].get<uint64_t>() + 1);
        Discriminator::create({.width = 8, .layers = 2}, fresh);
        const std::string first = "main.0.weight";
        const StateDict discriminator =
            readSafetensors(readSafetensorsIndex(folder / output / "checkpoint.safetensors"), "discriminator/");
        EXPECT_FALSE(at::equal(discriminator.at("discriminator/" + first), fresh.tensors().at(first)));

        trainTo(size_t(waited) + 1, true);
        std::vector<bool> expected(size_t(waited), false);
        expected.push_back(true);
        EXPECT_EQ(decoderLearned, expected) << aloneSteps;
    }
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

} // namespace

} // namespace tessera::models
