#include <stop_token>

#include <gtest/gtest.h>

#include "core/sampling/cpu/cpuengine.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/sampler.h"
#include "tests/unit/core/sampling/forwardingengine.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

// Requests a stop when asked for the n-th time, in the midst of a pass.
class StoppingEngine : public DearEngine
{
public:
    StoppingEngine(std::unique_ptr<TransformerEngine> engine, std::stop_source source, int when)
        : DearEngine(std::move(engine))
        , m_source(std::move(source))
        , m_when(when)
    {}

    int asked() const { return m_asked; }

protected:
    bool run(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
             const StopFn &stopped) override
    {
        return DearEngine::run(inputs, first, count, logits, [&] {
            if (++m_asked == m_when) {
                m_source.request_stop();
            }
            return stopped();
        });
    }

private:
    std::stop_source m_source;
    const int m_when;
    int m_asked = 0;
};

TEST(StoppingInsideAPass, KeepsWhatWasDrawnBefore)
{
    const TinyModel model; // two layers; the reference takes a step's windows one after the other
    const SampleRequest request = model.request({5, 9});
    const WindowPlan plan = planFor(model.config, request.canvas, {}, true);
    for (const bool reference : {false, true}) {
        const auto engine = [&] {
            return reference ? makeTorchEngine(model.transformer) : makeCpuEngine(model.transformer);
        };
        const SampleResult full = sampleCodes(model.config, *engine(), request, plan);
        for (const int when : {1, 2, 9, 14, 15}) {
            std::stop_source source;
            StoppingEngine stopping(engine(), source, when);
            const SampleResult part = sampleCodes(model.config, stopping, request, plan, source.get_token());
            EXPECT_FALSE(part.finished);
            EXPECT_EQ(stopping.asked(), when); // no layer after that
            size_t done = 0;
            for (int asked = 0; (asked += 2 * (reference ? int(plan.steps[done].codes.size()) : 1)) < when;) {
                ++done;
            }
            EXPECT_EQ(part.passes, int64_t(done));
            for (size_t step = 0; step < plan.steps.size(); ++step) {
                for (const PlannedCode &code : plan.steps[step].codes) {
                    EXPECT_EQ(part.codes.at(code.cell), step < done ? full.codes.at(code.cell) : kNoCode);
                }
            }
        }
    }
}

} // namespace

} // namespace tessera::core
