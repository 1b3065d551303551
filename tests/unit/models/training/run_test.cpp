#include "models/training/run.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <stdexcept>
#include <thread>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "models/error.h"

namespace tessera::models
{
namespace
{

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class RunTest : public testing::Test
{
protected:
    void SetUp() override { fs::create_directories(m_folder); }
    void TearDown() override { fs::remove_all(m_folder); }

    fs::path output() const { return m_folder / "run"; }
    TrainOptions options(bool resume = false) const
    {
        TrainOptions result;
        result.output = output();
        result.resume = resume;
        result.steps = 3;
        return result;
    }
    static std::unique_ptr<TrainRun> made(const TrainOptions &options)
    {
        Recipe recipe(nlohmann::json::object());
        return std::make_unique<TrainRun>(options, recipe);
    }
    template<typename Action>
    static std::string refusal(const Action &action)
    {
        try {
            action();
        } catch (const Error &error) {
            return error.what();
        }
        return "accepted";
    }
    static std::string textOf(const fs::path &path)
    {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }

    fs::path checkpoint() const { return output() / "checkpoint.safetensors"; }
    std::string kept(const std::string &key) const { return readSafetensorsIndex(checkpoint()).metadata.at(key); }
    static double weight(const fs::path &file)
    {
        return readSafetensors(readSafetensorsIndex(file)).at("model/weight").item<double>();
    }
    // A step that finds this loss, and one that fails.
    static std::function<TrainRun::Values()> found(double loss)
    {
        return [loss] { return TrainRun::Values{{"loss", loss}}; };
    }
    static TrainRun::Values failing() { throw std::runtime_error("The GPU fell off the bus"); }
    static TrainRun::SaveFn savingTo(TrainRun &run, double weight)
    {
        return [&run, weight](int64_t nextStep) {
            run.save({{"model", {{"weight", at::full({}, weight, at::kFloat)}}}}, "phase", nextStep);
        };
    }

private:
    fs::path m_folder = fs::path(testing::TempDir()) / ("run_test-" + std::to_string(::getpid()));
};

TEST_F(RunTest, OneFolderServesOneRunAtATime)
{
    auto first = made(options());
    const auto quick = made(options()); // no folder yet, nothing to hold
    first->load();
    EXPECT_THAT(refusal([&] { quick->load(); }), HasSubstr(output().string() + " is the output folder of a training"));
    EXPECT_THAT(refusal([&] { made(options()); }), HasSubstr("still runs"));
    EXPECT_THAT(refusal([&] { made(options(true)); }), HasSubstr("still runs"));
    first->save({}, "phase", 1);
    first.reset();
    EXPECT_THAT(refusal([&] { quick->load(); }), HasSubstr("holds an earlier run"));
}

TEST_F(RunTest, ARunThatEndedIsGoneOnWith)
{
    {
        const auto run = made(options());
        run->load();
        run->next();
        run->report("phase", {{"loss", 1}});
        run->save({}, "phase", 1);
    }
    const auto again = made(options(true));
    again->load();
    again->next();
    again->report("phase", {{"loss", 2}});
    EXPECT_EQ(again->step(), 1);
    EXPECT_THAT(textOf(output() / "log.jsonl"), AllOf(HasSubstr("1.0"), HasSubstr("2.0")));
}

// Codes, for instance, are made before the first step: rates and shares must begin with it.
TEST_F(RunTest, WhatIsPreparedBeforeTheFirstStepIsNoPartOfTheSchedule)
{
    TrainOptions limited = options();
    limited.steps = {};
    limited.minutes = 1;
    const double prepared = 0.1 / 60; // of the budget
    {
        const auto run = made(limited);
        run->load();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        run->next();
        EXPECT_GE(run->fraction(), prepared);
        EXPECT_LT(run->learned(), run->fraction() - 0.9 * prepared);
        run->save({}, "phase", 1);
    }
    limited.resume = true;
    const auto again = made(limited);
    again->load();
    again->next();
    EXPECT_LT(again->learned(), again->fraction() - 0.9 * prepared);
}

TEST_F(RunTest, ACheckpointThatLearnedFromSomethingElseIsNotGoneOnWith)
{
    {
        const auto run = made(options());
        run->learnsFrom("these codes");
        run->load();
        run->next();
        run->save({}, "phase", 1);
    }
    auto run = made(options(true));
    run->learnsFrom("other codes");
    EXPECT_THAT(refusal([&] { run->load(); }),
                AllOf(HasSubstr("learned from 'these codes'"), HasSubstr("would from 'other codes'")));
    run.reset();
    run = made(options(true));
    run->learnsFrom("these codes");
    EXPECT_EQ(refusal([&] { run->load(); }), "accepted");
}

TEST_F(RunTest, NothingIsMadeBeforeItBegins)
{
    const auto run = made(options());
    EXPECT_FALSE(fs::exists(output()));
    EXPECT_THAT(refusal([&] { made(options(true))->load(); }), HasSubstr("checkpoint.safetensors"));
    EXPECT_FALSE(fs::exists(output()));
    run->load();
    EXPECT_TRUE(fs::is_empty(output()));
    std::ofstream(output() / "file");
    TrainOptions onFile = options();
    onFile.output /= "file";
    EXPECT_THAT(refusal([&] { made(onFile); }), HasSubstr("cannot be written: Not a directory"));
}

TEST_F(RunTest, WhatAKilledRunLeftHalfWrittenIsRemoved)
{
    fs::create_directories(output());
    for (const char *name : {".tessera-123.part", ".tessera-123.png", "mine.part"})
        std::ofstream(output() / name) << "half";
    made(options())->load();
    EXPECT_FALSE(fs::exists(output() / ".tessera-123.part"));
    EXPECT_TRUE(fs::exists(output() / ".tessera-123.png"));
    EXPECT_TRUE(fs::exists(output() / "mine.part"));
}

TEST_F(RunTest, ALogThatTakesNoMoreIsSaid)
{
    fs::create_directories(output());
    fs::create_symlink("/dev/full", output() / "log.jsonl");
    const auto run = made(options());
    run->load();
    run->next();
    EXPECT_THAT(refusal([&] {
                    run->report("phase", {{"loss", 1}});
                }),
                HasSubstr("log.jsonl cannot be written: No space left on device"));
}

TEST_F(RunTest, AFirstStepThatFailsLeavesNothing)
{
    const auto run = made(options());
    run->load();
    run->next();
    EXPECT_EQ(refusal([&] { run->learn("phase", failing, savingTo(*run, 1)); }), "The GPU fell off the bus.");
    EXPECT_TRUE(fs::is_empty(output()));
}

TEST_F(RunTest, AStepThatFailsKeepsWhatWasLearnedBefore)
{
    const auto run = made(options());
    run->load();
    run->next();
    run->learn("phase", found(1), savingTo(*run, 1));
    EXPECT_FALSE(fs::exists(checkpoint()));
    run->next();
    EXPECT_EQ(refusal([&] { run->learn("phase", failing, savingTo(*run, 2)); }),
              "The GPU fell off the bus. What was learned before step 1 is kept in " + checkpoint().string() + ".");
    EXPECT_EQ(kept("step"), "1"); // the one that failed is done again
    EXPECT_EQ(weight(checkpoint()), 2);
}

// A step whose figures found no place is one all the same.
TEST_F(RunTest, ALogThatTakesNoMoreCostsNoStep)
{
    fs::create_directories(output());
    fs::create_symlink("/dev/full", output() / "log.jsonl");
    const auto run = made(options());
    run->load();
    run->next();
    EXPECT_THAT(refusal([&] { run->learn("phase", found(1), savingTo(*run, 1)); }),
                AllOf(HasSubstr("No space left on device"), HasSubstr("What was learned before step 1 is kept")));
    EXPECT_EQ(kept("step"), "1");
}

// What broke may have begun long before it showed.
TEST_F(RunTest, FiguresThatAreNoNumbersLeaveTheCheckpointBeforeThem)
{
    const auto run = made(options());
    run->load();
    run->next();
    savingTo(*run, 1)(1);
    run->next();
    EXPECT_THAT(refusal([&] { run->learn("phase", found(std::nan("")), savingTo(*run, 2)); }),
                AllOf(HasSubstr("'loss' is not a number. What was learned before step 2 is kept in"),
                      HasSubstr(", the checkpoint before it in checkpoint-before.safetensors.")));
    EXPECT_EQ(weight(checkpoint()), 2);
    EXPECT_EQ(weight(output() / "checkpoint-before.safetensors"), 1);
}

TEST_F(RunTest, WeightsThatAreNotFiniteReplaceNoCheckpoint)
{
    const auto run = made(options());
    run->load();
    run->next();
    const auto broken = savingTo(*run, std::nan(""));
    EXPECT_THAT(refusal([&] { broken(1); }),
                AllOf(HasSubstr("'model/weight' is not finite"), Not(HasSubstr("last checkpoint"))));
    EXPECT_FALSE(fs::exists(checkpoint()));
    savingTo(*run, 1)(1);
    EXPECT_THAT(refusal([&] { broken(1); }), HasSubstr("The last checkpoint is kept in " + output().string()));
    EXPECT_THAT(refusal([&] {
                    run->report("phase (validation)", {{"psnr", std::nan("")}});
                }),
                HasSubstr("'psnr' is not a number. The last checkpoint is kept in"));
    run->next();
    EXPECT_THAT(refusal([&] { run->learn("phase", failing, broken); }),
                HasSubstr("fell off the bus. The last checkpoint is kept in"));
    EXPECT_EQ(weight(checkpoint()), 1);
}

TEST_F(RunTest, ALineThatAKilledRunToreStaysOneOfItsOwn)
{
    {
        const auto run = made(options());
        run->load();
        run->save({}, "phase", 1);
    }
    std::ofstream(output() / "log.jsonl") << "{\"step\":0}\n{\"ste";
    const auto again = made(options(true));
    again->load();
    again->next();
    again->report("phase", {});
    again->report("phase", {});
    const std::string log = textOf(output() / "log.jsonl");
    EXPECT_THAT(log, StartsWith("{\"step\":0}\n{\"ste\n{\"phase\""));
    EXPECT_EQ(std::ranges::count(log, '\n'), 4);
}

TEST_F(RunTest, ARunWithoutAStepIsNoModel)
{
    TrainOptions brief = options();
    std::stop_source stop;
    brief.stop = stop.get_token();
    brief.steps.reset();
    brief.minutes = 1e-9;
    const auto run = made(brief);
    run->load();
    EXPECT_FALSE(run->next());
    EXPECT_THAT(refusal([&] { run->expectSteps(); }), HasSubstr("over before its first step"));
    stop.request_stop();
    EXPECT_EQ(refusal([&] { run->expectSteps(); }), "accepted");
}

TEST_F(RunTest, AFolderThatOthersFillIsSweptByTheFirst)
{
    const fs::path torn = output() / ".tessera-7.part";
    {
        const SharedFolder first(output());
        std::ofstream(torn) << "half"; // it may be at work on it
        const SharedFolder second(output());
        EXPECT_TRUE(fs::exists(torn));
    }
    std::ofstream(output() / "mine.part") << "half";
    const SharedFolder third(output());
    EXPECT_FALSE(fs::exists(torn));
    EXPECT_TRUE(fs::exists(output() / "mine.part"));
}

TEST_F(RunTest, MinutesThatAreNoNumberAreNoEnd)
{
    TrainOptions endless = options();
    endless.steps.reset();
    endless.minutes = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THAT(refusal([&] { made(endless); }), HasSubstr("no end"));
}

} // namespace
} // namespace tessera::models
