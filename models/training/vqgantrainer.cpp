// The first stage's training: phase A (codes; Esser et al. 2021, sec. 3.1, without the adversary) and phase B, in which
// encoder and codebook are frozen and the decoder is sharpened against a patch discriminator. Codes learned in phase A
// stay valid, so a transformer can be trained on them before, after or beside phase B.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/training/autocast.h"
#include "models/training/discriminator.h"
#include "models/training/evaluate.h"
#include "models/training/losses.h"
#include "models/training/perceptual.h"
#include "models/training/pictureset.h"
#include "models/training/sheet.h"
#include "models/training/stagetraining.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kValidationSide = 256;
constexpr int64_t kValidated = 32;

class VqganTraining : public StageTraining
{
public:
    VqganTraining(const TrainOptions &options, Recipe &recipe)
        : StageTraining(options, recipe)
        , m_pictures(options.data / "train")
        , m_validation(options.data / "val")
    {
        readLosses(recipe.child("losses"));
        Recipe views = recipe.child("views");
        m_side = views.atLeast<int64_t>("size", 2 * m_model.config.factor(), 128);
        m_views.whole = views.atLeast<double>("whole", 0, 0.5);
        m_views.least = views.atLeast<double>("least", 0.1, 0.5);
        m_batch = views.atLeast<int64_t>("batch", 1, 16);
        views.finish();
        readAdversary(recipe.child("adversary"));
        m_name = recipe.valueOr<std::string>("name", "");
        recipe.finish();
        m_pictures.keepColoursOn(device());
    }

protected:
    Batch batch(uint64_t seed) override
    {
        std::vector<at::Tensor> views;
        for (int64_t i = 0; i < m_batch; ++i)
            views.push_back(m_pictures.rgb(m_pictures.randomView(mixedSeed(seed, uint64_t(i)), m_views), m_side));
        const at::Tensor x = at::stack(views);
        return {x, x};
    }

    at::Tensor reconstructionLoss(const at::Tensor &output, const at::Tensor &target, Values &values) override
    {
        const at::Tensor pixel = l1Loss(output, target);
        at::Tensor loss = pixel + m_pyramidWeight * laplacianPyramidLoss(output, target);
        values["l1"] = pixel.item<double>();
        if (m_perceptualWeight > 0 && m_run.step() % m_perceptualEvery == 0) {
            const at::Tensor distance =
                perceptualDistance(output.slice(0, 0, m_perceptualViews), target.slice(0, 0, m_perceptualViews));
            values["perceptual"] = distance.item<double>();
            loss = loss + m_perceptualWeight * distance;
        }
        return loss;
    }

    bool frozen(double fraction) const override { return fraction >= m_adversaryFrom; }

    void beginFrozenPhase() override
    {
        m_pictures = PictureSet(m_run.options().data / "train"); // with those that were made meanwhile
        m_pictures.keepColoursOn(device());
        StateDict decoder;
        for (auto &[name, tensor] : m_parameters) {
            tensor.requires_grad_(false);
            if (name.starts_with("decoder.") || name.starts_with("post_quant_conv."))
                decoder[name] = tensor;
        }
        OptimizerSettings settings = m_optimizerSettings;
        settings.beta1 = 0.5;
        settings.beta2 = 0.9;
        m_optimizer = std::make_unique<Optimizer>(decoder, settings);
        settings.averageDecay = 0;
        FreshSource fresh(m_run.seed() + 1);
        Discriminator::create(m_discriminatorConfig, fresh);
        const StateDict tensors = channelsLastOn(device(), fresh.tensors());
        StateDictSource source(tensors);
        m_discriminator = Discriminator::create(m_discriminatorConfig, source);
        m_discriminatorOptimizer = std::make_unique<Optimizer>(m_discriminator.parameters(), settings);
        m_frozenSteps = 0;
    }

    void frozenStep(Values &values) override
    {
        const at::Tensor real = batch(m_run.stepSeed()).input.contiguous(at::MemoryFormat::ChannelsLast);
        const double share = (m_run.fraction() - m_adversaryFrom) / (1 - m_adversaryFrom);
        const double rate = scheduledRate(m_adversaryRate, share, m_warmUp, m_lastRate);
        const at::Tensor fake = generatorStep(real, rate, values);
        discriminatorStep(real, fake, rate, values);
        ++m_frozenSteps;
    }

    void addState(std::map<std::string, StateDict> &parts) const override
    {
        if (!m_discriminatorOptimizer)
            return;
        parts["discriminator"] = m_discriminator.tensors();
        parts["discriminator_optimizer"] = m_discriminatorOptimizer->state();
        parts["frozen"] = {{"steps", at::scalar_tensor(m_frozenSteps, at::kLong)}};
    }

    void restoreState(const std::map<std::string, StateDict> &parts) override
    {
        if (!m_discriminatorOptimizer)
            return;
        copyInto(m_discriminator.tensors(), checkpointPart(parts, "discriminator"), "The checkpoint's discriminator");
        m_discriminatorOptimizer->restore(checkpointPart(parts, "discriminator_optimizer"));
        m_frozenSteps = checkpointPart(parts, "frozen").at("steps").item<int64_t>();
    }

    Values validate(const Autoencoder &model) override
    {
        const auto figures = evaluateReconstruction(model, m_validation, kValidationSide, kValidated);
        writeSheet(m_run.file("samples.png"), figures.shown, 8);
        return {{"psnr", figures.psnr}, {"texture", figures.texture}, {"codes_used", double(figures.codesUsed)}};
    }

