#include "models/autoencoder.h"

#include <stop_token>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "fillsource.h"
#include "models/blocks.h"

namespace tessera::models
{

namespace
{

AutoencoderConfig tinyConfig()
{
    AutoencoderConfig config;
    config.width = 32;
    config.multipliers = {1, 2};
    config.resBlocks = 1;
    config.attentionResolutions = {8};
    config.resolution = 16;
    config.zChannels = 8;
    config.embedDim = 6;
    config.codes = 12;
    return config;
}

void expectFirst(const at::Tensor &tensor, std::vector<double> expected, double tolerance = 2e-4)
{
    const at::Tensor flat = tensor.reshape({-1});
    for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(flat[int64_t(i)].item<double>(), expected[i], tolerance) << "value " << i;
}

class GoldenAutoencoder : public testing::Test
{
protected:
    FillSource source;
    Autoencoder model = Autoencoder::create(tinyConfig(), source);
    at::Tensor input = waveInput({1, 3, 16, 16});
};

TEST_F(GoldenAutoencoder, HasTheOriginalsTensors)
{
    EXPECT_EQ(source.tensors.size(), 155U);
    int64_t parameters = 0;
    for (const auto &[name, tensor] : source.tensors)
        parameters += tensor.numel();
    EXPECT_EQ(parameters, 711'073);
    EXPECT_NEAR(source.tensors["encoder.conv_in.weight"].sum().item<double>(), 0.078936, 1e-4);
    expectFirst(source.tensors["encoder.conv_in.weight"], {0.116939, -0.009027, -0.130747}, 1e-6);
    expectFirst(model.codebook, {-0.162492, -0.428905, -0.493598}, 1e-6);
}

TEST_F(GoldenAutoencoder, EncodesAsTheOriginal)
{
    const at::Tensor encoded = model.encoder.forward(input);
    EXPECT_NEAR(encoded.sum().item<double>(), -3.982326, 2e-2);
    EXPECT_NEAR(encoded.abs().sum().item<double>(), 453.452336, 2e-2);
    expectFirst(encoded, {0.483855, 0.358277, 0.382070});

    const at::Tensor latents = model.latents(input);
    EXPECT_NEAR(latents.sum().item<double>(), 23.573256, 2e-2);
    EXPECT_NEAR(latents.abs().sum().item<double>(), 341.399850, 2e-2);
    expectFirst(latents, {1.103774, 1.579357});

    const std::vector<int64_t> expected{4,  1, 1, 1, 1, 1, 1, 1, 9, 9, 9, 9,  9, 9, 9, 9, 1, 1,  1, 11, 11, 11,
                                        11, 2, 9, 9, 9, 9, 9, 9, 9, 9, 1, 1,  1, 1, 1, 1, 1, 11, 9, 9,  9,  9,
                                        9,  9, 0, 0, 7, 1, 1, 1, 1, 1, 1, 11, 2, 2, 2, 2, 2, 2,  2, 2};
    const at::Tensor codes = model.nearestCodes(latents).reshape({-1});
    EXPECT_EQ(std::vector<int64_t>(codes.data_ptr<int64_t>(), codes.data_ptr<int64_t>() + codes.numel()), expected);

    const double mse = (model.lookup(model.nearestCodes(latents)) - latents).square().mean().item<double>();
    EXPECT_NEAR(1.25 * mse, 0.724021, 1e-4);
}

TEST_F(GoldenAutoencoder, DecodesAsTheOriginal)
{
    const at::Tensor picture = model.decode(model.encode(input));
    EXPECT_NEAR(picture.sum().item<double>(), -35.533338, 2e-2);
    EXPECT_NEAR(picture.abs().sum().item<double>(), 443.703255, 2e-2);
    expectFirst(picture, {-0.013486, -0.005160, -0.006617});
    expectFirst(picture.reshape({-1}).slice(0, -3), {-4.145010, -3.661709, -2.452901});

    const at::Tensor other = model.decode(at::arange(64, at::kLong).remainder(12).reshape({1, 8, 8}));
    EXPECT_NEAR(other.sum().item<double>(), -29.019778, 2e-2);
    EXPECT_NEAR(other.abs().sum().item<double>(), 522.106980, 2e-2);
    expectFirst(other, {-0.000539, 0.001283, 0.004928});
}

TEST_F(GoldenAutoencoder, StopsBetweenBlocks)
{
    std::stop_source stop;
    const at::Tensor codes = model.encode(input, stop.get_token());
    ASSERT_TRUE(codes.defined());
    EXPECT_TRUE(model.decodeLatents(model.lookup(codes), stop.get_token()).equal(model.decode(codes)));
    stop.request_stop();
    EXPECT_FALSE(model.encode(input, stop.get_token()).defined());
    EXPECT_FALSE(model.decodeLatents(model.lookup(codes), stop.get_token()).defined());
}

// A bias that dwarfs what it is added to must not drown it, in whichever layout the picture comes.
TEST_F(GoldenAutoencoder, LayoutDoesNotChangeLatents)
{
    model.encoder.convIn.bias = model.encoder.convIn.bias + 30;
    const at::Tensor large = waveInput({1, 3, 64, 64}), expected = model.latents(large);
    const at::Tensor latents = model.latents(large.contiguous(at::MemoryFormat::ChannelsLast));
    EXPECT_LT((latents - expected).abs().max().item<double>(), 1e-3);
}

TEST_F(GoldenAutoencoder, RoundsOddSizesDown)
{
    const at::Tensor encoded = model.encoder.forward(waveInput({1, 3, 17, 19}));
    EXPECT_EQ(encoded.sizes(), (std::vector<int64_t>{1, 8, 8, 9}));
    EXPECT_NEAR(encoded.sum().item<double>(), 3.592907, 2e-2);
    EXPECT_NEAR(encoded.abs().sum().item<double>(), 458.781932, 2e-2);
}

TEST(AutoencoderLayout, DepthGoesToSpaceAsLibTorchHasIt)
{
    const at::Tensor x = at::arange(2 * 18 * 2 * 5, at::kFloat).reshape({2, 18, 2, 5});
    EXPECT_TRUE(at::equal(depthToSpace(x, 3), at::pixel_shuffle(x, 3)));
    const at::Tensor last = x.contiguous(at::MemoryFormat::ChannelsLast);
    EXPECT_TRUE(at::equal(depthToSpace(last, 3), at::pixel_shuffle(x, 3)));
    EXPECT_TRUE(depthToSpace(last, 3).is_contiguous(at::MemoryFormat::ChannelsLast)); // convolutions go on as before
}

TEST(AutoencoderLayout, MatchesThePublishedModels)
{
    struct Published {
        int64_t channels, codes, parameters;
    };
    for (const auto &[channels, codes, parameters] : {Published{3, 1024, 72'141'699},
                                                      {3, 4096, 72'928'131},
                                                      {3, 8192, 73'976'707},
                                                      {3, 16384, 76'073'859},
                                                      {1, 1024, 72'137'089},
                                                      {182, 1024, 72'554'294},
                                                      {151, 1024, 72'482'839},
                                                      {183, 1024, 72'556'599}}) {
        AutoencoderConfig config;
        config.inChannels = config.outChannels = channels;
        config.codes = codes;
        ShapeSource source;
        Autoencoder::create(config, source);
        EXPECT_EQ(source.shapes.size(), 343U);
        EXPECT_EQ(source.parameters(), parameters) << channels << " channels, " << codes << " codes";
        EXPECT_EQ(config.factor(), 16);
    }
}

TEST(AutoencoderLayout, TheGumbelModelIsThePublished)
{
    AutoencoderConfig config;
    config.multipliers = {1, 1, 2, 4};
    config.attentionResolutions = {32};
    config.codes = 8192;
    config.quantizer = QuantizerKind::Gumbel;
    ShapeSource source;
    Autoencoder::create(config, source);
    EXPECT_EQ(source.shapes.size(), 301U);
    EXPECT_EQ(source.parameters(), 68'995'971);
    EXPECT_EQ(source.shapes["quantize.proj.weight"], (std::vector<int64_t>{8192, 256, 1, 1}));
    EXPECT_EQ(source.shapes["quantize.embed.weight"], (std::vector<int64_t>{8192, 256}));
    EXPECT_EQ(config.factor(), 8);
}

TEST(AutoencoderGumbel, TakesTheLikeliestCodeEveryTime)
{
    AutoencoderConfig config;
    config.width = 32;
    config.multipliers = {1, 2};
    config.resBlocks = 1;
    config.attentionResolutions = {};
    config.resolution = 16;
    config.zChannels = config.embedDim = 6;
    config.codes = 12;
    config.quantizer = QuantizerKind::Gumbel;
    FillSource source;
    const Autoencoder model = Autoencoder::create(config, source);
    const at::Tensor latents = model.latents(waveInput({1, 3, 16, 16}));
    const at::Tensor codes = model.nearestCodes(latents);
    EXPECT_EQ(codes.sizes(), (std::vector<int64_t>{1, 8, 8}));
    EXPECT_TRUE(at::equal(codes, model.nearestCodes(latents)));
    const at::Tensor weight = source.tensors.at("quantize.proj.weight").reshape({12, 6});
    const at::Tensor place = latents.select(2, 3).select(2, 5).reshape({6});
    const at::Tensor logits = at::mv(weight, place) + source.tensors.at("quantize.proj.bias");
    EXPECT_EQ(codes[0][3][5].item<int64_t>(), logits.argmax().item<int64_t>());
    EXPECT_EQ(model.decode(codes).sizes(), (std::vector<int64_t>{1, 3, 16, 16}));
}

TEST(AutoencoderLayout, NamesAndShapesOfTheF16Model)
{
    ShapeSource source;
    Autoencoder::create({}, source);
    using Shape = std::vector<int64_t>;
    EXPECT_EQ(source.parameters("encoder."), 29'298'176);
    EXPECT_EQ(source.parameters("decoder."), 42'449'795);
    EXPECT_EQ(source.shapes["encoder.conv_in.weight"], (Shape{128, 3, 3, 3}));
    EXPECT_EQ(source.shapes["encoder.down.2.block.0.nin_shortcut.weight"], (Shape{256, 128, 1, 1}));
    EXPECT_EQ(source.shapes["encoder.down.4.attn.1.proj_out.weight"], (Shape{512, 512, 1, 1}));
    EXPECT_EQ(source.shapes["encoder.down.3.downsample.conv.weight"], (Shape{256, 256, 3, 3}));
    EXPECT_FALSE(source.shapes.contains("encoder.down.4.downsample.conv.weight"));
    EXPECT_EQ(source.shapes["decoder.up.3.block.0.nin_shortcut.weight"], (Shape{256, 512, 1, 1}));
    EXPECT_EQ(source.shapes["decoder.up.4.attn.2.q.bias"], (Shape{512}));
    EXPECT_FALSE(source.shapes.contains("decoder.up.0.upsample.conv.weight"));
    EXPECT_EQ(source.shapes["quantize.embedding.weight"], (Shape{1024, 256}));
    EXPECT_EQ(source.shapes["post_quant_conv.weight"], (Shape{256, 256, 1, 1}));
}

TEST(AutoencoderPatch, StemKeepsTheFactorAndTheSize)
{
    AutoencoderConfig config = tinyConfig();
    config.patch = 4;
    config.resolution = 32;
    FreshSource source(1);
    const Autoencoder model = Autoencoder::create(config, source);
    EXPECT_EQ(config.factor(), 8);
    const at::Tensor codes = model.encode(waveInput({2, 3, 32, 48}));
    EXPECT_EQ(codes.sizes(), (std::vector<int64_t>{2, 4, 6}));
    EXPECT_EQ(model.decode(codes).sizes(), (std::vector<int64_t>{2, 3, 32, 48}));
}

TEST(AutoencoderQuantiser, TiesTakeTheLowestCode)
{
    FreshSource source(1);
    Autoencoder model = Autoencoder::create(tinyConfig(), source);
    model.codebook = at::zeros({12, 6});
    EXPECT_EQ(model.nearestCodes(at::randn({1, 6, 3, 3})).sum().item<int64_t>(), 0);
}

TEST(AutoencoderQuantiser, DrawnVectorsAreThoseThatCodesAreDecodedAs)
{
    AutoencoderConfig config = tinyConfig();
    FillSource source;
    Autoencoder stage = Autoencoder::create(config, source);
    EXPECT_TRUE(at::equal(stage.drawnVectors(), stage.codebook));
    stage.config.remap = RemapConfig{3, 3}; // the fourth is decoded as the first
    stage.used = at::tensor({7, 2, 11}, at::kLong);
    const at::Tensor codes = at::arange(4, at::kLong).reshape({1, 1, 4});
    EXPECT_TRUE(at::equal(stage.drawnVectors(), stage.lookup(codes).permute({0, 2, 3, 1}).reshape({4, -1})));
    EXPECT_TRUE(at::equal(stage.drawnVectors()[3], stage.codebook[7]));
}

TEST(Convolutions, WithPaddedChannelsAreTheSame)
{
    const Conv layer{at::randn({3, 12, 3, 3}), at::randn({3})};
    const at::Tensor x = at::randn({2, 12, 9, 7}).contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor expected = convolved(layer, x, 1), found = paddedConvolution(layer, x, 1);
    EXPECT_EQ(found.sizes(), expected.sizes());
    EXPECT_TRUE(at::allclose(found, expected, 1e-5, 1e-5));
    const Conv plain{at::randn({16, 8, 1, 1}), {}};
    EXPECT_TRUE(
        at::allclose(paddedConvolution(plain, x.slice(1, 0, 8), 0), convolved(plain, x.slice(1, 0, 8), 0), 1e-5, 1e-5));
}

} // namespace

} // namespace tessera::models
