// Large canvases on the CUDA engine: windows that begin together or ahead of their turn, and recorded passes of few
// rows.
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "core/sampling/cuda/cudaengine.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/sampler.h"
#include "tests/gpu/cudacases.h"
#include "tests/unit/core/sampling/enginechecks.h"

namespace tessera::core
{

namespace
{

class CudaCanvas : public CudaEngineTest
{};

TEST_F(CudaCanvas, RecordingPassesChangesNoBit)
{
    const std::vector<int64_t> chunks{150, 3, 3, 3, 5, 9, 9, 9, 20, 20, 20, 50, 50, 50, 3, 9, 20};
    for (const int64_t heads : {16, 7}) {
        for (const int64_t unmasked : {0, 130}) {
            const WindowModel model(heads, unmasked);
            for (const CudaPrecision precision :
                 {CudaPrecision::Float32, CudaPrecision::BFloat16, CudaPrecision::Float16}) {
                const auto recording = makeCudaEngine(model.transformer, {.precision = precision}),
                           plain = makeCudaEngine(model.transformer, {.precision = precision, .recordSmall = false});
                const auto expected = chunkLogits(*plain, chunks);
                EXPECT_EQ(chunkLogits(*recording, chunks), expected) << heads << " heads, " << int(precision);
                EXPECT_EQ(chunkLogits(*recording, chunks), expected) << heads << " heads, " << int(precision);
                if (cudaWays(*recording).recorded == 0)
                    GTEST_SKIP() << "this driver recorded no pass of few rows";
                EXPECT_EQ(cudaWays(*plain).recorded, 0);
            }
        }
    }
}

// Windows of several lengths that begin together, beside one that goes on, and each alone.
TEST_F(CudaCanvas, WindowsOfSeveralLengthsBeginTogether)
{
    const WindowModel model(7);
    for (const CudaPrecision precision : {CudaPrecision::Float32, CudaPrecision::BFloat16, CudaPrecision::Float16}) {
        const auto engine = makeCudaEngine(model.transformer, {.precision = precision});
        std::vector<std::unique_ptr<WindowCache>> caches;
        std::vector<std::vector<int64_t>> tokens;
        std::vector<EngineInput> inputs;
        for (const int64_t length : {391, 20, 512, 17, 392, 128, 129})
            tokens.push_back(tokensOf(length, length));
        for (const std::vector<int64_t> &all : tokens) {
            caches.push_back(engine->makeCache());
            inputs.push_back({caches.back().get(), all});
        }
        const auto alone = engine->makeCache();
        append(*engine, *caches[5], std::span(tokens[5]).first(100), 0, kCodes);
        inputs[5].tokens = std::span(tokens[5]).subspan(100);
        std::vector<float> found(inputs.size() * size_t(kCodes));
        ASSERT_TRUE(engine->append(inputs, 0, kCodes, found.data()));
        for (size_t i = 0; i < inputs.size(); ++i) {
            alone->truncate(0);
            const std::vector<float> expected = append(*engine, *alone, tokens[i], 0, kCodes),
                                     row(found.begin() + int64_t(i) * kCodes, found.begin() + int64_t(i + 1) * kCodes);
            if (precision == CudaPrecision::Float32)
                EXPECT_LT(greatestDifference(row, expected), 1e-4f) << "input " << i;
            else
                EXPECT_LT(divergence(expected, row), 0.01) << "input " << i << ", precision " << int(precision);
        }
    }
}

// More than single tokens, fewer than a recording's rows: unused rows fill it up.
TEST_F(CudaCanvas, FewTokensOfManyWindows)
{
    const WindowModel model(4);
    const auto engine = makeCudaEngine(model.transformer), reference = makeTorchEngine(model.transformer);
    const std::vector<int64_t> started = tokensOf(100);
    for (const std::vector<int64_t> &counts : {std::vector<int64_t>{1, 2, 1, 1, 2, 1, 1, 1, 1, 1},
                                               {9, 1},
                                               std::vector<int64_t>(12, 1),
                                               {16, 16, 16, 15, 1}}) {
        std::vector<std::unique_ptr<WindowCache>> caches;
        std::vector<std::vector<float>> expected;
        std::vector<std::vector<int64_t>> tokens;
        std::vector<EngineInput> inputs;
        for (size_t i = 0; i < counts.size(); ++i) {
            tokens.push_back(tokensOf(counts[i], int64_t(i)));
            caches.push_back(engine->makeCache());
            append(*engine, *caches.back(), started, 0, kCodes);
            const auto plain = reference->makeCache();
            append(*reference, *plain, started, 0, kCodes);
            expected.push_back(append(*reference, *plain, tokens.back(), 0, kCodes));
        }
        for (size_t i = 0; i < counts.size(); ++i)
            inputs.push_back({caches[i].get(), tokens[i]});
        for (int round = 0; round < 4; ++round) { // recorded by the end
            std::vector<float> found(counts.size() * size_t(kCodes));
            ASSERT_TRUE(engine->append(inputs, 0, kCodes, found.data()));
            for (size_t i = 0; i < counts.size(); ++i) {
                const auto row = found.begin() + int64_t(i) * kCodes;
                EXPECT_LT(greatestDifference({row, row + kCodes}, expected[i]), 2e-4f)
                    << counts.size() << " windows, input " << i << ", round " << round;
                caches[i]->truncate(int64_t(started.size()));
            }
        }
    }
}

SampleRequest largeRequest(const WindowModel &model, GridSize canvas)
{
    SampleRequest request = model.request();
    request.canvas = canvas;
    request.condition = CodeGrid(canvas, 5);
    return request;
}

SampleResult sampleTogether(const models::ModelConfig &config, TransformerEngine &engine, const SampleRequest &request)
{
    return sampleCodes(config, engine, request,
                       planFor(config, request.canvas, request.params.window, true, request.locked));
}

// However many steps a pass serves, and whether it is recorded.
void expectSameHoweverFarAhead(const models::ModelConfig &config, const models::Transformer &transformer,
                               const SampleRequest &request)
{
    const auto plain = makeCudaEngine(transformer, {.stepsAhead = 1, .recordSmall = false});
    const SampleResult expected = sampleTogether(config, *plain, request);
    for (const int steps : {1, 2, 4, 8}) {
        const auto engine = makeCudaEngine(transformer, {.stepsAhead = steps});
        const SampleResult found = sampleTogether(config, *engine, request);
        EXPECT_EQ(found.codes, expected.codes) << steps << " steps";
        EXPECT_EQ(found.tokenForwards, expected.tokenForwards);
        EXPECT_LT(greatestDifference(found.logProbability.values, expected.logProbability.values), 1e-3f);
        const SampleResult again = sampleTogether(config, *engine, request); // by recordings alone
        EXPECT_EQ(again.codes, found.codes);
        EXPECT_EQ(again.logProbability, found.logProbability); // bit for bit
    }
}

TEST_F(CudaCanvas, DrawsTheSameCodesHoweverFarAhead)
{
    for (const int64_t unmasked : {0, 18}) {
        const TinyModel model = tinyModel(unmasked);
        for (const GridSize canvas : {GridSize{6, 13}, GridSize{9, 14}}) {
            SampleRequest request = model.request(canvas);
            expectSameHoweverFarAhead(model.config, model.transformer, request);
            request.params.guidance = 2.5;
            request.initial = CodeGrid(canvas);
            request.locked = Grid<uint8_t>(canvas);
            for (size_t i = 0; i < request.locked.values.size(); ++i) {
                request.initial.values[i] = int64_t(i * 5) % 24;
                request.locked.values[i] = i % 11 < 3 || i % 14 == 7;
            }
            expectSameHoweverFarAhead(model.config, model.transformer, request);
        }
    }
}

TEST_F(CudaCanvas, DrawsTheSameLargeCanvasHoweverFarAhead)
{
    const WindowModel model(4);
    SampleRequest request = largeRequest(model, {19, 34});
    expectSameHoweverFarAhead(model.config, model.transformer, request);
    request.params.guidance = 2;
    expectSameHoweverFarAhead(model.config, model.transformer, request);
}

TEST_F(CudaCanvas, HalfPrecisionRepeatsALargeCanvas)
{
    const WindowModel model(7);
    const SampleRequest request = largeRequest(model, {18, 26});
    const auto engine = makeCudaEngine(model.transformer, {.precision = CudaPrecision::BFloat16});
    const SampleResult first = sampleTogether(model.config, *engine, request);
    const SampleResult again = sampleTogether(model.config, *engine, request);
    EXPECT_EQ(again.codes, first.codes);
    EXPECT_EQ(again.entropy, first.entropy); // bit for bit
}

} // namespace

} // namespace tessera::core
