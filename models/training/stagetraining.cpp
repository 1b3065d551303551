#include "models/training/stagetraining.h"

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

// The layout that the recipe describes, or that of the model the run starts from.
AutoencoderConfig layout(Recipe &recipe)
{
    if (recipe.has("start"))
        return TrainedStage(recipe.value<std::string>("start"), c10::kCPU).config();
    const nlohmann::json model = {{"target", "taming.models.vqgan.VQModel"},
                                  {"params", recipe.value<nlohmann::json>("model")}};
    return ModelConfig::fromJson({{"model", model}}).firstStage;
}

bool bfloat16Wanted(Recipe &recipe, c10::Device device)
{
    const auto word = recipe.valueOr<std::string>("precision", "auto");
    if (word != "auto" && word != "fp32" && word != "bf16")
        throw Error(ErrorCode::InvalidArgument, "'recipe.precision' is '" + word + "', expected auto, fp32 or bf16.");
    return word == "bf16" || (word == "auto" && bfloat16Pays(device));
}

StateDict firstParameters(Recipe &recipe, uint64_t seed, c10::Device device)
{
    FreshSource source(seed);
    Autoencoder::create(layout(recipe), source);
    if (recipe.has("start")) {
        const auto start = recipe.value<std::string>("start");
        copyInto(source.tensors(), partTensors(start, Part::FirstStage), start);
    }
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

StageTraining::StageTraining(const TrainOptions &options, Recipe &recipe)
    : m_run(options, recipe)
    , m_bfloat16(bfloat16Wanted(recipe, options.device))
    , m_learningRate(recipe.atLeast<double>("learning_rate", 0, 2e-4))
    , m_warmUp(recipe.atLeast<double>("warm_up", 1e-6, 0.03))
    , m_lastRate(recipe.atLeast<double>("last_rate", 0, 0.1))
    , m_parameters(firstParameters(recipe, m_run.seed(), options.device))
    , m_model(modelOf(layout(recipe), m_parameters))
    , m_phase(recipe.has("start") ? "codes" : "warm") // a trained codebook needs no warm start
    , m_codebook(m_model.config.codes, m_model.config.embedDim)
{
    Recipe quantiser = recipe.child("quantiser");
    m_warmFraction = quantiser.atLeast<double>("warm_fraction", 0, 0.1);
    m_restartEvery = quantiser.atLeast<int64_t>("restart_every", 1, 150);
    m_restartBelow = quantiser.atLeast<double>("restart_below", 0, 0.03);
    m_restartUntil = quantiser.atLeast<double>("restart_until", 0, 0.6);
    m_commitment = quantiser.atLeast<double>("commitment", 0, 0.25);
    quantiser.finish();
    m_optimizerSettings.beta2 = 0.99;
    m_optimizerSettings.averageDecay = recipe.atLeast<double>("average", 0, 0.999);
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
    copyInto(m_parameters, checkpointPart(parts, "model"), "The checkpoint");
    m_codebook.restore(checkpointPart(parts, "codebook"));
    m_phase = m_run.loadedPhase();
    if (m_phase == "frozen")
        beginFrozenPhase();
    m_optimizer->restore(checkpointPart(parts, "optimizer"));
    restoreState(parts);
}

void StageTraining::enterPhase()
{
    const double fraction = m_run.fraction();
    if (m_phase == "warm" && fraction >= m_warmFraction && m_codebook.hasLatents()) {
        m_codebook.initialise(m_model.codebook, m_run.stepSeed());
        m_phase = "codes";
    }
    if (m_phase == "codes" && frozen(fraction)) {
        const StateDict averaged = m_optimizer->averaged();
        copyInto(m_parameters, averaged, "The average");
        m_phase = "frozen";
        beginFrozenPhase();
    }
}

void StageTraining::codesStep(Values &values)
{
    const Batch batch = this->batch(m_run.stepSeed());
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
            codeLoss = at::mse_loss(entries, latents.detach()) + m_commitment * at::mse_loss(latents, entries.detach());
            quantised = latents + (entries - latents).detach(); // straight through
        }
        output = m_model.decodeLatents(quantised).to(at::kFloat);
    }
    const at::Tensor loss = reconstructionLoss(output, batch.target, values) + codeLoss;
    loss.backward();
    const double rate = scheduledRate(m_learningRate, m_run.fraction(), m_warmUp, m_lastRate);
    values["gradient"] = m_optimizer->step(rate);
    values["loss"] = loss.item<double>();
    values["rate"] = rate;
    if (m_phase == "warm")
        return;
    values["code_loss"] = codeLoss.item<double>();
    values["perplexity"] = m_codebook.perplexity();
    if (m_run.step() % m_restartEvery == m_restartEvery - 1 && m_run.fraction() < m_restartUntil) {
        const at::Tensor rows = m_codebook.restart(m_model.codebook, latents, m_restartBelow, m_run.stepSeed());
        m_optimizer->forgetRows("quantize.embedding.weight", rows);
        values["restarted"] = double(rows.numel());
    }
}

void StageTraining::keep(int64_t nextStep)
{
    std::map<std::string, StateDict> parts{
        {"model", m_parameters}, {"optimizer", m_optimizer->state()}, {"codebook", m_codebook.state()}};
    addState(parts);
    m_run.save(parts, m_phase, nextStep);
    const StateDict averaged = averagedParameters();
    Values figures;
    if (!m_run.options().stop.stop_requested()) { // whoever stops a run does not want to wait for figures
        const c10::NoGradGuard noGradients;
        figures = validate(modelOf(m_model.config, averaged));
        m_run.report(m_phase + " (validation)", figures);
    }
    std::map<std::string, std::string> notes;
    for (const auto &[name, value] : figures)
        notes[name] = std::to_string(value);
    ModelBundle::write(m_run.file("model.safetensors"), modelConfig(), averaged, notes);
}

void StageTraining::train()
{
    restore();
    while (m_run.next()) {
        enterPhase();
        Values values;
        if (m_phase == "frozen")
            frozenStep(values);
        else
            codesStep(values);
        m_run.report(m_phase, values);
        if (m_run.checkpointDue())
            keep(m_run.step() + 1);
    }
    keep(m_run.step());
}

} // namespace tessera::models
