// The CUDA engine against the CPU's reference, and its ways of doing the same against each other.
#include <algorithm>
#include <cmath>
#include <stop_token>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "core/sampling/cuda/cudaengine.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/sampler.h"
#include "models/parameters.h"
#include "tests/unit/core/sampling/enginechecks.h"
#include "tests/unit/core/sampling/forwardingengine.h"

namespace tessera::core
{

namespace
{

constexpr int64_t kCodes = 1024;

class CudaEngine : public testing::Test
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

TinyModel tinyModel(int64_t unmasked = 0)
{
    return TinyModel(unmasked, {.layers = 2, .heads = 2, .headDim = 64});
}

std::vector<int64_t> tokensOf(int64_t count, int64_t salt = 0)
{
    std::vector<int64_t> tokens;
    for (int64_t i = 0; i < count; ++i)
        tokens.push_back((i * 37 + i * i * 11 + salt) % (2 * kCodes));
    return tokens;
}

// Feeds a window in chunks; the logits of each chunk's last token.
std::vector<std::vector<float>> chunkLogits(TransformerEngine &engine, const std::vector<int64_t> &chunks)
{
    const auto cache = engine.makeCache();
    const std::vector<int64_t> tokens = tokensOf(512);
    std::vector<std::vector<float>> all;
    for (const int64_t chunk : chunks)
        all.push_back(
            append(engine, *cache, std::span(tokens).subspan(size_t(cache->length()), size_t(chunk)), 0, kCodes));
    return all;
}

float greatestDifference(const std::vector<float> &a, const std::vector<float> &b)
{
    float difference = 0;
    for (size_t i = 0; i < a.size(); ++i)
        difference = std::isfinite(a[i]) ? std::max(difference, std::abs(a[i] - b[i])) : INFINITY;
    return difference;
}

// Nats between the distributions of two rows of logits.
double divergence(const std::vector<float> &expected, const std::vector<float> &found)
{
    const at::Tensor p = at::log_softmax(at::tensor(expected).to(at::kDouble), 0),
                     q = at::log_softmax(at::tensor(found).to(at::kDouble), 0);
    return (p.exp() * (p - q)).sum().item<double>();
}

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
}

TEST_F(CudaEngine, OneKernelForAllLayersGivesTheLogitsOfMany)
{
    for (const int64_t heads : {16, 7, 4}) {
        const WindowModel model(heads);
        for (const CudaPrecision precision :
             {CudaPrecision::Float32, CudaPrecision::BFloat16, CudaPrecision::Float16}) {
            const auto one = chunkLogits(*makeCudaEngine(model.transformer, {.precision = precision, .whole = true}),
                                         kChunks),
                       many = chunkLogits(*makeCudaEngine(model.transformer, {.precision = precision, .whole = false}),
                                          kChunks);
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

TEST_F(CudaEngine, RecordingPassesChangesNoBit)
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
            }
        }
    }
}

// Windows of several lengths that begin together, beside one that goes on, and each alone.
TEST_F(CudaEngine, WindowsOfSeveralLengthsBeginTogether)
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
TEST_F(CudaEngine, FewTokensOfManyWindows)
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

TEST_F(CudaEngine, DrawsTheSameCodesHoweverFarAhead)
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

TEST_F(CudaEngine, DrawsTheSameLargeCanvasHoweverFarAhead)
{
    const WindowModel model(4);
    SampleRequest request = model.request();
    request.canvas = {19, 34};
    request.condition = CodeGrid(request.canvas, 5);
    expectSameHoweverFarAhead(model.config, model.transformer, request);
    request.params.guidance = 2;
    expectSameHoweverFarAhead(model.config, model.transformer, request);
}

TEST_F(CudaEngine, HalfPrecisionRepeatsALargeCanvas)
{
    const WindowModel model(7);
    SampleRequest request = model.request();
    request.canvas = {18, 26};
    request.condition = CodeGrid(request.canvas, 5);
    const auto engine = makeCudaEngine(model.transformer, {.precision = CudaPrecision::BFloat16});
    const SampleResult first = sampleTogether(model.config, *engine, request);
    const SampleResult again = sampleTogether(model.config, *engine, request);
    EXPECT_EQ(again.codes, first.codes);
    EXPECT_EQ(again.entropy, first.entropy); // bit for bit
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
