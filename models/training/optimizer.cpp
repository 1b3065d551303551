#include "models/training/optimizer.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/error.h"

namespace tessera::models
{

Optimizer::Optimizer(const StateDict &parameters, const OptimizerSettings &settings,
                     const std::vector<std::string> &decayed)
    : m_settings(settings)
    , m_groups(2)
{
    m_groups[1].weightDecay = settings.weightDecay;
    for (const auto &[name, tensor] : parameters) {
        Group &group = m_groups[std::ranges::find(decayed, name) != decayed.end() ? 1 : 0];
        group.names.push_back(name);
        group.parameters.push_back(tensor.requires_grad_(true));
        group.m.push_back(at::zeros_like(tensor.detach()));
        group.v.push_back(at::zeros_like(tensor.detach()));
        if (settings.averageDecay > 0)
            group.average.push_back(tensor.detach().clone());
    }
}

double Optimizer::step(double learningRate)
{
    const c10::NoGradGuard noGradients;
    const double norm = gradientNorm();
    if (std::isfinite(norm)) {
        ++m_steps;
        const double scale = m_settings.clip > 0 ? std::min(1.0, m_settings.clip / (norm + 1e-6)) : 1.0;
        for (Group &group : m_groups) {
            update(group, scale, learningRate);
            updateAverage(group);
        }
    }
    dropGradients();
    return norm;
}

double Optimizer::gradientNorm() const
{
    std::vector<at::Tensor> norms; // fetched together: each fetch from a GPU waits for it
    for (const Group &group : m_groups)
        for (const at::Tensor &parameter : group.parameters)
            if (parameter.grad().defined())
                norms.push_back(parameter.grad().norm());
    return norms.empty() ? 0 : std::sqrt(at::stack(norms).to(at::kDouble).square().sum().item<double>());
}

// theta -= rate (m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + decay theta)
// for all parameters that have a gradient, in calls that take a list: on a GPU each is one kernel for many tensors.
void Optimizer::update(Group &group, double gradientScale, double learningRate)
{
    const double beta1 = m_settings.beta1, beta2 = m_settings.beta2, t = double(m_steps);
    std::vector<at::Tensor> parameters, gradients, m, v;
    for (size_t i = 0; i < group.parameters.size(); ++i) {
        if (!group.parameters[i].grad().defined())
            continue;
        parameters.push_back(group.parameters[i]);
        gradients.push_back(group.parameters[i].grad());
        m.push_back(group.m[i]);
        v.push_back(group.v[i]);
    }
    if (parameters.empty())
        return;
    if (gradientScale != 1)
        gradients = at::_foreach_mul(gradients, gradientScale);
    at::_foreach_mul_(m, beta1);
    at::_foreach_add_(m, gradients, 1 - beta1);
    at::_foreach_mul_(v, beta2);
    at::_foreach_addcmul_(v, gradients, gradients, 1 - beta2);
    std::vector<at::Tensor> roots = at::_foreach_div(v, 1 - std::pow(beta2, t));
    at::_foreach_sqrt_(roots);
    at::_foreach_add_(roots, 1e-8);
    if (group.weightDecay > 0)
        at::_foreach_mul_(parameters, 1 - learningRate * group.weightDecay);
    at::_foreach_addcdiv_(parameters, m, roots, -learningRate / (1 - std::pow(beta1, t)));
}

void Optimizer::updateAverage(Group &group)
{
    // Early averages would otherwise remember the random start for a long time.
    const double decay = std::min(m_settings.averageDecay, (1.0 + double(m_steps)) / (10.0 + double(m_steps)));
    if (!group.average.empty())
        at::_foreach_lerp_(group.average, group.parameters, 1 - decay);
}

void Optimizer::dropGradients()
{
    for (Group &group : m_groups)
        for (at::Tensor &parameter : group.parameters)
            parameter.mutable_grad() = at::Tensor();
}

void Optimizer::forgetRows(const std::string &name, const at::Tensor &rows)
{
    for (Group &group : m_groups) {
        const auto found = std::ranges::find(group.names, name);
        if (found == group.names.end())
            continue;
        const auto i = size_t(found - group.names.begin());
        const at::Tensor there = rows.to(group.m[i].device());
        group.m[i].index_fill_(0, there, 0);
        group.v[i].index_fill_(0, there, 0);
        if (!group.average.empty())
            group.average[i].index_copy_(0, there, group.parameters[i].detach().index_select(0, there));
    }
}

StateDict Optimizer::averaged() const
{
    StateDict result;
    for (const Group &group : m_groups)
        for (size_t i = 0; i < group.names.size(); ++i)
            result[group.names[i]] = group.average.empty() ? group.parameters[i].detach() : group.average[i];
    return result;
}

StateDict Optimizer::state() const
{
    StateDict result{{"steps", at::scalar_tensor(m_steps, at::kLong)}};
    for (const Group &group : m_groups) {
        for (size_t i = 0; i < group.names.size(); ++i) {
            result["m." + group.names[i]] = group.m[i];
            result["v." + group.names[i]] = group.v[i];
            if (!group.average.empty())
                result["average." + group.names[i]] = group.average[i];
        }
    }
    return result;
}

void Optimizer::restore(const StateDict &state)
{
    const c10::NoGradGuard noGradients;
    StateDictSource source(state, "", "The checkpoint");
    std::vector<std::pair<at::Tensor, at::Tensor>> copies;
    const auto plan = [&](const std::string &name, const at::Tensor &target) {
        copies.emplace_back(target, source.take(name, target.sizes().vec(), Init::Zero));
    };
    for (Group &group : m_groups) {
        for (size_t i = 0; i < group.names.size(); ++i) {
            plan("m." + group.names[i], group.m[i]);
            plan("v." + group.names[i], group.v[i]);
            if (!group.average.empty())
                plan("average." + group.names[i], group.average[i]);
        }
    }
    const at::Tensor steps = source.take("steps", {}, Init::Zero);
    source.finish();
    for (auto &[target, value] : copies)
        target.copy_(value);
    m_steps = steps.item<int64_t>();
}

} // namespace tessera::models
