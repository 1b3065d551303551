// The first stage's training: phase A (codes; Esser et al. 2021, sec. 3.1, without the adversary) and phase B, in which
// encoder and codebook are frozen and the decoder is sharpened against a patch discriminator. Codes learned in phase A
// stay valid, so a transformer can be trained on them before, after or beside phase B.
#include <algorithm>
#include <filesystem>
#include <optional>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/training/autocast.h"
#include "models/training/discriminator.h"
#include "models/training/evaluate.h"
#include "models/training/losses.h"
#include "models/training/perceptual.h"
#include "models/training/pictureset.h"
#include "models/training/recipechecks.h"
#include "models/training/sheet.h"
#include "models/training/stagetraining.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kValidationSide = 256;
constexpr int64_t kValidated = 32;

constexpr int64_t kPictureChannels = 3;
constexpr int64_t kLeastPatches = 3; // side of what the discriminator's last convolutions see, which take one each
constexpr double kMostWaiting = 0.1; // of the frozen phase, however many steps the discriminator is to have alone

struct VqganSettings : StageSettings {
    explicit VqganSettings(Recipe &recipe) : StageSettings(recipe)
    {
        expectChannels(kPictureChannels, "pictures");
        views = readViews(recipe);
        readLosses(recipe.child("losses"));
        readAdversary(recipe.child("adversary"));
        if (!start.empty() && adversaryFrom == 0)
            for (const char *key : {"quantiser", "learning_rate"})
                recipe.expectUnstated(key, "where 'adversary.from' is 0 and a 'start' brings the codes");
        recipe.finish();
    }

    TrainingViews views;
    double pyramidWeight = 0, perceptualWeight = 0;
    int64_t perceptualEvery = 1, perceptualViews = 1; // the first so many of a batch
    std::string perceptualFile;
    int perceptualBlocks = 1;
    double adversaryFrom = 1, adversaryWeight = 0, adversaryMaximum = 0, featureWeight = 0, adversaryRate = 0;
    int64_t aloneSteps = 0, rampSteps = 1;
    DiscriminatorConfig discriminator;

    Perceptual perceptual() const // undefined without weight
    {
        if (!(perceptualWeight > 0))
            return {};
        if (std::error_code ignored; !std::filesystem::exists(perceptualFile, ignored))
            throw Error(ErrorCode::FileRead, "There is no perceptual network at "
                                                 + std::filesystem::absolute(perceptualFile).string()
                                                 + "; packaging/setup.sh --training makes one in build/perceptual.");
        return Perceptual::load(perceptualFile, perceptualBlocks);
    }

private:
    void readLosses(Recipe recipe)
    {
        pyramidWeight = recipe.atLeast<double>("pyramid", 0, 0);
        perceptualWeight = recipe.atLeast<double>("perceptual", 0, 1.0);
        perceptualEvery = recipe.atLeast<int64_t>("perceptual_every", 1, 1);
        perceptualViews = recipe.atLeast<int64_t>("perceptual_views", 1, 1024);
        perceptualFile = recipe.valueOr<std::string>("perceptual_weights", "build/perceptual/vgg16.safetensors");
        perceptualBlocks = recipe.between<int>("perceptual_blocks", 1, kPerceptualBlocks, kPerceptualBlocks);
        recipe.finish();
    }

    void readAdversary(Recipe recipe)
    {
        adversaryFrom = recipe.share("from", 0.65);
        if (start.empty() && adversaryFrom <= warmFraction)
            recipe.refuse("from", "more than the quantiser's 'warm_fraction', for codes learn in between");
        if (adversaryFrom == 1)
            for (const char *key : {"weight", "maximum", "feature_matching", "learning_rate", "alone_steps",
                                    "ramp_steps", "width", "layers", "act_norm"})
                recipe.expectUnstated(key, "where 'from' is 1, which leaves the adversary out");
        adversaryWeight = recipe.atLeast<double>("weight", 0, 0.8);
        adversaryMaximum = recipe.atLeast<double>("maximum", 0, 100);
        featureWeight = recipe.atLeast<double>("feature_matching", 0, 0);
        adversaryRate = recipe.between<double>("learning_rate", 0, 1, 1e-4);
        aloneSteps = recipe.atLeast<int64_t>("alone_steps", 0, 100);
        rampSteps = recipe.atLeast<int64_t>("ramp_steps", 1, 200);
        discriminator.width = recipe.between<int64_t>("width", 8, 512, 32);
        int64_t most = 1; // each layer halves the side
        while (views.side >> (most + 1) >= kLeastPatches)
            ++most;
        discriminator.layers = recipe.between<int64_t>("layers", 1, most, std::min<int64_t>(3, most));
        discriminator.actNorm = recipe.valueOr<bool>("act_norm", true);
        recipe.finish();
    }
};