    ModelConfig modelConfig() const override
    {
        ModelConfig config;
        config.name = m_name;
        config.firstStage = m_model.config;
        config.imageTokens = {0, m_model.config.codes};
        return config;
    }

private:
    void readLosses(Recipe recipe)
    {
        m_pyramidWeight = recipe.atLeast<double>("pyramid", 0, 0.5);
        m_perceptualWeight = recipe.atLeast<double>("perceptual", 0, 1.0);
        m_perceptualEvery = recipe.atLeast<int64_t>("perceptual_every", 1, 1);
        m_perceptualViews = recipe.atLeast<int64_t>("perceptual_views", 1, 1024); // the first so many of a batch
        const auto file = recipe.valueOr<std::string>("perceptual_weights", "build/perceptual/vgg16.safetensors");
        const auto blocks = recipe.atLeast<int64_t>("perceptual_blocks", 1, 5);
        recipe.finish();
        if (m_perceptualWeight > 0) {
            m_perceptual = Perceptual::load(file, int(blocks));
            m_perceptual.to(device(), m_bfloat16 ? at::kBFloat16 : at::kFloat);
        }
    }

    void readAdversary(Recipe recipe)
    {
        m_adversaryFrom = recipe.atLeast<double>("from", 0, 0.65);
        m_adversaryWeight = recipe.atLeast<double>("weight", 0, 0.8);
        m_adversaryMaximum = recipe.atLeast<double>("maximum", 0, 100);
        m_featureWeight = recipe.atLeast<double>("feature_matching", 0, 2);
        m_adversaryRate = recipe.atLeast<double>("learning_rate", 0, 1e-4);
        m_aloneSteps = recipe.atLeast<int64_t>("alone_steps", 0, 100);
        m_rampSteps = recipe.atLeast<int64_t>("ramp_steps", 1, 200);
        m_discriminatorConfig.width = recipe.atLeast<int64_t>("width", 8, 32);
        m_discriminatorConfig.layers = recipe.atLeast<int64_t>("layers", 1, 3);
        m_discriminatorConfig.actNorm = recipe.valueOr<bool>("act_norm", true);
        recipe.finish();
    }

    at::Tensor perceptualDistance(const at::Tensor &output, const at::Tensor &target) const
    {
        std::vector<at::Tensor> targetTaps;
        {
            const c10::NoGradGuard noGradients;
            targetTaps = m_perceptual.taps(target);
        }
        return m_perceptual.distance(m_perceptual.taps(output), targetTaps).mean();
    }

    // The decoder learns to reconstruct and to look real; returns what it made.
    at::Tensor generatorStep(const at::Tensor &real, double rate, Values &values)
    {
        at::Tensor quantised, output;
        DiscriminatorOutput judged, judgedReal;
        {
            const Autocast autocast(device(), m_bfloat16);
            {
                const c10::NoGradGuard noGradients;
                quantised = m_model.lookup(exactCodes(m_model, m_model.latents(real)));
            }
            output = m_model.decodeLatents(quantised).to(at::kFloat);
            if (m_frozenSteps >= m_aloneSteps) {
                judged = m_discriminator.forward(output, true, true);
                const c10::NoGradGuard noGradients;
                judgedReal = m_discriminator.forward(real, true, true);
            }
        }
        const at::Tensor reconstruction = reconstructionLoss(output, real, values);
        at::Tensor loss = reconstruction;
        if (judged.logits.defined()) {
            const at::Tensor adversarial = generatorLoss(judged.logits);
            const at::Tensor weight =
                adaptiveWeight(lossGradient(reconstruction, m_model.decoder.lastLayer()),
                               lossGradient(adversarial, m_model.decoder.lastLayer()), m_adversaryMaximum);
            const double ramp = std::min(1.0, double(m_frozenSteps - m_aloneSteps) / double(m_rampSteps));
            loss = loss + m_adversaryWeight * ramp * weight * adversarial
                   + m_featureWeight * ramp * featureMatchingLoss(judged.features, judgedReal.features);
            values["adversarial"] = adversarial.item<double>();
            values["adaptive_weight"] = weight.item<double>();
        }
        loss.backward();
        m_discriminatorOptimizer->dropGradients();
        values["gradient"] = m_optimizer->step(rate);
        values["loss"] = loss.item<double>();
        values["rate"] = rate;
        return output.detach();
    }

    void discriminatorStep(const at::Tensor &real, const at::Tensor &fake, double rate, Values &values)
    {
        at::Tensor loss;
        {
            const Autocast autocast(device(), m_bfloat16);
            loss = discriminatorHingeLoss(m_discriminator.forward(real, true).logits,
                                          m_discriminator.forward(fake, true).logits);
        }
        loss.backward();
        m_discriminatorOptimizer->step(rate);
        values["discriminator"] = loss.item<double>();
    }

    PictureSet m_pictures, m_validation;
    ViewSettings m_views;
    int64_t m_side = 0, m_batch = 0;
    std::string m_name;
    double m_pyramidWeight = 0, m_perceptualWeight = 0;
    int64_t m_perceptualEvery = 1, m_perceptualViews = 1024;
    Perceptual m_perceptual;
    double m_adversaryFrom = 1, m_adversaryWeight = 0, m_adversaryMaximum = 0, m_featureWeight = 0, m_adversaryRate = 0;
    int64_t m_aloneSteps = 0, m_rampSteps = 1, m_frozenSteps = 0;
    DiscriminatorConfig m_discriminatorConfig;
    Discriminator m_discriminator;
    std::unique_ptr<Optimizer> m_discriminatorOptimizer;
};

} // namespace

void trainVqgan(const TrainOptions &options)
{
    Recipe recipe(options.recipe);
    VqganTraining(options, recipe).train();
}

} // namespace tessera::models
