// A GPU gives the logits, codes and pictures of the CPU.
#include <cmath>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "core/sampling/sampler.h"
#include "models/autoencoder.h"
#include "models/parameters.h"
#include "models/transformer.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

const c10::Device kCpu(at::kCPU), kGpu(at::kCUDA, 0);

class Gpu : public testing::Test
{
protected:
    void SetUp() override
    {
        if (at::getNumGPUs() == 0)
            GTEST_SKIP() << "there is no GPU";
        at::globalContext().setAllowTF32CuDNN(false); // as ModelBundle::open does
        at::globalContext().setAllowTF32CuBLAS(false);
    }

private:
    c10::InferenceMode m_inference;
};

// Weights loud enough that distributions are far from flat.
models::StateDict loud(const models::StateDict &fresh, double factor)
{
    models::StateDict tensors;
    for (const auto &[name, tensor] : fresh)
        tensors[name] = tensor.dim() > 1 ? tensor * factor : tensor;
    return tensors;
}

template<typename Network, typename Config>
Network networkOn(const Config &config, c10::Device device, double factor)
{
    models::FreshSource fresh(3);
    Network::create(config, fresh);
    models::StateDict tensors = loud(fresh.tensors(), factor);
    for (auto &[name, tensor] : tensors)
        tensor = tensor.to(device);
    models::StateDictSource source(tensors);
    return Network::create(config, source);
}

models::Transformer transformerOn(c10::Device device)
{
    return networkOn<models::Transformer>(TinyModel().config.transformer.value(), device, 12);
}

std::vector<float> logitsOn(c10::Device device, const std::vector<int64_t> &chunks)
{
    const models::Transformer transformer = transformerOn(device);
    const auto engine = makeTorchEngine(transformer);
    const auto cache = engine->makeCache();
    const int64_t count = transformer.config.vocabSize;
    std::vector<float> all;
    int64_t next = 0;
    for (const int64_t chunk : chunks) {
        std::vector<int64_t> tokens;
        for (int64_t i = 0; i < chunk; ++i)
            tokens.push_back((next++ * 7 + 3) % count);
        const EngineInput input{.cache = cache.get(), .tokens = tokens};
        std::vector<float> logits(static_cast<size_t>(count));
        engine->append(std::span(&input, 1), 0, count, logits.data());
        all.insert(all.end(), logits.begin(), logits.end());
    }
    return all;
}

TEST_F(Gpu, GivesTheLogitsOfTheCpu)
{
    const std::vector<int64_t> chunks{18, 1, 3, 1, 5, 1, 1};
    const std::vector<float> expected = logitsOn(kCpu, chunks), found = logitsOn(kGpu, chunks);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i)
        ASSERT_NEAR(found[i], expected[i], 1e-3) << i;
}

TEST_F(Gpu, DrawsTheCodesOfTheCpu)
{
    const TinyModel model;
    for (const bool greedy : {true, false}) {
        SampleRequest request = model.request({6, 7});
        request.params.greedy = greedy;
        const models::Transformer onCpu = transformerOn(kCpu), onGpu = transformerOn(kGpu);
        const SampleResult expected = sampleCodes(model.config, *makeTorchEngine(onCpu), request);
        const SampleResult found = sampleCodes(model.config, *makeTorchEngine(onGpu), request);
        EXPECT_TRUE(found.finished);
        EXPECT_EQ(found.codes, expected.codes);
        for (size_t i = 0; i < expected.logProbability.values.size(); ++i)
            EXPECT_NEAR(found.logProbability.values[i], expected.logProbability.values[i], 1e-3);
    }
}

TEST_F(Gpu, EncodesAndDecodesAsTheCpu)
{
    models::AutoencoderConfig config;
    config.width = 32;
    config.multipliers = {1, 2, 2};
    config.resBlocks = 1;
    config.attentionResolutions = {64};
    config.zChannels = config.embedDim = 16;
    config.codes = 64;
    const auto onCpu = networkOn<models::Autoencoder>(config, kCpu, 1),
               onGpu = networkOn<models::Autoencoder>(config, kGpu, 1);
    const at::Tensor picture = at::sin(at::arange(3 * 64 * 96, at::kFloat) * 0.37).reshape({1, 3, 64, 96});
    EXPECT_TRUE(at::allclose(onGpu.latents(picture.to(kGpu)).cpu(), onCpu.latents(picture), 1e-4, 1e-4));
    const at::Tensor codes = (at::arange(16 * 24) * 29 % config.codes).reshape({1, 16, 24});
    EXPECT_TRUE(at::allclose(onGpu.decode(codes.to(kGpu)).cpu(), onCpu.decode(codes), 0, 1e-4));
}

} // namespace

} // namespace tessera::core
