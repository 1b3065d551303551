// Trains an autoencoder's codes: un-quantised warm start, k-means codebook, then quantised with restarts of dead codes.
// First stages and condition stages share it and differ in what they see and how they are judged.
#pragma once

#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "models/autoencoder.h"
#include "models/training/codebooktraining.h"
#include "models/training/optimizer.h"
#include "models/training/run.h"

namespace tessera::models
{

// Convolutions run twice as fast when channels come last.
StateDict channelsLastOn(c10::Device device, StateDict tensors);

class StageTraining
{
public:
    // The recipe's `start` names a model to go on from; without it `model` describes the layout and weights are fresh.
    StageTraining(const TrainOptions &options, Recipe &recipe);
    virtual ~StageTraining() = default;
    StageTraining(const StageTraining &) = delete;
    StageTraining &operator=(const StageTraining &) = delete;

    // Blocking, to the end of the budget or a stop. Leaves checkpoint, model and samples.
    void train();

protected:
    struct Batch {
        at::Tensor input;  // float [B, channels, side, side]
        at::Tensor target; // what the loss compares with
    };
    using Values = std::map<std::string, double>;

    virtual Batch batch(uint64_t seed) = 0;
    // Differentiable; `output` is float32 [B, outChannels, side, side].
    virtual at::Tensor reconstructionLoss(const at::Tensor &output, const at::Tensor &target, Values &values) = 0;
    // A step after the codes are frozen; false from `frozen` means there is no such phase.
    virtual bool frozen(double) const { return false; }
    virtual void beginFrozenPhase() {}
    virtual void frozenStep(Values &) {}
    virtual void addState(std::map<std::string, StateDict> &) const {}
    virtual void restoreState(const std::map<std::string, StateDict> &) {}
    // Figures and pictures of the averaged model on data it was not trained on; writes samples.png.
    virtual Values validate(const Autoencoder &model) = 0;
    virtual ModelConfig modelConfig() const = 0;

    StateDict averagedParameters() const;
    c10::Device device() const { return m_run.options().device; }

    TrainRun m_run;
    bool m_bfloat16;
    double m_learningRate, m_warmUp, m_lastRate;
    OptimizerSettings m_optimizerSettings;
    StateDict m_parameters;
    Autoencoder m_model;
    std::unique_ptr<Optimizer> m_optimizer;
    std::string m_phase; // warm, codes, frozen

private:
    void restore();
    void enterPhase();
    void codesStep(Values &values);
    void keep(int64_t nextStep);

    double m_warmFraction, m_restartBelow, m_restartUntil, m_commitment;
    int64_t m_restartEvery;
    CodebookTraining m_codebook;
};

} // namespace tessera::models
