#include "models/training/imagenetfeatures.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "tests/unit/models/fillsource.h"

namespace tessera::models
{

namespace
{

// Golden numbers of the published PyTorch implementation (efficientnet_lite_pytorch 0.1.0), filled by the same rule,
// with normalisations that only add the bias.
TEST(ImagenetFeatures, AreThoseOfThePublishedNetwork)
{
    FillSource source;
    const ImagenetFeatures net = ImagenetFeatures::create(source);
    EXPECT_EQ(net.blocks.size(), 16U);
    const at::Tensor features = net.features(waveInput({1, 3, 64, 64}));
    ASSERT_EQ(features.sizes(), at::IntArrayRef({1, 1280}));
    const auto values = features.accessor<float, 2>();
    EXPECT_NEAR(values[0][0], 0.0361467, 1e-5);
    EXPECT_EQ(values[0][1], 0);
    EXPECT_NEAR(values[0][2], 0.3713170, 1e-5);
    EXPECT_NEAR(values[0][1279], 0.4809332, 1e-5);
    EXPECT_NEAR(features.sum().item<double>(), 180.91919, 1e-2);
}

TEST(ImagenetFeatures, AFileOfOtherTensorsIsRefused)
{
    EXPECT_THROW(ImagenetFeatures::load("/no/such.safetensors"), Error);
    FillSource filled;
    ImagenetFeatures::create(filled);
    filled.tensors["stem.weight"] = at::zeros({32, 1, 3, 3});
    StateDictSource source(filled.tensors);
    ImagenetFeatures::create(source);
    EXPECT_THROW(source.finish(), Error);
}

} // namespace

} // namespace tessera::models
