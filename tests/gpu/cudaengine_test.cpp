// The CUDA engine against the CPU's reference, and its ways of doing the same against each other.
#include <algorithm>
#include <cmath>
#include <stop_token>
#include <vector>

#include <gtest/gtest.h>

#include "core/sampling/cuda/cudaengine.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/sampler.h"
#include "tests/gpu/cudacases.h"
#include "tests/unit/core/sampling/enginechecks.h"
#include "tests/unit/core/sampling/forwardingengine.h"

namespace tessera::core
{

namespace
{

class CudaEngine : public CudaEngineTest
{};

// A prefix beyond one block of keys, single tokens, a few at once, and on into the last block.
const std::vector<int64_t> kChunks{300, 1, 1, 5, 1, 60, 1, 1, 100, 1, 1};

TEST_F(CudaEngine, GivesTheReferencesLogits)
{
    for (const int64_t heads : {16, 7, 6, 4}) { // those of 310 M and 20 M parameters, and the starter's
        for (const int64_t unmasked : {0, 256}) {
            const WindowModel model(heads, unmasked);
            const auto reference = chunkLogits(*makeTorchEngine(model.transformer), kChunks),
                       found = chunkLogits(*makeCudaEngine(model.transformer), kChunks);
            for (size_t i = 0; i < found.size(); ++i)
                EXPECT_LT(greatestDifference(found[i], reference[i]), 2e-4f)
                    << heads << " heads, " << unmasked << " unmasked, chunk " << i;
        }
    }
}

TEST_F(CudaEngine, HalfPrecisionStaysNearTheReference)
{
    for (const int64_t heads : {16, 7}) {
        const WindowModel model(heads);
        const auto reference = chunkLogits(*makeTorchEngine(model.transformer), kChunks);
        for (const CudaPrecision precision : {CudaPrecision::BFloat16, CudaPrecision::Float16}) {
            const auto found = chunkLogits(*makeCudaEngine(model.transformer, {.precision = precision}), kChunks);
            for (size_t i = 0; i < found.size(); ++i)
                EXPECT_LT(divergence(reference[i], found[i]), 0.01)
                    << heads << " heads, precision " << int(precision) << ", chunk " << i;
        }
    }
}

TEST_F(CudaEngine, SingleTokensComeOutAsThoseOfABatch)
{
    const WindowModel model(16);
    for (const CudaPrecision precision : {CudaPrecision::Float32, CudaPrecision::BFloat16, CudaPrecision::Float16}) {
        const auto engine = makeCudaEngine(model.transformer, {.precision = precision});
        const auto singly = chunkLogits(*engine, {300, 1, 1, 1}), together = chunkLogits(*engine, {300, 3});
        if (precision == CudaPrecision::Float32)
            EXPECT_LT(greatestDifference(singly.back(), together.back()), 1e-4f);
        else
            EXPECT_LT(divergence(together.back(), singly.back()), 0.01);
    }
}

TEST_F(CudaEngine, OverlappingKernelsChangesNoBit)
{
    const WindowModel model(16);
    const auto overlapping = makeCudaEngine(model.transformer, {.overlap = true, .whole = false}),
               apart = makeCudaEngine(model.transformer, {.overlap = false, .whole = false});
    const std::vector<int64_t> chunks{200, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    EXPECT_EQ(chunkLogits(*overlapping, chunks), chunkLogits(*apart, chunks));
    EXPECT_GT(cudaWays(*apart).apart, 0);
    if (!cudaEngineOverlapsOn(CudaEngineOptions().device))
        GTEST_SKIP() << "kernels do not overlap on this device";
    EXPECT_GT(cudaWays(*overlapping).overlapping, 0);
}

TEST_F(CudaEngine, OneKernelForAllLayersGivesTheLogitsOfMany)
{
    for (const int64_t heads : {16, 7, 4}) {
        const WindowModel model(heads);
        for (const CudaPrecision precision :
             {CudaPrecision::Float32, CudaPrecision::BFloat16, CudaPrecision::Float16}) {
            const auto whole = makeCudaEngine(model.transformer, {.precision = precision, .whole = true}),
                       several = makeCudaEngine(model.transformer, {.precision = precision, .whole = false});
            const auto one = chunkLogits(*whole, kChunks), many = chunkLogits(*several, kChunks);
            if (cudaWays(*whole).whole == 0)
                GTEST_SKIP() << "one kernel did not suit this device: " << heads << " heads, precision "
                             << int(precision);
            EXPECT_EQ(cudaWays(*several).whole, 0);
            for (size_t i = 0; i < one.size(); ++i) {
                if (precision == CudaPrecision::Float32)
                    EXPECT_LT(greatestDifference(one[i], many[i]), 1e-4f) << heads << " heads, chunk " << i;
                else
                    EXPECT_LT(divergence(many[i], one[i]), 0.01) << heads << " heads, chunk " << i;
            }
        }
    }
}

// Inputs of every kind: new windows of two lengths, one that goes on, and one token; then one token each.
TEST_F(CudaEngine, TakesSeveralWindowsAtOnce)
{
    const WindowModel model(7);
    const auto engine = makeCudaEngine(model.transformer), reference = makeTorchEngine(model.transformer);
    std::vector<std::vector<int64_t>> tokens;
    std::vector<std::unique_ptr<WindowCache>> caches, plainCaches;
    std::vector<EngineInput> inputs, plainInputs;
    for (const int64_t started : {20, 0, 150, 0, 0}) {
        caches.push_back(engine->makeCache());
        plainCaches.push_back(reference->makeCache());
        tokens.push_back(tokensOf(started, started));
        if (started > 0) {
            append(*engine, *caches.back(), tokens.back(), 0, kCodes);
            append(*reference, *plainCaches.back(), tokens.back(), 0, kCodes);
        }
    }
    const auto expectSame = [&](const std::vector<int64_t> &counts, int64_t mostRows) {
        inputs.clear();
        plainInputs.clear();
        int64_t rows = 0;
        for (size_t i = 0; i < counts.size(); ++i) {
            tokens[i] = tokensOf(counts[i], int64_t(i) + 3);
            inputs.push_back({caches[i].get(), tokens[i], std::min(mostRows, counts[i])});
            plainInputs.push_back({plainCaches[i].get(), tokens[i], std::min(mostRows, counts[i])});
            rows += inputs.back().logitRows;
        }
        std::vector<float> found(size_t(rows * kCodes)), expected(found.size());
        ASSERT_TRUE(engine->append(inputs, 0, kCodes, found.data()));
        ASSERT_TRUE(reference->append(plainInputs, 0, kCodes, expected.data()));
        EXPECT_LT(greatestDifference(found, expected), 2e-4f) << counts.size() << " inputs";
    };
    expectSame({1, 40, 17, 300, 40}, 2);
    for (const size_t windows : {5, 4, 3, 2, 1}) {
        expectSame(std::vector<int64_t>(windows, 1), 1);
        expectSame(std::vector<int64_t>(windows, 1), 1);
    }
}

TEST_F(CudaEngine, DoesWhatEveryEngineDoes)
{
    const TinyModel model = tinyModel();
    const auto engine = [&] { return makeCudaEngine(model.transformer); };
    expectTheIdsAskedFor(*engine(), model);
    expectAReusedCacheRemembersNothing(*engine());
    expectLogitsOfSeveralTokens(*engine(), model);
    expectACutCacheForgets(*engine());
    expectACopiedCacheGoesOn(*engine());
    expectStopsBetweenLayers(*makeCudaEngine(model.transformer, {.recordSmall = false})); // a recording runs to its end
    const TinyModel unmasked = tinyModel(18);
    expectLogitsOfSeveralTokens(*makeCudaEngine(unmasked.transformer), unmasked);
}

void expectCodesOfTheHost(const WindowModel &model, TransformerEngine &drawing, TransformerEngine &ordinary,
                          const SampleRequest &request)
{
    const SampleResult found = sampleCodes(model.config, drawing, request),
                       expected = sampleCodes(model.config, ordinary, request);
    EXPECT_TRUE(found.finished);
    EXPECT_EQ(found.codes, expected.codes);
    EXPECT_LT(greatestDifference(found.logProbability.values, expected.logProbability.values), 1e-4f);
    EXPECT_LT(greatestDifference(found.entropy.values, expected.entropy.values), 1e-4f);
    EXPECT_EQ(found.tokenForwards, expected.tokenForwards);
    EXPECT_EQ(found.passes, expected.passes);
}

TEST_F(CudaEngine, DrawsTheCodesThatTheHostDraws)
{
    const WindowModel model(7);
    for (const CudaPrecision precision : {CudaPrecision::Float32, CudaPrecision::BFloat16}) {
        const auto drawing = makeCudaEngine(model.transformer, {.precision = precision});
        ForwardingEngine ordinary(makeCudaEngine(model.transformer, {.precision = precision})); // draws on the host
        ASSERT_TRUE(drawing->drawsCodes(kCodes));
        SampleRequest request = model.request();
        expectCodesOfTheHost(model, *drawing, ordinary, request);
        request.params.guidance = 3.5;
        expectCodesOfTheHost(model, *drawing, ordinary, request);
        request.params.temperature = 0.9;
        request.params.topK = 100;
        expectCodesOfTheHost(model, *drawing, ordinary, request);
        request.params.guidance = 1;
        request.params.topP = 0.9;
        request.params.variation = 3;
        expectCodesOfTheHost(model, *drawing, ordinary, request);
        request.params.topK = 0;
        expectCodesOfTheHost(model, *drawing, ordinary, request);
        request.params.greedy = true;
        expectCodesOfTheHost(model, *drawing, ordinary, request);
    }
}

TEST_F(CudaEngine, DrawsBetweenLockedCodes)
{
    const WindowModel model(4);
    const auto drawing = makeCudaEngine(model.transformer);
    ForwardingEngine ordinary(makeCudaEngine(model.transformer));
    SampleRequest request = model.request();
    request.initial = CodeGrid(request.canvas, 5);
    request.locked = Grid<uint8_t>(request.canvas);
    for (size_t i = 0; i < request.locked.values.size(); ++i)
        request.locked.values[i] = i % 41 < 9;
    expectCodesOfTheHost(model, *drawing, ordinary, request);
}

TEST_F(CudaEngine, DrawsTheCodesOfTheReference)
{
    const TinyModel model = tinyModel(18);
    for (const GridSize canvas : {GridSize{4, 4}, GridSize{6, 7}}) {
        SampleRequest request = model.request(canvas);
        request.params.guidance = 2.5;
        const SampleResult found = sampleCodes(model.config, *makeCudaEngine(model.transformer), request);
        const SampleResult expected = sampleCodes(model.config, *makeTorchEngine(model.transformer), request);
        EXPECT_EQ(found.codes, expected.codes);
    }
}

TEST_F(CudaEngine, DrawsIndependentCodesTogether)
{
    const TinyModel model = tinyModel();
    const SampleRequest request = model.request({6, 13});
    const WindowPlan plan = planFor(model.config, request.canvas, {}, true);
    const SampleResult found = sampleCodes(model.config, *makeCudaEngine(model.transformer), request, plan);
    const SampleResult expected = sampleCodes(model.config, *makeTorchEngine(model.transformer), request);
    EXPECT_EQ(found.codes, expected.codes);
}

TEST_F(CudaEngine, StopsWhileDrawing)
{
    const WindowModel model(4);
    const auto engine = makeCudaEngine(model.transformer);
    const SampleRequest request = model.request();
    const SampleResult full = sampleCodes(model.config, *engine, request);
    std::stop_source source;
    const SampleResult part =
        sampleCodes(model.config, *engine, request, source.get_token(), [&](const DrawnCode &drawn) {
            if (drawn.done == 40)
                source.request_stop();
        });
    EXPECT_FALSE(part.finished);
    for (size_t i = 0; i < full.codes.values.size(); ++i)
        EXPECT_EQ(part.codes.values[i], i < 40 ? full.codes.values[i] : kNoCode);
    EXPECT_EQ(sampleCodes(model.config, *engine, request).codes, full.codes); // the stop left no trace
}

TEST(CudaEngineShapes, AreThoseWithHeadsOf64)
{
    EXPECT_TRUE(cudaEngineSupports(*WindowModel(4).config.transformer));
    EXPECT_FALSE(cudaEngineSupports(*TinyModel().config.transformer));
}

} // namespace

} // namespace tessera::core