class VqganTraining : public StageTraining
{
public:
    VqganTraining(const TrainOptions &options, Recipe &recipe, const VqganSettings &settings)
        : StageTraining(options, recipe, settings)
        , m_own(settings)
        , m_perceptual(settings.perceptual())
        , m_validation(options.data / "val")
    {
        if (m_own.perceptualWeight > 0)
            m_perceptual.to(device(), m_bfloat16 ? at::kBFloat16 : at::kFloat);
        readPictures();
    }

protected:
    Batch batch(uint64_t seed) override
    {
        std::vector<at::Tensor> views;
        for (int64_t i = 0; i < m_own.views.batch; ++i) {
            const View view = m_pictures->randomView(mixedSeed(seed, uint64_t(i)), m_own.views.cut);
            views.push_back(m_pictures->rgb(view, m_own.views.side));
        }
        const at::Tensor x = at::stack(views);
        return {x, x};
    }

    at::Tensor reconstructionLoss(const at::Tensor &output, const at::Tensor &target, Values &values) override
    {
        const at::Tensor pixel = l1Loss(output, target);
        at::Tensor loss = pixel;
        values["l1"] = pixel.item<double>();
        if (m_own.pyramidWeight > 0)
            loss = loss + m_own.pyramidWeight * laplacianPyramidLoss(output, target);
        if (m_own.perceptualWeight > 0 && m_run.step() % m_own.perceptualEvery == 0) {
            const at::Tensor distance = perceptualDistance(output.slice(0, 0, m_own.perceptualViews),
                                                           target.slice(0, 0, m_own.perceptualViews));
            values["perceptual"] = distance.item<double>();
            loss = loss + m_own.perceptualWeight * distance;
        }
        return loss;
    }

    double frozenFrom() const override { return m_own.adversaryFrom; }

    void beginFrozenPhase() override
    {
        readPictures(); // with those that were made meanwhile
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
        Discriminator::create(m_own.discriminator, fresh);
        const StateDict tensors = channelsLastOn(device(), fresh.tensors());
        StateDictSource source(tensors);
        m_discriminator = Discriminator::create(m_own.discriminator, source);
        m_discriminatorOptimizer = std::make_unique<Optimizer>(m_discriminator.parameters(), settings);
        m_waitedSteps = m_decoderSteps = 0;
        m_frozenSince = m_own.adversaryFrom;
    }

    // The discriminator is alone at first: a decoder that went on without its word would lose what texture it has.
    void frozenStep(const Batch &batch, Values &values) override
    {
        const at::Tensor real = batch.input.contiguous(at::MemoryFormat::ChannelsLast);
        const bool alone =
            m_decoderSteps == 0 && m_waitedSteps < m_own.aloneSteps && shareOfFrozenPhase() < kMostWaiting;
        if (!alone && m_decoderSteps == 0)
            m_frozenSince = m_run.learned(); // the decoder's schedule begins with its first step
        const double rate = scheduledRate(m_own.adversaryRate, shareOfFrozenPhase(), m_settings.schedule.warmUp,
                                          m_settings.schedule.lastRate);
        const Judged judged = alone ? judgedWithoutStep(real) : decoderStep(real, rate, values);
        discriminatorStep(judged, rate, values);
        values["rate"] = rate;
        ++(alone ? m_waitedSteps : m_decoderSteps);
    }

    void addState(std::map<std::string, StateDict> &parts) const override
    {
        if (!m_discriminatorOptimizer)
            return;
        parts["discriminator"] = m_discriminator.tensors();
        parts["discriminator_optimizer"] = m_discriminatorOptimizer->state();
        parts["frozen"] = {{"steps", at::scalar_tensor(m_waitedSteps + m_decoderSteps, at::kLong)},
                           {"waited", at::scalar_tensor(m_waitedSteps, at::kLong)},
                           {"since", at::scalar_tensor(m_frozenSince, at::kDouble)}};
    }

    void restoreState(const std::map<std::string, StateDict> &parts) override
    {
        if (!m_discriminatorOptimizer)
            return;
        copyInto(m_discriminator.tensors(), checkpointPart(parts, "discriminator"), "The checkpoint's discriminator");
        m_discriminatorOptimizer->restore(checkpointPart(parts, "discriminator_optimizer"));
        const StateDict &frozen = checkpointPart(parts, "frozen");
        const int64_t steps = frozen.at("steps").item<int64_t>();
        const auto waited = frozen.find("waited"); // absent in older checkpoints
        m_waitedSteps = waited == frozen.end() ? std::min(steps, m_own.aloneSteps) : waited->second.item<int64_t>();
        m_decoderSteps = steps - m_waitedSteps;
        if (const auto since = frozen.find("since"); since != frozen.end()) // absent in older checkpoints
            m_frozenSince = since->second.item<double>();
        // With a larger budget the phase has begun earlier than planned: what is left of it is its schedule.
        m_frozenSince = std::min(m_frozenSince, m_run.learned());
    }

    Values validate(const Autoencoder &model) override
    {
        const auto figures = evaluateReconstruction(model, m_validation, kValidationSide, kValidated);
        writeSheet(m_run.file("samples.png"), figures.shown, 8);
        return {{"psnr", figures.psnr}, {"texture", figures.texture}, {"codes_used", double(figures.codesUsed)}};
    }

