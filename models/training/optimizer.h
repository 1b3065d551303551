// AdamW (Loshchilov and Hutter 2019) over named tensors, with gradient clipping and an exponential moving average of
// the weights. State is named tensors, too, so that a checkpoint is one state dict.
#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/parameters.h"

namespace tessera::models
{

struct OptimizerSettings {
    double beta1 = 0.9;
    double beta2 = 0.99;
    double weightDecay = 0;  // on `decayed` tensors alone
    double clip = 1.0;       // largest norm of all gradients together; 0: no clipping
    double averageDecay = 0; // of the moving average; 0: none is kept
};

class Optimizer
{
public:
    // Trains the tensors of `parameters` in place (requires_grad is switched on). `decayed`: those with weight decay.
    Optimizer(const StateDict &parameters, const OptimizerSettings &settings,
              const std::vector<std::string> &decayed = {});

    // One step with the gradients that backward() left, which are then dropped. Returns the gradients' norm before
    // clipping; a norm that is not finite skips the step.
    double step(double learningRate);
    void dropGradients();

    // Moments of some rows of one tensor back to zero: for codes that were given a new place.
    void forgetRows(const std::string &name, const at::Tensor &rows);

    // The averaged weights, or the plain ones when no average is kept.
    StateDict averaged() const;

    // Everything beside the parameters: "m.<name>", "v.<name>", "average.<name>", "steps".
    StateDict state() const;
    // Throws Error (ModelMismatch) naming what is missing or misshapen.
    void restore(const StateDict &state);

private:
    struct Group {
        std::vector<std::string> names;
        std::vector<at::Tensor> parameters, m, v, average;
        double weightDecay = 0;
    };
    double gradientNorm() const;
    void update(Group &group, double gradientScale, double learningRate);
    void updateAverage(Group &group);

    OptimizerSettings m_settings;
    std::vector<Group> m_groups; // without and with weight decay
    int64_t m_steps = 0;
};

} // namespace tessera::models
