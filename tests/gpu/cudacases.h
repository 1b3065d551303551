// What tests of the CUDA engine share: models with random weights, what they are fed with, and how results are
// compared.
#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "core/sampling/sampler.h"
#include "models/parameters.h"
#include "models/transformer.h"
#include "tests/unit/core/sampling/enginechecks.h"

namespace tessera::core
{

inline constexpr int64_t kCodes = 1024;

class CudaEngineTest : public testing::Test
{
protected:
    void SetUp() override
    {
        if (at::getNumGPUs() == 0)
            GTEST_SKIP() << "there is no GPU";
        at::globalContext().setAllowTF32CuBLAS(false); // as ModelBundle::open does
    }

private:
    c10::InferenceMode m_inference;
};

// Every tensor random, biases and positions too, at a strength that layers pass on.
class RandomSource : public models::ParameterSource
{
public:
    at::Tensor take(const std::string &name, const std::vector<int64_t> &shape, models::Init init, int64_t) override
    {
        const at::Tensor values = at::randn(shape, m_generator);
        if (shape.size() == 1)
            return values * 0.1 + (init == models::Init::One ? 1.0 : 0.0);
        return values * (name == "head.weight" ? 2.0 : 1.0) / std::sqrt(double(shape.back()));
    }

private:
    at::Generator m_generator = at::detail::createCPUGenerator(7);
};

// A window of 16 by 16 codes behind as many of the condition, heads of 64 as in all models.
struct WindowModel {
    explicit WindowModel(int64_t heads, int64_t unmasked = 0)
    {
        config.firstStage.codes = kCodes;
        config.condition.kind = models::ConditionKind::Labels;
        config.condition.tokens = {kCodes, kCodes - 1};
        config.nullToken = 2 * kCodes - 1;
        config.imageTokens = {0, kCodes};
        config.transformer = models::TransformerConfig{2 * kCodes, 512, 2, heads, 64 * heads, unmasked};
        RandomSource source;
        transformer = models::Transformer::create(*config.transformer, source);
    }

    SampleRequest request() const
    {
        SampleRequest request;
        request.canvas = {16, 16};
        request.condition = CodeGrid(request.canvas);
        for (size_t i = 0; i < request.condition.values.size(); ++i)
            request.condition.values[i] = int64_t(i * i) % 97;
        request.params.seed = 41;
        return request;
    }

    models::ModelConfig config;
    models::Transformer transformer;
};

inline TinyModel tinyModel(int64_t unmasked = 0)
{
    return TinyModel(unmasked, {.layers = 2, .heads = 2, .headDim = 64});
}

inline std::vector<int64_t> tokensOf(int64_t count, int64_t salt = 0)
{
    std::vector<int64_t> tokens;
    for (int64_t i = 0; i < count; ++i)
        tokens.push_back((i * 37 + i * i * 11 + salt) % (2 * kCodes));
    return tokens;
}

// Feeds a window in chunks; the logits of each chunk's last token.
inline std::vector<std::vector<float>> chunkLogits(TransformerEngine &engine, const std::vector<int64_t> &chunks)
{
    const auto cache = engine.makeCache();
    const std::vector<int64_t> tokens = tokensOf(512);
    std::vector<std::vector<float>> all;
    for (const int64_t chunk : chunks)
        all.push_back(
            append(engine, *cache, std::span(tokens).subspan(size_t(cache->length()), size_t(chunk)), 0, kCodes));
    return all;
}

// Nats between the distributions of two rows of logits.
inline double divergence(const std::vector<float> &expected, const std::vector<float> &found)
{
    const at::Tensor p = at::log_softmax(at::tensor(expected).to(at::kDouble), 0),
                     q = at::log_softmax(at::tensor(found).to(at::kDouble), 0);
    return (p.exp() * (p - q)).sum().item<double>();
}

} // namespace tessera::core
