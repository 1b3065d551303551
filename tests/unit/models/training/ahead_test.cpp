#include "models/training/ahead.h"

#include <atomic>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "models/training/recipe.h"
#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{

namespace
{

class AheadTest : public TemporaryFolderTest
{
protected:
    TrainRun run() const
    {
        TrainOptions options;
        options.output = folder / "run";
        Recipe recipe(nlohmann::json{{"steps", 8}, {"seed", 3}});
        return {options, recipe};
    }
};

// Batches that are made ahead do not touch the device: none is needed.
const c10::Device kGpu(c10::kCUDA, 0), kCpu(c10::kCPU);

TEST_F(AheadTest, GivesEachStepItsBatch)
{
    for (const c10::Device device : {kCpu, kGpu}) {
        TrainRun run = this->run();
        Ahead<uint64_t> ahead(device, 3);
        while (run.next())
            EXPECT_EQ(ahead.take(run, [](uint64_t seed) { return seed + 1; }), run.stepSeed() + 1) << run.step();
    }
}

TEST_F(AheadTest, MakesSeveralWhereAGpuLearns)
{
    TrainRun run = this->run();
    std::atomic<int> made = 0;
    const auto make = [&](uint64_t) { return ++made; };
    {
        Ahead<int> alone(kCpu, 3);
        run.next();
        alone.take(run, make);
        EXPECT_EQ(made, 1);
    }
    Ahead<int> ahead(kGpu, 3);
    ahead.take(run, make);
    ahead.drop(); // waits for those at work
    EXPECT_EQ(made, 5);
    run.next();
    ahead.take(run, make);
    ahead.drop();
    EXPECT_EQ(made, 9) << "what was dropped is made again";
}

TEST_F(AheadTest, ThrowsInTheStepWhoseBatchFailed)
{
    TrainRun run = this->run();
    Ahead<int> ahead(kGpu, 2);
    run.next();
    const uint64_t bad = run.stepSeed(2);
    const auto make = [bad](uint64_t seed) { return seed == bad ? throw std::runtime_error("no batch") : 1; };
    EXPECT_EQ(ahead.take(run, make), 1);
    run.next();
    EXPECT_EQ(ahead.take(run, make), 1);
    run.next();
    EXPECT_THROW(ahead.take(run, make), std::runtime_error);
}

} // namespace

} // namespace tessera::models
