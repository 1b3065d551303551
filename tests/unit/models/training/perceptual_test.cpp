#include "models/training/perceptual.h"

#include <filesystem>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "models/safetensors.h"
#include "tests/unit/models/fillsource.h"
#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{
namespace
{

at::Tensor perChannel(std::vector<double> values)
{
    return at::tensor(values, at::kFloat).view({1, 3, 1, 1});
}

Perceptual golden()
{
    FillSource source;
    Perceptual net = Perceptual::create(source);
    net.shift = perChannel({-.030, -.088, -.188});
    net.scale = perChannel({.458, .448, .450});
    return net;
}

// With weights that make a distance, as published ones do: none is below 0.
Perceptual metric()
{
    Perceptual net = golden();
    for (at::Tensor &weights : net.channelWeights) {
        weights = weights.abs();
    }
    net.usedBlocks = 3;
    return net;
}

TEST(Perceptual, AgreesWithOriginal)
{
    const Perceptual net = golden();
    const at::Tensor x = waveInput({1, 3, 32, 32});
    const std::vector<at::Tensor> taps = net.taps(x);
    const std::vector<double> sums{148917.61, 181202.62, 2705086.3, 2902167.9, 1542049.2};
    ASSERT_EQ(taps.size(), sums.size());
    for (size_t i = 0; i < sums.size(); ++i) {
        EXPECT_NEAR(taps[i].to(at::kDouble).sum().item<double>(), sums[i], 2e-5 * sums[i]) << "tap " << i;
    }
    const at::Tensor distance = net.distance(taps, net.taps(x.flip(3)));
    EXPECT_NEAR(distance.item<double>(), -0.00465607, 2e-7);
}

TEST(Perceptual, Bfloat16IsCloseAndCarriesGradients)
{
    Perceptual net = metric();
    at::Tensor x = waveInput({2, 3, 32, 32});
    const at::Tensor target = x.flip(3);
    const at::Tensor exact = net.distance(net.taps(x), net.taps(target));
    net.to(at::kCPU, at::kBFloat16);
    x.requires_grad_(true);
    const at::Tensor rough = net.distance(net.taps(x), net.taps(target));
    EXPECT_EQ(rough.sizes(), (std::vector<int64_t>{2}));
    EXPECT_TRUE(at::allclose(exact, rough.detach(), 0.05));
    rough.mean().backward();
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
    EXPECT_GT(x.grad().abs().sum().item<double>(), 0);
}

TEST(Perceptual, GradientIsThatOfFiniteDifferences)
{
    const Perceptual net = metric();
    at::Tensor x = waveInput({1, 3, 24, 24});
    const at::Tensor target = x.flip(3);
    const auto distance = [&](const at::Tensor &picture) {
        return net.distance(net.taps(picture), net.taps(target)).sum();
    };
    x.requires_grad_(true);
    distance(x).backward();
    const at::Tensor gradient = x.grad(), wave = waveInput({1, 3, 24, 24}).square();
    constexpr double kStep = 0.02;
    for (const at::Tensor &way : {gradient / gradient.norm(), wave / wave.norm()}) {
        const at::Tensor middle = x.detach();
        const double slope =
            (distance(middle + kStep * way) - distance(middle - kStep * way)).item<double>() / (2 * kStep);
        EXPECT_NEAR((gradient * way).sum().item<double>(), slope, 0.02 * gradient.norm().item<double>());
    }
}

TEST(Perceptual, EqualPicturesHaveNoDistanceAndFiniteGradients)
{
    const Perceptual net = golden();
    at::Tensor x = at::zeros({1, 1, 32, 32}).requires_grad_(true);
    const at::Tensor distance = net.distance(net.taps(x), net.taps(x.detach()));
    EXPECT_EQ(distance.item<double>(), 0);
    distance.sum().backward();
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
}

using PerceptualFile = TemporaryFolderTest;

TEST_F(PerceptualFile, IsToldWhatItLacks)
{
    const std::filesystem::path path = folder / "net.safetensors";
    writeSafetensors(path, {{"scaling_layer.shift", at::zeros({1, 3, 1, 1})}}, {});
    try {
        Perceptual::load(path);
        FAIL() << "a file without weights was read";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::ModelMismatch);
        EXPECT_NE(std::string(error.what()).find("scaling_layer.scale"), std::string::npos) << error.what();
    }
    EXPECT_THROW(Perceptual::load(path, 6), Error);
}

} // namespace
} // namespace tessera::models
