#include "core/sampling/jointengine.h"

#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "core/sampling/cpu/cpuengine.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/prefixstore.h"
#include "core/sampling/sampler.h"
#include "models/error.h"
#include "tests/unit/core/sampling/forwardingengine.h"
#include "tests/unit/core/sampling/nomorethreads.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

SampleRequest variationOf(const TinyModel &model, GridSize canvas, uint32_t variation)
{
    SampleRequest request = model.request(canvas);
    request.params.guidance = 2;
    request.params.variation = variation;
    return request;
}

TEST(JointEngine, DrawsWhatEachDrawsAlone)
{
    const TinyModel model(18);
    for (const CpuPrecision precision : {CpuPrecision::Float32, CpuPrecision::BFloat16, CpuPrecision::Int8}) {
        for (const GridSize canvas : {GridSize{4, 4}, GridSize{6, 7}}) {
            const auto engine = makeCpuEngine(model.transformer, {precision, 2, {}});
            std::vector<SampleResult> alone, together(5);
            for (uint32_t i = 0; i < 5; ++i)
                alone.push_back(sampleCodes(model.config, *engine, variationOf(model, canvas, i)));
            const int64_t passes = engine->passes(), tokens = engine->tokenForwards();
            PrefixStore prefixes(*engine, 18, uint64_t(1) << 30);
            std::vector<EngineTask> tasks;
            for (uint32_t i = 0; i < 5; ++i)
                tasks.emplace_back([&, i](TransformerEngine &seat) {
                    const SampleRequest request = variationOf(model, canvas, i);
                    const WindowPlan plan = planFor(model.config, canvas, {}, true);
                    together[i] = sampleCodes(model.config, seat, request, plan, {}, {}, {&prefixes, nullptr});
                });
            runJointly(*engine, tasks);
            int64_t passesAlone = 0, tokensAlone = 0;
            for (size_t i = 0; i < 5; ++i) {
                EXPECT_EQ(together[i].codes, alone[i].codes) << i;
                EXPECT_EQ(together[i].logProbability, alone[i].logProbability) << i;
                passesAlone += alone[i].passes;
                tokensAlone += alone[i].tokenForwards;
            }
            EXPECT_LT(engine->passes() - passes, passesAlone / 2);
            EXPECT_LT(engine->tokenForwards() - tokens, tokensAlone); // prefixes are computed once for all
        }
    }
}

TEST(JointEngine, OneThatFailsLeavesTheOthersToEnd)
{
    const TinyModel model;
    const auto engine = makeCpuEngine(model.transformer);
    SampleResult other;
    const std::vector<EngineTask> tasks{[](TransformerEngine &) { throw std::runtime_error("broken"); },
                                        [&](TransformerEngine &seat) {
                                            other = sampleCodes(model.config, seat, variationOf(model, {4, 4}, 1));
                                        }};
    EXPECT_THROW(runJointly(*engine, tasks), std::runtime_error);
    EXPECT_TRUE(other.finished);
    runJointly(*engine, {});
}

// Runs out of memory in some pass.
class FailingEngine : public ForwardingEngine
{
public:
    using ForwardingEngine::ForwardingEngine;
    bool keepsBitsInChunks() const override { return true; }

protected:
    bool run(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
             const StopFn &stopped) override
    {
        if (passes() == 7)
            throw Error(ErrorCode::OutOfMemory, "full");
        return ForwardingEngine::run(inputs, first, count, logits, stopped);
    }
};

TEST(JointEngine, AFailedPassFailsAllThatAsked)
{
    const TinyModel model;
    FailingEngine engine(makeCpuEngine(model.transformer));
    int failed = 0;
    std::vector<EngineTask> tasks;
    for (uint32_t i = 0; i < 3; ++i)
        tasks.emplace_back([&, i](TransformerEngine &seat) {
            try {
                sampleCodes(model.config, seat, variationOf(model, {4, 4}, i));
            } catch (const Error &) {
                ++failed;
                throw;
            }
        });
    EXPECT_THROW(runJointly(engine, tasks), Error);
    EXPECT_EQ(failed, 3);
}

#ifdef __GLIBC__
// One by one there is no need of threads: who asks may go on so.
TEST(JointEngine, WantOfThreadsIsAsThatOfMemory)
{
    const TinyModel model;
    const auto engine = makeCpuEngine(model.transformer);
    int begun = 0;
    const std::vector<EngineTask> tasks(3, [&](TransformerEngine &) { ++begun; });
    const tests::NoMoreThreads none;
    try {
        runJointly(*engine, tasks);
        FAIL() << "there were threads";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
        EXPECT_NE(std::string(error.what()).find("3 pictures"), std::string::npos) << error.what();
    }
    EXPECT_EQ(begun, 0);
}
#endif

TEST(JointEngine, StopsTogether)
{
    const TinyModel model;
    const auto engine = makeCpuEngine(model.transformer);
    std::stop_source stop;
    std::vector<SampleResult> results(3);
    std::vector<EngineTask> tasks;
    for (uint32_t i = 0; i < 3; ++i)
        tasks.emplace_back([&, i](TransformerEngine &seat) {
            const auto drawn = [&](const DrawnCode &code) {
                if (i == 1 && code.done == 5)
                    stop.request_stop();
            };
            results[i] = sampleCodes(model.config, seat, variationOf(model, {4, 4}, i), stop.get_token(), drawn);
        });
    runJointly(*engine, tasks);
    for (const SampleResult &result : results)
        EXPECT_FALSE(result.finished);
}

} // namespace

} // namespace tessera::core
