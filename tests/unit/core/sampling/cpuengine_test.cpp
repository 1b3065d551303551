#include "core/sampling/cpu/cpuengine.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include "core/sampling/distribution.h"
#include "models/error.h"
#include "tests/unit/core/sampling/enginechecks.h"

namespace tessera::core
{

namespace
{

// Widths and head sizes that are multiples of nothing, and one wide enough to go over several threads.
const TinyModel::Shape kShapes[] = {
    {2, 2, 8, 11, 2.5}, {3, 3, 20, 12, 2.5}, {1, 5, 7, 13, 2.5}, {2, 1, 33, 14, 2.5}, {2, 4, 48, 15, 2.5}};

SampleResult sampled(const TinyModel &model, TransformerEngine &engine, const SampleRequest &request, bool wavefront)
{
    const WindowPlan plan =
        planWindows(request.canvas, int(model.config.window), request.params.window, wavefront, request.locked);
    return sampleCodes(model.config, engine, request, plan);
}

class EachInstructionSet : public testing::TestWithParam<std::string>
{
protected:
    std::unique_ptr<TransformerEngine> engineFor(const TinyModel &model, CpuPrecision precision = CpuPrecision::Float32,
                                                 int threads = 1) const
    {
        return makeCpuEngine(model.transformer, {precision, threads, GetParam()});
    }