    std::string pictures() const override { return m_pictures->origin(); }

    ModelConfig modelConfig() const override
    {
        ModelConfig config;
        config.name = m_settings.name;
        config.firstStage = m_model.config;
        config.imageTokens = {0, m_model.config.codes};
        return config;
    }

private:
    void readPictures()
    {
        const std::filesystem::path folder = m_run.options().data / "train";
        std::error_code ignored;
        const size_t shards = std::filesystem::is_directory(folder, ignored) ? listShards(folder).size() : 0;
        if (m_pictures && shards == m_shards)
            return;
        m_pictures.reset(); // two sets at once may not fit
        m_pictures.emplace(folder);
        m_shards = shards;
        m_pictures->keepColoursOn(device());
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

    double shareOfFrozenPhase() const { return (m_run.learned() - m_frozenSince) / (1 - m_frozenSince); }

    struct Judged {
        DiscriminatorOutput made, real;
    };

    // Through the frozen codes; carries gradients to the decoder.
    at::Tensor reconstructed(const at::Tensor &real) const
    {
        const Autocast autocast(device(), m_bfloat16);
        at::Tensor quantised;
        {
            const c10::NoGradGuard noGradients;
            quantised = m_model.lookup(exactCodes(m_model, m_model.latents(real)));
        }
        return m_model.decodeLatents(quantised).to(at::kFloat);
    }

    Judged judge(const at::Tensor &picture, const at::Tensor &real) const
    {
        const Autocast autocast(device(), m_bfloat16);
        return {m_discriminator.forward(picture, true, true), m_discriminator.forward(real, true, true)};
    }

    Judged judgedWithoutStep(const at::Tensor &real) const
    {
        at::Tensor picture;
        {
            const c10::NoGradGuard noGradients;
            picture = reconstructed(real);
        }
        return judge(picture, real);
    }

    // What is judged is the picture from before the step.
    Judged decoderStep(const at::Tensor &real, double rate, Values &values)
    {
        const at::Tensor output = reconstructed(real);
        // A leaf: each loss goes back as far as the picture once, and all of them together through the decoder.
        const at::Tensor picture = output.detach().requires_grad_(true);
        const Judged judged = judge(picture, real);
        output.backward(pictureGradient(output, picture, real, judged, values));
        values["gradient"] = m_optimizer->step(rate);
        return judged;
    }

    // Of the decoder's loss: to reconstruct and to look real.
    at::Tensor pictureGradient(const at::Tensor &output, const at::Tensor &picture, const at::Tensor &real,
                               const Judged &judged, Values &values)
    {
        const at::Tensor reconstruction = reconstructionLoss(picture, real, values);
        const at::Tensor gradient = lossGradient(reconstruction, picture);
        values["loss"] = reconstruction.item<double>();
        const double ramp = std::min(1.0, double(m_decoderSteps) / double(m_own.rampSteps));
        const at::Tensor adversarial = generatorLoss(judged.made.logits);
        const at::Tensor towardsReal = lossGradient(adversarial, picture);
        const at::Tensor last = m_model.decoder.lastLayer();
        const at::Tensor weight = adaptiveWeight(gradientThrough(output, gradient, last),
                                                 gradientThrough(output, towardsReal, last), m_own.adversaryMaximum);
        values["adversarial"] = adversarial.item<double>();
        values["adaptive_weight"] = weight.item<double>();
        const at::Tensor share = m_own.adversaryWeight * ramp * weight;
        values["loss"] += (share * adversarial).item<double>();
        const at::Tensor together = gradient + share * towardsReal;
        if (m_own.featureWeight == 0)
            return together;
        const at::Tensor matching = featureMatchingLoss(judged.made.features, judged.real.features);
        values["loss"] += m_own.featureWeight * ramp * matching.item<double>();
        return together + m_own.featureWeight * ramp * lossGradient(matching, picture);
    }

    void discriminatorStep(const Judged &judged, double rate, Values &values)
    {
        const at::Tensor loss = discriminatorHingeLoss(judged.real.logits, judged.made.logits);
        loss.backward();
        m_discriminatorOptimizer->step(rate);
        values["discriminator"] = loss.item<double>();
    }

    const VqganSettings m_own;
    Perceptual m_perceptual;
    std::optional<PictureSet> m_pictures;
    size_t m_shards = 0; // that they were read from
    PictureSet m_validation;
    int64_t m_waitedSteps = 0, m_decoderSteps = 0; // of the frozen phase
    double m_frozenSince = 1;                      // as TrainRun::learned(): where the frozen phase' schedule begins
    Discriminator m_discriminator;
    std::unique_ptr<Optimizer> m_discriminatorOptimizer;
};

} // namespace

void trainVqgan(const TrainOptions &options)
{
    Recipe recipe(options.recipe);
    const VqganSettings settings(recipe);
    VqganTraining(options, recipe, settings).train();
}

AutoencoderConfig checkVqgan(Recipe recipe)
{
    const VqganSettings settings(recipe);
    settings.perceptual(); // its file must be there
    return settings.network;
}

} // namespace tessera::models
