#include "models/training/discriminator.h"

#include <functional>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "models/training/losses.h"
#include "tests/unit/models/fillsource.h"

namespace tessera::models
{
namespace
{

// Running statistics are not part of the rule: they start as in a fresh network.
class GoldenSource : public FillSource
{
public:
    at::Tensor take(const std::string &name, const std::vector<int64_t> &shape, Init init, int64_t fanIn) override
    {
        if (name.ends_with("running_mean")) {
            return at::zeros(shape);
        }
        return name.ends_with("running_var") ? at::ones(shape) : FillSource::take(name, shape, init, fanIn);
    }
};

DiscriminatorConfig tiny()
{
    return {.inChannels = 3, .width = 8, .layers = 2};
}

double firstOf(const at::Tensor &x)
{
    return x.flatten()[0].item<double>();
}

TEST(Discriminator, AgreesWithOriginal)
{
    GoldenSource source;
    const Discriminator net = Discriminator::create(tiny(), source);
    const at::Tensor x = waveInput({1, 3, 32, 32});

    const at::Tensor eval = net.forward(x, false).logits;
    EXPECT_EQ(eval.sizes(), (std::vector<int64_t>{1, 1, 6, 6}));
    EXPECT_NEAR(eval.sum().item<double>(), -1.535779, 2e-5);
    EXPECT_NEAR(firstOf(eval), -0.044439, 2e-6);

    const at::Tensor train = net.forward(x, true).logits;
    EXPECT_NEAR(train.sum().item<double>(), -1.210458, 2e-5);
    EXPECT_NEAR(firstOf(train), -0.030422, 2e-6);
    EXPECT_NEAR(firstOf(net.stages[1].batchNorm->runningMean), 0.003834197, 1e-7);
    EXPECT_NEAR(firstOf(net.stages[1].batchNorm->runningVar), 0.9003423, 1e-6);
}

TEST(Discriminator, HasTheOriginalsNamesAndSize)
{
    FreshSource source(1);
    const Discriminator net = Discriminator::create({}, source);
    int64_t count = 0;
    for (const auto &[name, tensor] : net.parameters()) {
        count += tensor.numel();
    }
    EXPECT_EQ(count, 2765633);
    const StateDict tensors = net.tensors();
    EXPECT_EQ(tensors.size(), source.tensors().size());
    for (const auto &[name, tensor] : source.tensors()) {
        EXPECT_TRUE(tensors.contains(name)) << name;
    }
    EXPECT_TRUE(tensors.contains("main.9.running_var"));
    EXPECT_TRUE(tensors.contains("main.11.bias"));
    EXPECT_FALSE(tensors.contains("main.8.bias"));
}

TEST(Discriminator, ActNormTakesItsValuesFromTheFirstBatchOnly)
{
    FreshSource source(2);
    DiscriminatorConfig config = tiny();
    config.actNorm = true;
    const Discriminator net = Discriminator::create(config, source);
    EXPECT_TRUE(net.tensors().contains("main.2.bias"));

    const at::Tensor x = waveInput({2, 3, 32, 32});
    net.forward(x, false);
    EXPECT_EQ(net.stages[1].actNorm->initialized.item<double>(), 0);
    net.forward(x, true);
    EXPECT_EQ(net.stages[1].actNorm->initialized.item<double>(), 1);
    const at::Tensor scale = net.stages[1].actNorm->scale.clone();
    EXPECT_GT((scale - 1).abs().max().item<double>(), 0.1);
    net.forward(2 * x, true);
    EXPECT_TRUE(at::equal(scale, net.stages[1].actNorm->scale));
}

// Of the generator's loss through the picture, and of the discriminator's own through its weights.
TEST(Discriminator, GradientsOfTheHingeLossesAreFiniteDifferences)
{
    FreshSource source(4);
    const Discriminator net = Discriminator::create(tiny(), source);
    at::Tensor picture = waveInput({2, 3, 32, 32}), real = picture.flip({2}), weight = net.stages[1].conv.weight;
    const auto slopeAlong = [](at::Tensor x, const at::Tensor &gradient, const std::function<at::Tensor()> &loss) {
        const c10::NoGradGuard noGradients;
        const double step = 1e-3 * x.norm().item<double>();
        const at::Tensor way = gradient / gradient.norm(), middle = x.clone();
        x.copy_(middle + step * way);
        const double above = loss().item<double>();
        x.copy_(middle - step * way);
        const double below = loss().item<double>();
        x.copy_(middle);
        return (above - below) / (2 * step);
    };
    const auto fooling = [&] { return generatorLoss(net.forward(picture, true).logits); };
    const auto telling = [&] {
        return discriminatorHingeLoss(net.forward(real, true).logits, net.forward(picture, true).logits);
    };
    picture.requires_grad_(true);
    fooling().backward();
    const at::Tensor towardsReal = picture.grad();
    picture.requires_grad_(false);
    EXPECT_NEAR(slopeAlong(picture, towardsReal, fooling), towardsReal.norm().item<double>(),
                0.03 * towardsReal.norm().item<double>());

    weight.requires_grad_(true);
    telling().backward();
    const at::Tensor sharper = weight.grad();
    ASSERT_GT(sharper.norm().item<double>(), 0);
    EXPECT_NEAR(slopeAlong(weight, sharper, telling), sharper.norm().item<double>(),
                0.03 * sharper.norm().item<double>());
}

TEST(Discriminator, FeaturesCarryGradientsInBfloat16)
{
    FreshSource source(3);
    const Discriminator net = Discriminator::create(tiny(), source);
    at::Tensor x = waveInput({2, 3, 32, 32});
    x.requires_grad_(true);
    const DiscriminatorOutput output = net.forward(x.to(at::kBFloat16), true, true);
    ASSERT_EQ(output.features.size(), 3U);
    EXPECT_EQ(output.features[0].scalar_type(), at::kBFloat16);
    EXPECT_EQ(output.logits.scalar_type(), at::kFloat);
    output.logits.mean().backward();
    EXPECT_GT(x.grad().abs().sum().item<double>(), 0);

    const at::Tensor exact = net.forward(x, false).logits;
    const at::Tensor rough = net.forward(x.to(at::kBFloat16), false).logits;
    EXPECT_LT((exact - rough).abs().max().item<double>(), 0.02 * exact.abs().max().item<double>() + 1e-3);
}

} // namespace
} // namespace tessera::models