    void expectChunksMatch(const TinyModel &model, const std::vector<int64_t> &chunks) const
    {
        expectChunksMatchThePlainPass(*engineFor(model), model, chunks);
    }
};

TEST_P(EachInstructionSet, MatchesThePlainPassInChunks)
{
    for (const TinyModel::Shape &shape : kShapes) {
        for (const int64_t unmasked : {0, 6}) {
            const TinyModel model(unmasked, shape);
            expectChunksMatch(model, {18, 1, 3, 1, 1, 5, 2, 3});
            expectChunksMatch(model, {6, 28});
            expectChunksMatch(model, {34});
        }
        expectChunksMatch(TinyModel(0, shape), std::vector<int64_t>(34, 1));
    }
}

TEST_P(EachInstructionSet, DrawsTheCodesOfTheReference)
{
    for (const TinyModel::Shape &shape : kShapes) {
        for (const int64_t unmasked : {0, 18}) {
            const TinyModel model(unmasked, shape);
            const auto reference = makeTorchEngine(model.transformer),
                       engine = engineFor(model, CpuPrecision::Float32, 2);
            for (const double guidance : {1.0, 2.5}) {
                SampleRequest request = model.request({7, 10});
                request.params.guidance = guidance;
                const SampleResult expected = sampleCodes(model.config, *reference, request);
                const SampleResult result = sampled(model, *engine, request, true);
                EXPECT_EQ(result.codes, expected.codes) << model.transformer.config.embedding << ", " << unmasked;
                EXPECT_GE(result.tokenForwards, expected.tokenForwards); // guesses in vain are counted, too
            }
        }
    }
}

TEST_P(EachInstructionSet, WavefrontHasTheSameBits)
{
    const TinyModel model(18, kShapes[1]);
    for (const CpuPrecision precision : {CpuPrecision::Float32, CpuPrecision::BFloat16, CpuPrecision::Int8}) {
        const auto engine = engineFor(model, precision);
        SampleRequest request = model.request({7, 14});
        request.params.guidance = 2.5;
        const SampleResult raster = sampled(model, *engine, request, false),
                           wavefront = sampled(model, *engine, request, true);
        EXPECT_EQ(wavefront.codes, raster.codes);
        EXPECT_EQ(wavefront.logProbability, raster.logProbability);
        EXPECT_EQ(wavefront.entropy, raster.entropy);
    }
}

TEST_P(EachInstructionSet, ChunksAndThreadsDoNotChangeABit)
{
    const TinyModel model(6, kShapes[4]);
    const std::vector<int64_t> tokens = someTokens(34);
    for (const CpuPrecision precision : {CpuPrecision::Float32, CpuPrecision::BFloat16, CpuPrecision::Int8}) {
        const auto engine = engineFor(model, precision), threaded = engineFor(model, precision, 3);
        const auto whole = engine->makeCache(), pieces = engine->makeCache(), shared = threaded->makeCache();
        const std::vector<float> expected = append(*engine, *whole, tokens);
        EXPECT_EQ(append(*threaded, *shared, tokens), expected);
        append(*engine, *pieces, std::span(tokens).first(7));
        append(*engine, *pieces, std::span(tokens).subspan(7, 20));
        EXPECT_EQ(append(*engine, *pieces, std::span(tokens).subspan(27)), expected);
    }
}

TEST_P(EachInstructionSet, CheckingGuessesHasTheBitsOfSteps)
{
    const TinyModel model(18, kShapes[1]);
    const std::vector<int64_t> tokens = someTokens(34), others = someTokens(25, 3);
    for (const CpuPrecision precision : {CpuPrecision::Float32, CpuPrecision::BFloat16, CpuPrecision::Int8}) {
        const auto engine = engineFor(model, precision, 2);
        const auto steps = engine->makeCache(), chunk = engine->makeCache(), other = engine->makeCache();
        std::vector<float> expected = append(*engine, *steps, std::span(tokens).first(20));
        for (size_t i = 20; i < tokens.size(); ++i) {
            const std::vector<float> row = append(*engine, *steps, std::span(tokens).subspan(i, 1));
            expected.insert(expected.end(), row.begin(), row.end());
        }
        const EngineInput inputs[] = {{other.get(), others, 2}, {chunk.get(), tokens, 15}};
        std::vector<float> logits(size_t(17 * kCount));
        engine->append(inputs, kFirst, kCount, logits.data());
        EXPECT_EQ(std::vector<float>(logits.begin() + 2 * kCount, logits.end()), expected) << int(precision);
    }
}

TEST_P(EachInstructionSet, RowsDoNotInfluenceEachOther)
{
    const TinyModel model(0, kShapes[1]);
    const auto engine = engineFor(model);
    const std::vector<int64_t> lengths{9, 1, 13, 1, 2, 30, 4};
    std::vector<std::unique_ptr<WindowCache>> caches;
    std::vector<std::vector<int64_t>> tokens;
    std::vector<EngineInput> inputs;
    std::vector<float> expected;
    for (const int64_t length : lengths) {
        tokens.push_back(someTokens(length, length));
        const auto alone = engine->makeCache();
        const std::vector<float> logits = append(*engine, *alone, tokens.back());
        expected.insert(expected.end(), logits.begin(), logits.end());
    }
    for (const std::vector<int64_t> &row : tokens)
        inputs.push_back({caches.emplace_back(engine->makeCache()).get(), row});
    std::vector<float> logits(expected.size());
    engine->append(inputs, kFirst, kCount, logits.data());
    EXPECT_EQ(logits, expected);
}

TEST_P(EachInstructionSet, BrokenWeightsGiveNoDistribution)
{
    for (const CpuPrecision precision : {CpuPrecision::Float32, CpuPrecision::BFloat16, CpuPrecision::Int8}) {
        for (const int where : {0, 1, 2, 3}) {
            TinyModel model;
            models::TransformerBlock &block = model.transformer.blocks[1];
            const at::Tensor broken[] = {block.mlpDown.bias, block.query.weight, block.value.weight, block.ln2.weight};
            broken[where].data_ptr<float>()[3] = std::numeric_limits<float>::quiet_NaN();
            const auto engine = engineFor(model, precision);
            const auto cache = engine->makeCache();
            EXPECT_FALSE(isDistribution(append(*engine, *cache, someTokens(9)))) << int(precision) << ", " << where;
        }
    }
}

// The gate for reduced precision, on a model whose distributions are far from flat.
struct Change {
    double divergence = 0; // KL of the reduced from the exact distribution, nats per code
    double nats = 0;       // exact -log p per code, of codes drawn from the exact model
    double reducedNats = 0;
};

Change changeOf(const TinyModel &model, TransformerEngine &reduced)
{
    const auto exact = makeCpuEngine(model.transformer);
    const auto cache = exact->makeCache(), reducedCache = reduced.makeCache();
    const std::vector<int64_t> tokens = someTokens(34);
    constexpr SamplingParams kPlain;
    Change change;
    std::vector<float> p(kCount), q(kCount);
    for (int64_t i = 0; i < 34; ++i) {
        filteredLogProbabilities(append(*exact, *cache, std::span(tokens).subspan(size_t(i), 1)), kPlain, p);
        filteredLogProbabilities(append(reduced, *reducedCache, std::span(tokens).subspan(size_t(i), 1)), kPlain, q);
        for (size_t code = 0; code < p.size(); ++code) {
            const double share = std::exp(double(p[code])) / 34;
            change.divergence += share * double(p[code] - q[code]);
            change.nats -= share * double(p[code]);
            change.reducedNats -= share * double(q[code]);
        }
    }
    return change;
}

TEST_P(EachInstructionSet, ReducedPrecisionStaysWithinTheGate)
{
    for (const uint64_t seed : {1, 2, 3}) {
        const TinyModel model(0, {3, 4, 32, seed, 1.5});
        for (const CpuPrecision precision : {CpuPrecision::BFloat16, CpuPrecision::Int8}) {
            const Change change = changeOf(model, *engineFor(model, precision));
            EXPECT_GT(change.divergence, 0); // it did something
            EXPECT_LE(change.divergence, 0.01) << int(precision);
            EXPECT_LE(change.reducedNats, 1.005 * change.nats) << int(precision);
            EXPECT_LT(change.nats, 2.9); // log 24 = 3.2 is flat
        }
    }
}

std::string setName(const testing::TestParamInfo<std::string> &set)
{
    return set.param;
}

INSTANTIATE_TEST_SUITE_P(CpuEngine, EachInstructionSet, testing::ValuesIn(cpuInstructionSets()), setName);

TEST(CpuEngine, GivesTheIdsAskedFor)
{
    const TinyModel model;
    expectTheIdsAskedFor(*makeCpuEngine(model.transformer), model);
}

TEST(CpuEngine, AReusedCacheRemembersNothing)
{
    const TinyModel model;
    expectAReusedCacheRemembersNothing(*makeCpuEngine(model.transformer));
}

TEST(CpuEngine, GivesLogitsOfSeveralTokens)
{
    for (const int64_t unmasked : {0, 18}) {
        const TinyModel model(unmasked);
        expectLogitsOfSeveralTokens(*makeCpuEngine(model.transformer), model);
    }
}

TEST(CpuEngine, ACutCacheForgets)
{
    const TinyModel model;
    for (const CpuPrecision precision : {CpuPrecision::Float32, CpuPrecision::BFloat16})
        expectACutCacheForgets(*makeCpuEngine(model.transformer, {.precision = precision}));
}

TEST(CpuEngine, ACopiedCacheGoesOn)
{
    const TinyModel model;
    for (const CpuPrecision precision : {CpuPrecision::Float32, CpuPrecision::BFloat16})
        expectACopiedCacheGoesOn(*makeCpuEngine(model.transformer, {.precision = precision}));
}

TEST(CpuEngine, StopsBetweenLayers)
{
    const TinyModel model;
    expectStopsBetweenLayers(*makeCpuEngine(model.transformer));
}

TEST(CpuEngine, NeedsTheModelNoMore)
{
    auto model = std::make_unique<TinyModel>();
    const std::vector<float> plain = plainLogits(model->transformer, someTokens(7));
    auto engine = makeCpuEngine(model->transformer);
    model = nullptr;
    const auto cache = engine->makeCache();
    EXPECT_LT(differenceOf(append(*engine, *cache, someTokens(7)), plain), 1e-5f);
    engine = nullptr;
    EXPECT_EQ(cache->length(), 7);
}

TEST(CpuEngine, LetsTheModelsWeightsGo)
{
    auto model = std::make_unique<TinyModel>();
    models::Transformer taken = std::move(model->transformer);
    model = nullptr;
    const c10::weak_intrusive_ptr<c10::StorageImpl> weight(taken.blocks[0].mlpUp.weight.storage().getWeakStorageImpl());
    EXPECT_FALSE(weight.expired());
    const auto engine = makeCpuEngine(std::move(taken));
    EXPECT_TRUE(weight.expired());
}

TEST(CpuEngine, SaysWhatACacheTakes)
{
    const TinyModel model;
    // layers, heads, tokens in blocks of 64, keys of 8 and values padded to 32, bytes
    EXPECT_EQ(makeCpuEngine(model.transformer)->cacheBytes(), uint64_t(2 * 2 * 64 * (8 + 32) * 4));
    EXPECT_EQ(makeCpuEngine(model.transformer, {.precision = CpuPrecision::Int8})->cacheBytes(),
              uint64_t(2 * 2 * 64 * (8 + 32) * 2));
}

TEST(CpuEngine, RefusesWhatCannotBe)
{
    const TinyModel model(6);
    const auto engine = makeCpuEngine(model.transformer);
    const auto full = engine->makeCache(), half = engine->makeCache(), wrong = engine->makeCache();
    append(*engine, *full, someTokens(34));
    EXPECT_THROW(append(*engine, *full, someTokens(1)), c10::Error);
    EXPECT_THROW(append(*engine, *half, someTokens(5)), c10::Error);
    EXPECT_THROW(append(*engine, *wrong, std::vector<int64_t>(7, 42)), c10::Error);
    EXPECT_THROW(makeCpuEngine(model.transformer, {.instructions = "abacus"}), Error);
}

} // namespace

} // namespace tessera::core
