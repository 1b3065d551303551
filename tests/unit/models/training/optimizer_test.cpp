#include "models/training/optimizer.h"

#include <cmath>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "models/error.h"

namespace tessera::models
{

namespace
{

// AdamW of one number, step by step, as the paper writes it.
struct PlainAdam {
    double value, m = 0, v = 0;
    int t = 0;

    void step(double gradient, double rate, const OptimizerSettings &settings, double decay)
    {
        ++t;
        m = settings.beta1 * m + (1 - settings.beta1) * gradient;
        v = settings.beta2 * v + (1 - settings.beta2) * gradient * gradient;
        const double mHat = m / (1 - std::pow(settings.beta1, t)), vHat = v / (1 - std::pow(settings.beta2, t));
        value -= rate * (mHat / (std::sqrt(vHat) + 1e-8) + decay * value);
    }
};

// loss = sum w^2, so the gradient is 2 w.
void backward(const StateDict &parameters)
{
    at::Tensor loss = at::zeros({});
    for (const auto &[name, tensor] : parameters)
        loss = loss + tensor.square().sum();
    loss.backward();
}

TEST(Optimizer, FollowsThePaper)
{
    OptimizerSettings settings;
    settings.weightDecay = 0.1;
    settings.clip = 0;
    StateDict parameters{{"decayed", at::full({1}, 1.5)}, {"plain", at::full({1}, -2.0)}};
    Optimizer optimizer(parameters, settings, {"decayed"});
    PlainAdam decayed{1.5}, plain{-2.0};
    for (int step = 0; step < 20; ++step) {
        backward(parameters);
        decayed.step(2 * decayed.value, 0.05, settings, 0.1);
        plain.step(2 * plain.value, 0.05, settings, 0);
        optimizer.step(0.05);
        EXPECT_NEAR(parameters["decayed"].item<double>(), decayed.value, 1e-5) << "step " << step;
        EXPECT_NEAR(parameters["plain"].item<double>(), plain.value, 1e-5) << "step " << step;
    }
}

TEST(Optimizer, ClipsTheNormOfAllGradientsTogether)
{
    OptimizerSettings settings;
    settings.clip = 1;
    settings.beta1 = 0; // then m is the clipped gradient itself
    StateDict parameters{{"a", at::full({1}, 1.5)}, {"b", at::full({1}, 2.0)}};
    Optimizer optimizer(parameters, settings);
    backward(parameters);
    EXPECT_NEAR(optimizer.step(0.0), 5.0, 1e-5); // gradients 3 and 4
    EXPECT_NEAR(optimizer.state().at("m.a").item<double>(), 0.6, 1e-5);
    EXPECT_NEAR(optimizer.state().at("m.b").item<double>(), 0.8, 1e-5);
}

TEST(Optimizer, GradientThatIsNotANumberChangesNothing)
{
    StateDict parameters{{"a", at::full({1}, 1.5)}};
    Optimizer optimizer(parameters, {});
    (parameters["a"] * at::full({1}, NAN)).sum().backward();
    EXPECT_FALSE(std::isfinite(optimizer.step(0.1)));
    EXPECT_EQ(parameters["a"].item<double>(), 1.5);
}

TEST(Optimizer, GoesOnFromItsState)
{
    OptimizerSettings settings;
    settings.averageDecay = 0.9;
    StateDict one{{"w", at::randn({4, 3})}};
    StateDict other{{"w", one["w"].clone()}};
    Optimizer whole(one, settings), first(other, settings);
    for (int step = 0; step < 6; ++step) {
        backward(one);
        whole.step(0.01);
    }
    for (int step = 0; step < 3; ++step) {
        backward(other);
        first.step(0.01);
    }
    StateDict continued{{"w", other["w"].detach().clone()}};
    Optimizer second(continued, settings);
    second.restore(first.state());
    for (int step = 0; step < 3; ++step) {
        backward(continued);
        second.step(0.01);
    }
    EXPECT_TRUE(at::equal(one["w"], continued["w"]));
    EXPECT_TRUE(at::equal(whole.averaged().at("w"), second.averaged().at("w")));
    EXPECT_THROW(second.restore({{"steps", at::scalar_tensor(1, at::kLong)}}), Error);
}

TEST(Optimizer, ForgetsRows)
{
    StateDict parameters{{"w", at::randn({3, 2})}};
    Optimizer optimizer(parameters, {});
    backward(parameters);
    optimizer.step(0.01);
    optimizer.forgetRows("w", at::tensor({1}, at::kLong));
    const at::Tensor moments = optimizer.state().at("m.w").abs().sum(1);
    EXPECT_GT(moments[0].item<double>(), 0);
    EXPECT_EQ(moments[1].item<double>(), 0);
}

} // namespace

} // namespace tessera::models
