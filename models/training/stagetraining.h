// Trains an autoencoder's codes: un-quantised warm start, k-means codebook, then quantised with restarts of dead codes.
// First stages and condition stages share it and differ in what they see and how they are judged.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "models/autoencoder.h"
#include "models/training/ahead.h"
#include "models/training/codebooktraining.h"
#include "models/training/optimizer.h"
#include "models/training/recipeparts.h"
#include "models/training/run.h"

namespace tessera::models
{

// Convolutions run twice as fast when channels come last.
StateDict channelsLastOn(c10::Device device, StateDict tensors);

// Runs what takes a checkpoint's tensors; where they do not fit, the Error (ModelMismatch) says that this file was made
// by another recipe.
void takeCheckpoint(const TrainRun &run, const std::function<void()> &take);

// What a recipe says of every stage's training.
struct StageSettings {
    // `start` names a model to go on from; without it `model` describes the layout and weights are fresh. Misspelt keys
    // of the layout are refused, which published configurations may have. Throws Error: InvalidArgument, and what
    // opening the model throws.
    explicit StageSettings(Recipe &recipe);
    // Throws Error (InvalidArgument) unless so many channels go in and come out.
    void expectChannels(int64_t channels, const std::string &reads) const;
    // The recipe's `views`, of sides that the network codes without rest.
    TrainingViews readViews(Recipe &recipe) const;

    std::string name, start, precision;
    AutoencoderConfig network;
    Schedule schedule;
    double average = 0;
    double warmFraction = 0, restartBelow = 0, restartUntil = 0, commitment = 0; // the quantiser's
    int64_t restartEvery = 1;                                                    // steps

private:
    void readQuantiser(Recipe quantiser);
};

class StageTraining
{
public:
    StageTraining(const TrainOptions &options, Recipe &recipe, const StageSettings &settings);
    virtual ~StageTraining() = default;
    StageTraining(const StageTraining &) = delete;
    StageTraining &operator=(const StageTraining &) = delete;

    // Blocking, to the end of the budget or a stop. Leaves checkpoint, model and samples; no model while there is no
    // codebook, and then, unless it was stopped, throws Error (InvalidArgument); so it does at once for a Gumbel
    // quantiser whose codes would have to learn.
    void train();

protected:
    struct Batch {
        at::Tensor input;  // float [B, channels, side, side]
        at::Tensor target; // what the loss compares with
    };
    using Values = TrainRun::Values;

    // Called beside the steps, too; reads nothing that a step changes, but for what beginFrozenPhase() does.
    virtual Batch batch(uint64_t seed) = 0;
    // Differentiable; `output` is float32 [B, outChannels, side, side].
    virtual at::Tensor reconstructionLoss(const at::Tensor &output, const at::Tensor &target, Values &values) = 0;
    // The share of the run from which the codes are frozen, and what happens then; 1: they never are.
    virtual double frozenFrom() const { return 1; }
    virtual void beginFrozenPhase() {}
    virtual void frozenStep(const Batch &, Values &) {}
    virtual void addState(std::map<std::string, StateDict> &) const {}
    virtual void restoreState(const std::map<std::string, StateDict> &) {}
    // Figures and pictures of the averaged model on data it was not trained on; writes samples.png.
    virtual Values validate(const Autoencoder &model) = 0;
    virtual ModelConfig modelConfig() const = 0;
    virtual std::string pictures() const = 0; // what it learns from, as PictureSet::origin() has it

    StateDict averagedParameters() const;
    c10::Device device() const { return m_run.options().device; }

    TrainRun m_run;
    const StageSettings m_settings;
    const bool m_bfloat16;
    OptimizerSettings m_optimizerSettings;
    StateDict m_parameters;
    Autoencoder m_model;
    std::unique_ptr<Optimizer> m_optimizer;
    std::string m_phase; // warm, codes, frozen

private:
    void restore();
    void enterPhase(Ahead<Batch> &ahead);
    Values step(Ahead<Batch> &ahead);
    void codesStep(const Batch &batch, Values &values);
    void save(int64_t nextStep);
    void keep(int64_t nextStep);
    void publish(int64_t steps);
    void expectQuantiser() const;
    void expectCodebook() const;

    CodebookTraining m_codebook;
};

} // namespace tessera::models
