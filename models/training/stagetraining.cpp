#include "models/training/stagetraining.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/bundle.h"
#include "models/error.h"
#include "models/training/autocast.h"
#include "models/training/modelparts.h"
#include "models/training/pictureset.h"

namespace tessera::models
{

StateDict channelsLastOn(c10::Device device, StateDict tensors)
{
    for (auto &[name, tensor] : tensors) {
        tensor = tensor.to(device);
        if (tensor.dim() == 4)
            tensor = tensor.contiguous(at::MemoryFormat::ChannelsLast);
    }
    return tensors;
}

namespace
{

constexpr int64_t kValidationSide = 256; // pictures that a stage is judged by have so many pixels a side

// The layout that the recipe describes. Its keys are exactly those that count: nothing is asked for in vain.
AutoencoderConfig describedLayout(Recipe &recipe)
{
    const auto node = recipe.value<nlohmann::json>("model");
    Recipe model = recipe.child("model");
    model.allow({"embed_dim", "n_embed"});
    Recipe network = model.child("ddconfig");
    network.allow({"double_z", "in_channels", "out_ch", "ch", "ch_mult", "num_res_blocks", "attn_resolutions",
                   "resolution", "z_channels", "patch_size", "norm_groups", "resamp_with_conv", "give_pre_end",
                   "tanh_out", "use_linear_attn", "attn_type"});
    network.between<double>("dropout", 0, 0, 0); // stages learn without
    network.finish();
    model.finish();
    return ModelConfig::fromJson({{"model", {{"target", "taming.models.vqgan.VQModel"}, {"params", node}}}}).firstStage;
}

AutoencoderConfig layout(Recipe &recipe, const std::string &start)
{
    AutoencoderConfig config = start.empty() ? describedLayout(recipe) : TrainedStage(start, c10::kCPU).config();
    if (config.encoderOnly)
        throw Error(ErrorCode::InvalidArgument,
                    "'" + recipe.path() + ".start' is '" + start + "', which has no decoder to go on with.");
    if (config.remap) // a list of whole numbers among the parameters, which learns nothing
        throw Error(ErrorCode::InvalidArgument, "'" + recipe.path() + ".start' is '" + start + "', which draws "
                                                    + std::to_string(config.drawnCodes()) + " codes from a codebook of "
                                                    + std::to_string(config.codes)
                                                    + "; expected a stage that draws all of them.");
    if (kValidationSide % config.factor() != 0)
        throw Error(ErrorCode::InvalidArgument, "'" + recipe.path() + (start.empty() ? ".model" : ".start") + "' has "
                                                    + std::to_string(config.factor())
                                                    + " pixels per code and side, expected a divisor of "
                                                    + std::to_string(kValidationSide) + ".");
    return config;
}

StateDict firstParameters(const StageSettings &settings, uint64_t seed, c10::Device device)
{
    FreshSource source(seed);
    Autoencoder::create(settings.network, source);
    if (!settings.start.empty())
        copyInto(source.tensors(), partTensors(settings.start, Part::FirstStage), settings.start);
    return channelsLastOn(device, source.tensors());
}

Autoencoder modelOf(const AutoencoderConfig &config, const StateDict &parameters)
{
    StateDictSource source(parameters);
    Autoencoder model = Autoencoder::create(config, source);
    source.finish();
    return model;
}

} // namespace

void takeCheckpoint(const TrainRun &run, const std::function<void()> &take)
{
    try {
        take();
    } catch (const Error &error) {
        if (error.code() != ErrorCode::ModelMismatch)
            throw;
        throw Error(
            ErrorCode::ModelMismatch,
            "'" + run.file("checkpoint.safetensors").string()
                + "' was made by another recipe: its networks are not those of this one; resume it with its own "
                  "recipe, or name another output folder.");
    }
}

StageSettings::StageSettings(Recipe &recipe)
    : name(recipe.valueOr<std::string>("name", ""))
    , start(recipe.valueOr<std::string>("start", ""))
    , precision(readPrecision(recipe))
    , network(layout(recipe, start))
    , schedule(readSchedule(recipe, {2e-4, 0.03, 0.1}))
    , average(readAverage(recipe, 0.999))
{
    readRunKeys(recipe);
    if (start.empty() && network.codes > CodebookTraining::kMostLatents)
        recipe.child("model").refuse("n_embed", "at most the " + std::to_string(CodebookTraining::kMostLatents)
                                                    + " latents that a codebook begins from");
    readQuantiser(recipe.child("quantiser"));
}

void StageSettings::readQuantiser(Recipe quantiser)
{
    if (!start.empty())
        quantiser.expectUnstated("warm_fraction", "where a 'start' brings its codebook");
    warmFraction = quantiser.share("warm_fraction", 0.1);
    restartEvery = quantiser.atLeast<int64_t>("restart_every", 1, 150);
    restartBelow = quantiser.atLeast<double>("restart_below", 0, 0.03);
    restartUntil = quantiser.share("restart_until", 0.6);
    commitment = quantiser.atLeast<double>("commitment", 0, 0.25);
    quantiser.finish();
}

void StageSettings::expectChannels(int64_t channels, const std::string &reads) const
{
    for (const auto &[which, found] : {std::pair{" input", network.inChannels}, {" output", network.outChannels}})
        if (found != channels)
            throw Error(ErrorCode::InvalidArgument, (start.empty() ? "'recipe.model' has " : "'recipe.start' has ")
                                                        + std::to_string(found) + which + " channels, expected "
                                                        + std::to_string(channels) + " for a stage that reads " + reads
                                                        + ".");
}

TrainingViews StageSettings::readViews(Recipe &recipe) const
{
    constexpr int64_t kLeastSide = 32; // losses look at several scales
    return readTrainingViews(recipe.child("views"), network.factor(), std::max(kLeastSide, 2 * network.factor()));
}

StageTraining::StageTraining(const TrainOptions &options, Recipe &recipe, const StageSettings &settings)
    : m_run(options, recipe)
    , m_settings(settings)
    , m_bfloat16(bfloat16Wanted(settings.precision, options.device))
    , m_parameters(firstParameters(settings, m_run.seed(), options.device))
    , m_model(modelOf(settings.network, m_parameters))
    , m_phase(settings.start.empty() ? "warm" : "codes") // a trained codebook needs no warm start
    , m_codebook(m_model.config.codes, m_model.config.embedDim)
{
    m_optimizerSettings.beta2 = 0.99;
    m_optimizerSettings.averageDecay = settings.average;
    m_optimizer = std::make_unique<Optimizer>(m_parameters, m_optimizerSettings);
}

StateDict StageTraining::averagedParameters() const
{
    StateDict result = m_optimizer->averaged();
    for (const auto &[name, tensor] : m_parameters) // a frozen part is in no optimiser
        result.try_emplace(name, tensor.detach());
    return result;
}

void StageTraining::restore()
{
    const auto parts = m_run.load();
    if (parts.empty())
        return;
    takeCheckpoint(m_run, [&] {
        copyInto(m_parameters, checkpointPart(parts, "model"), "The checkpoint");
        m_codebook.restore(checkpointPart(parts, "codebook"));
        m_phase = m_run.loadedPhase();
        if (m_phase == "frozen")
            beginFrozenPhase();
        m_optimizer->restore(checkpointPart(parts, "optimizer"));
        restoreState(parts);
    });
}

void StageTraining::enterPhase(Ahead<Batch> &ahead)
{
    const double fraction = m_run.learned();
    if (m_phase == "warm" && fraction >= m_settings.warmFraction && m_codebook.hasLatents()) {
        m_codebook.initialise(m_model.codebook, m_run.stepSeed());
        m_optimizer->forgetRows("quantize.embedding.weight", at::arange(m_model.config.codes));
        m_phase = "codes";
    }
    if (m_phase == "codes" && frozenFrom() < 1 && fraction >= frozenFrom()) {
        if (m_run.step() > 0)
            save(m_run.step()); // hours may lie behind, and twice the memory is needed from now on
        const StateDict averaged = m_optimizer->averaged();
        copyInto(m_parameters, averaged, "The average");
        m_phase = "frozen";
        ahead.drop();
        beginFrozenPhase();
    }
}

void StageTraining::codesStep(const Batch &batch, Values &values)
{
    at::Tensor latents, output, codeLoss = at::zeros({}, batch.input.options());
    {
        const Autocast autocast(device(), m_bfloat16);
        latents = m_model.latents(batch.input.contiguous(at::MemoryFormat::ChannelsLast)).to(at::kFloat);
        at::Tensor quantised = latents;
        if (m_phase == "warm") {
            m_codebook.remember(latents);
        } else {
            const at::Tensor codes = exactCodes(m_model, latents.detach());
            m_codebook.count(codes);
            const at::Tensor entries = m_model.lookup(codes);
            codeLoss = at::mse_loss(entries, latents.detach())
                       + m_settings.commitment * at::mse_loss(latents, entries.detach());
            quantised = latents + (entries - latents).detach(); // straight through
        }
        output = m_model.decodeLatents(quantised).to(at::kFloat);
    }
    const at::Tensor loss = reconstructionLoss(output, batch.target, values) + codeLoss;
    loss.backward();
    const Schedule &schedule = m_settings.schedule;
    const double share = std::min(1.0, m_run.learned() / frozenFrom());
    const double rate = scheduledRate(schedule.learningRate, share, schedule.warmUp, schedule.lastRate);
    values["gradient"] = m_optimizer->step(rate);
    values["loss"] = loss.item<double>();
    values["rate"] = rate;
    if (m_phase == "warm")
        return;
    values["code_loss"] = codeLoss.item<double>();
    values["perplexity"] = m_codebook.perplexity();
    if (m_run.step() % m_settings.restartEvery == m_settings.restartEvery - 1
        && m_run.learned() < m_settings.restartUntil) {
        const at::Tensor rows =
            m_codebook.restart(m_model.codebook, latents, m_settings.restartBelow, m_run.stepSeed());
        m_optimizer->forgetRows("quantize.embedding.weight", rows);
        values["restarted"] = double(rows.numel());
    }
}

void StageTraining::save(int64_t nextStep)
{
    std::map<std::string, StateDict> parts{
        {"model", m_parameters}, {"optimizer", m_optimizer->state()}, {"codebook", m_codebook.state()}};
    addState(parts);
    m_run.save(parts, m_phase, nextStep);
}

void StageTraining::keep(int64_t nextStep)
{
    save(nextStep);
    if (nextStep > 0 && m_phase != "warm") // else there are random weights, or no codebook
        publish(nextStep);
}

void StageTraining::publish(int64_t steps)
{
    const StateDict averaged = averagedParameters();
    Values figures;
    if (!m_run.options().stop.stop_requested()) { // whoever stops a run does not want to wait for figures
        const c10::NoGradGuard noGradients;
        figures = validate(modelOf(m_model.config, averaged));
        m_run.report(m_phase + " (validation)", figures);
    }
    ModelBundle::write(m_run.file("model.safetensors"), modelConfig(), averaged,
                       m_run.notes(figures, steps, pictures()));
}

StageTraining::Values StageTraining::step(Ahead<Batch> &ahead)
{
    const Batch batch = ahead.take(m_run, [this](uint64_t seed) { return this->batch(seed); });
    Values values;
    if (m_phase == "frozen")
        frozenStep(batch, values);
    else
        codesStep(batch, values);
    return values;
}

void StageTraining::expectCodebook() const
{
    if (m_phase != "warm" || m_run.options().stop.stop_requested())
        return;
    throw Error(ErrorCode::InvalidArgument,
                "The run ended in its warm start, so it has no codes and writes no model: its "
                    + std::to_string(m_run.step()) + " steps gave " + std::to_string(m_codebook.latents())
                    + " latents, expected at least " + std::to_string(m_settings.network.codes)
                    + ", one a code, and a step behind them; its checkpoint is kept in "
                    + m_run.options().output.string() + ": resume it with more minutes or steps.");
}

// Its codes are the likeliest, and learn by a noise that nobody makes here.
void StageTraining::expectQuantiser() const
{
    if (m_model.config.quantizer != QuantizerKind::Nearest && frozenFrom() > 0)
        throw Error(ErrorCode::InvalidArgument,
                    "'recipe.start' is '" + m_settings.start
                        + "', whose Gumbel quantiser is not trained here; expected a stage of nearest codes, or 0 as "
                          "'recipe.adversary.from', which trains a first stage's decoder alone.");
}

void StageTraining::train()
{
    expectQuantiser();
    restore();
    Ahead<Batch> ahead(device(), 1);
    while (m_run.next()) {
        enterPhase(ahead);
        m_run.learn(
            m_phase, [&] { return step(ahead); }, [this](int64_t nextStep) { save(nextStep); });
        if (m_run.checkpointDue())
            keep(m_run.step() + 1);
    }
    keep(m_run.step());
    m_run.expectSteps();
    expectCodebook();
}

} // namespace tessera::models
