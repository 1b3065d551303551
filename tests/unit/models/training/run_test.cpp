#include "models/training/run.h"

#include <chrono>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <thread>

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

TEST_F(RunTest, ABrokenTrainingNamesACheckpointOnlyWhereThereIsOne)
{
    const auto run = made(options());
    run->load();
    run->next();
    const auto broken = [&] { run->report("phase", {{"loss", std::nan("")}}); };
    EXPECT_THAT(refusal(broken), AllOf(HasSubstr("'loss' is not a number."), Not(HasSubstr("checkpoint"))));
    run->save({}, "phase", 1);
    EXPECT_THAT(refusal(broken), HasSubstr("The last checkpoint is kept in " + output().string()));
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
