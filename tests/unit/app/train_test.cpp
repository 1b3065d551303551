// The contract of tessera-train, tested from outside: exit codes, messages, files.
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "models/bundle.h"
#include "models/modelfile.h"
#include "models/safetensors.h"
#include "models/training/evalnet.h"
#include "models/training/shard.h"
#include "tests/data/tinymodel.h"
#include "tests/unit/app/process.h"

namespace tessera::tests
{
namespace
{

namespace fs = std::filesystem;
using testing::AllOf;
using testing::AnyOf;
using testing::EndsWith;
using testing::HasSubstr;

class TrainTest : public testing::Test
{
protected:
    void SetUp() override { fs::create_directories(m_folder); }
    void TearDown() override { fs::remove_all(m_folder); }

    // A folder with a blank in its name.
    fs::path output() const { return m_folder / "out put"; }
    fs::path firstShard() const { return output() / "landscapes-0000000005.tlds"; }

    static std::vector<std::string> command(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), TESSERA_TRAIN);
        return arguments;
    }
    static Outcome run(std::vector<std::string> arguments) { return Process(command(std::move(arguments))).finish(); }
    // The same command for a shell.
    static std::string shellWords(const std::vector<std::string> &arguments)
    {
        std::string words;
        for (const std::string &word : command(arguments))
            words += (words.empty() ? "'" : " '") + word + "'";
        return words;
    }
    std::vector<std::string> landscapes(const std::string &count) const
    {
        return {"landscapes", "--count", count, "--seed", "5", "--size", "24x16", "-o", output().string()};
    }

    fs::path recipe() const { return output() / "tiny.json"; }
    // A recipe for a condition stage, and two pictures each in train/ and val/.
    void prepareTraining() const
    {
        for (const char *part : {"train", "val"}) {
            std::vector<std::string> pictures = landscapes("2");
            pictures[6] = "32x32";
            pictures.back() = (output() / part).string();
            ASSERT_EQ(run(pictures).exitCode, 0);
        }
        std::ofstream(recipe())
            << R"({"label_set": "landscape", "learning_rate": 1e-3, "views": {"size": 32, "batch": 2},
            "model": {"embed_dim": 4, "n_embed": 16, "ddconfig": {"in_channels": 25, "out_ch": 25, "ch": 16,
            "ch_mult": [1, 2], "num_res_blocks": 1, "resolution": 32, "attn_resolutions": [], "z_channels": 8,
            "patch_size": 4, "norm_groups": 4}}})";
    }

    fs::path result() const { return output() / "result"; }
    fs::path checkpoint() const { return result() / "checkpoint.safetensors"; }
    // The arguments that train the prepared stage into result().
    std::vector<std::string> training(const std::vector<std::string> &more) const
    {
        std::vector<std::string> arguments{"condition",       "--threads",       "1",
                                           "--recipe",        recipe().string(), "--data",
                                           output().string(), "--output",        result().string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }

private:
    fs::path m_folder = fs::path(testing::TempDir()) / ("train_test_" + std::to_string(getpid()));
};

TEST_F(TrainTest, WrongUsageIsTwo)
{
    EXPECT_EQ(run({}).exitCode, 2);
    const Outcome unknown = run({"paint"});
    EXPECT_EQ(unknown.exitCode, 2);
    EXPECT_EQ(unknown.err, "tessera-train: 'paint' is no command; --help lists them.\n");
    const Outcome extra = run({"landscapes", "--count", "1", "-o", output().string(), "one", "two"});
    EXPECT_EQ(extra.exitCode, 2);
    EXPECT_EQ(extra.err, "tessera-train: Not expected here: one two.\n");
    EXPECT_EQ(run({"vqgan"}).exitCode, 2);
    const Outcome outcome = run({"landscapes", "--count", "1", "--size", "12", "-o", output().string()});
    EXPECT_EQ(outcome.exitCode, 2);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("'12'"), HasSubstr("WIDTHxHEIGHT")));
    EXPECT_EQ(run({"landscapes", "--count", "1", "--size", "9000x64", "-o", output().string()}).exitCode, 1);
    EXPECT_FALSE(fs::exists(output()));
    EXPECT_EQ(run({"--help"}).exitCode, 0);
    EXPECT_EQ(run({"evaluate", "--model", ""}).exitCode, 2);
    EXPECT_EQ(run({"evaluate", "--model=", "--json"}).err,
              "tessera-train: --model: an empty value was found, expected one that says something.\n");
}

TEST_F(TrainTest, NumbersOutOfRangeAreWrongUsage)
{
    const std::string folder = output().string();
    const auto refused = [](const std::vector<std::string> &arguments, const std::string &option,
                            const std::string &value, const std::string &expected) {
        std::vector<std::string> all = arguments;
        all.insert(all.end(), {option, value});
        const Outcome outcome = run(all);
        EXPECT_EQ(outcome.exitCode, 2);
        EXPECT_EQ(outcome.err,
                  "tessera-train: " + option + ": '" + value + "' was found, expected " + expected + ".\n");
    };
    for (const char *minutes : {"nan", "inf", "0", "-1", "1e999", "two"}) {
        refused({"vqgan", "--recipe", "r.json"}, "--minutes", minutes, "a number above 0");
        refused({"starter"}, "--minutes", minutes, "a number above 0");
    }
    for (const char *threads : {"0", "-1", "1025", "100000", "1.5"})
        for (const std::vector<std::string> &command : std::vector<std::vector<std::string>>{
                 {"vqgan", "--recipe", "r.json"}, {"starter", "--minutes", "1"}, {"evaluate"}, {"bench"}})
            refused(command, "--threads", threads, "a whole number from 1 to 1024");
    refused({"vqgan", "--recipe", "r.json"}, "--steps", "0", "a whole number from 1 to 9223372036854775807");
    const std::string upToInt = " to 2147483647";
    refused({"landscapes", "-o", folder}, "--count", "99999999999", "a whole number from 1" + upToInt);
    refused({"landscapes", "-o", folder, "--count", "1"}, "--lightings", "9", "a whole number from 1 to 8");
    for (const char *option : {"--pictures", "--map-count"})
        refused({"evaluate", "--judge", "j"}, option, "0", "a whole number from 1" + upToInt);
    refused({"evaluate", "--judge", "j"}, "--canvases", "-1", "a whole number from 0" + upToInt);
}

TEST_F(TrainTest, BadInputIsOneSentence)
{
    const Outcome outcome = run({"condition", "--recipe", "nowhere/recipe.yaml"});
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_EQ(outcome.err, "tessera-train: There is no recipe 'nowhere/recipe.yaml'.\n");
    EXPECT_EQ(outcome.out, "");
    const Outcome filter = run({"bench", "--filter", "["});
    EXPECT_EQ(filter.exitCode, 1);
    EXPECT_THAT(filter.err, AnyOf(HasSubstr("'[' is no regular expression"), HasSubstr("without Google Benchmark")));
    const std::vector<std::string> beyond{"landscapes", "--count",        "8", "--seed", "4294967292",
                                          "-o",         output().string()};
    EXPECT_EQ(run(beyond).err,
              "tessera-train: 8 pictures from seed 4294967292 on reach seed 4294967299; the last one is "
              "4294967295.\n");
}

TEST_F(TrainTest, LandscapesMakesAShardWithFacts)
{
    const Outcome outcome = run(landscapes("3"));
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(outcome.err, ""); // no terminal, no bar
    const models::ShardReader shard(firstShard());
    ASSERT_EQ(shard.size(), 3U);
    EXPECT_EQ(shard.width(), 24);
    EXPECT_EQ(shard.height(), 16);
    const auto facts = nlohmann::json::parse(shard.read(2).facts);
    EXPECT_EQ(facts.at("seed"), 7);
    for (const char *key : {"biome", "light", "weather"}) {
        EXPECT_FALSE(facts.at(key).get<std::string>().empty()) << key;
    }
}

TEST_F(TrainTest, LandscapesKeepsWhatIsThere)
{
    ASSERT_EQ(run(landscapes("2")).exitCode, 0);
    const auto time = fs::last_write_time(firstShard());
    EXPECT_EQ(run(landscapes("2")).exitCode, 0);
    EXPECT_EQ(fs::last_write_time(firstShard()), time);
    const Outcome other = run(landscapes("3"));
    EXPECT_EQ(other.exitCode, 1);
    EXPECT_THAT(other.err, AllOf(HasSubstr("2 pictures of 24x16"), HasSubstr("3 pictures of 24x16")));
}

TEST_F(TrainTest, LandscapesTakesAwayWhatAKilledOneLeft)
{
    fs::create_directories(output());
    std::ofstream(output() / ".tessera-1234.part") << "half a shard";
    EXPECT_EQ(run(landscapes("1")).exitCode, 0);
    EXPECT_FALSE(fs::exists(output() / ".tessera-1234.part"));
    EXPECT_TRUE(fs::exists(firstShard()));
}

TEST_F(TrainTest, LandscapesRefusesDevicesThatAreNotThere)
{
    for (const auto &[device, exitCode] : {std::pair("cuda:99", 1), std::pair("gpu", 2)}) { // none is called "gpu"
        std::vector<std::string> arguments = landscapes("1");
        arguments.insert(arguments.end(), {"--device", device});
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exitCode, exitCode);
        EXPECT_THAT(outcome.err, HasSubstr("'" + std::string(device) + "'"));
        EXPECT_FALSE(fs::exists(firstShard()));
    }
}

TEST_F(TrainTest, InterruptLeavesWholeShardsOnly)
{
    std::signal(SIGHUP, SIG_DFL); // `nohup` may have started the tests
    std::vector<std::string> arguments = landscapes("99");
    arguments[6] = "128x128";
    arguments.insert(arguments.end(), {"--progress", "json"});
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        Process process(command(arguments));
        ASSERT_TRUE(process.waitForError("\"done\":1,"));
        process.sendSignal(signal);
        EXPECT_EQ(process.finish().exitCode, 130) << signal;
        EXPECT_TRUE(fs::is_empty(output()));
    }
}

TEST_F(TrainTest, AHangUpThatIsIgnoredStaysIgnored)
{
    Process process({"/bin/bash", "-c", "trap '' HUP; exec " + shellWords(landscapes("4")) + " --progress json"});
    ASSERT_TRUE(process.waitForError("\"done\":0,"));
    process.sendSignal(SIGHUP);
    EXPECT_EQ(process.finish().exitCode, 0);
    EXPECT_TRUE(fs::exists(firstShard()));
}

TEST_F(TrainTest, NobodyNeedsToReadTheProgress)
{
    const Outcome outcome =
        Process({"/bin/bash", "-c",
                 "exec 3> >(true); wait $!; exec " + shellWords(landscapes("2")) + " --progress json 2>&3"})
            .finish();
    EXPECT_EQ(outcome.exitCode, 0);
    EXPECT_TRUE(fs::exists(firstShard()));
}

TEST_F(TrainTest, WhatIsPrintedArrivesOrTheCommandFails)
{
    const auto version = [](const std::string &before, const std::string &after) {
        return Process({"/bin/bash", "-c", before + "exec " + shellWords({"--version"}) + after}).finish();
    };
    for (const char *output : {" >/dev/full", " >&-"}) {
        const Outcome lost = version("", output);
        EXPECT_EQ(lost.exitCode, 1) << output;
        EXPECT_EQ(lost.err, "tessera-train: The result could not be written to the standard output.\n");
    }
    EXPECT_EQ(version("exec 3> >(true); wait $!; ", " >&3").exitCode, 0); // has read enough
}

TEST_F(TrainTest, EvaluateRecordsWhatWindowsInStepsCost)
{
    std::vector<std::string> arguments = landscapes("2");
    arguments[6] = "64x72";
    ASSERT_EQ(run(arguments).exitCode, 0);
    const fs::path model = writeTinyModel(output() / "tiny.safetensors"), target = output() / "priced.safetensors";
    const Outcome outcome = run({"evaluate", "--model", model.string(), "--data", output().string(), "--windows",
                                 "--record", target.string(), "--threads", "1", "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const auto figures = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(figures.at("pictures"), 2);
    ASSERT_EQ(figures.at("policies").size(), 2U); // a window of 4 codes: steps of 2 and 4
    const models::ModelFile before = models::ModelFile::open(model), after = models::ModelFile::open(target);
    ASSERT_EQ(after.config.windowPrices.size(), 2U);
    for (const auto &policy : figures.at("policies")) {
        const std::string name = policy.at("window");
        EXPECT_NEAR(after.config.windowPrices.at(name == "block:2" ? 2 : 4), policy.at("percent").get<double>(), 1e-3);
    }
    EXPECT_EQ(after.notes, before.notes);
    EXPECT_EQ(models::ModelBundle::open(target).identity(), models::ModelBundle::open(model).identity());
    EXPECT_EQ(run({"evaluate", "--record", target.string()}).exitCode, 2);
    for (const auto &[to, sentence] :
         {std::pair{model, "belongs to the model that is measured"}, {output() / "priced.txt", "ends in .safetensors"}})
        EXPECT_THAT(run({"evaluate", "--model", model.string(), "--data", output().string(), "--windows", "--record",
                         to.string()})
                        .err,
                    HasSubstr(sentence));
    const Outcome lost = Process({"/bin/bash", "-c",
                                  "exec "
                                      + shellWords({"evaluate", "--model", model.string(), "--data", output().string(),
                                                    "--windows", "--threads", "1", "--json"})
                                      + " >/dev/full"})
                             .finish();
    EXPECT_EQ(lost.exitCode, 1);
    EXPECT_THAT(lost.err, HasSubstr("standard output"));
}

TEST_F(TrainTest, EvaluateTellsWhatReducedPrecisionsCost)
{
    std::vector<std::string> arguments = landscapes("2");
    arguments[6] = "64x64";
    ASSERT_EQ(run(arguments).exitCode, 0);
    const fs::path model = writeTinyModel(output() / "tiny.safetensors");
    const Outcome outcome = run({"evaluate", "--model", model.string(), "--data", output().string(), "--precisions",
                                 "--threads", "1", "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const auto precisions = nlohmann::json::parse(outcome.out).at("precisions");
    ASSERT_EQ(precisions.size(), 2U);
    for (const auto &precision : precisions) {
        EXPECT_EQ(precision.at("codes"), 2 * 16);
        EXPECT_GT(precision.at("divergence_nats"), 0);
        EXPECT_LT(precision.at("divergence_nats"), 0.01);
        EXPECT_LT(std::abs(precision.at("percent").get<double>()), 0.5);
    }
    EXPECT_EQ(run({"evaluate", "--precisions", "--windows"}).exitCode, 2);
}

// Nobody who asks for a model gets random weights and is told that all went well.
TEST_F(TrainTest, ATrainingThatLearnedNothingFails)
{
    prepareTraining();
    const Outcome brief = run(training({"--minutes", "0.00001"}));
    EXPECT_EQ(brief.exitCode, 1);
    EXPECT_THAT(brief.err, HasSubstr("was over before its first step, so no model is written"));
    EXPECT_TRUE(fs::exists(checkpoint()));
    EXPECT_FALSE(fs::exists(result() / "model.safetensors"));
}

TEST_F(TrainTest, AnInterruptedTrainingKeepsACheckpointToGoOnFrom)
{
    prepareTraining();
    Process process(command(training({"--minutes", "10", "--progress", "json"})));
    ASSERT_TRUE(process.waitForError("\"values\"")); // of a step
    process.sendSignal(SIGINT);
    const Outcome outcome = process.finish();
    EXPECT_EQ(outcome.exitCode, 130);
    EXPECT_THAT(outcome.err, HasSubstr("holds a checkpoint, --resume goes on from it"));
    const auto stepsDone = [&] { return std::stoll(models::readSafetensorsIndex(checkpoint()).metadata.at("step")); };
    const auto interruptedAt = stepsDone();
    EXPECT_GT(interruptedAt, 0);

    const Outcome resumed = run(training({"--resume", "--steps", std::to_string(interruptedAt + 2)}));
    EXPECT_EQ(resumed.exitCode, 0) << resumed.err;
    EXPECT_EQ(stepsDone(), interruptedAt + 2);
    EXPECT_TRUE(fs::exists(result() / "model.safetensors"));
}

TEST_F(TrainTest, TooFewPicturesToJudgeByAreToldBeforeAnyIsPainted)
{
    prepareTraining(); // two of them
    models::EvalNetConfig config;
    config.widths = {8, 8, 8, 8, 8};
    config.pyramid = 8;
    config.side = 32;
    models::FreshSource source(1);
    models::EvalNet::create(config, source);
    const fs::path judge = output() / "judge.safetensors";
    models::EvalNet::write(judge, config, source.tensors(), {});
    const auto refusal = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"evaluate", "--model", "/no/such/model", "--judge", judge.string()});
        const Outcome outcome = run(more);
        EXPECT_EQ(outcome.exitCode, 1);
        return outcome.err;
    };
    const std::string few = (output() / "val").string(), enough = (output() / "enough").string();
    EXPECT_THAT(refusal({"--data", few}), HasSubstr("1 pictures are too few to judge by, of 2 in '" + few));
    std::vector<std::string> pictures = landscapes("6");
    pictures.back() = enough;
    ASSERT_EQ(run(pictures).exitCode, 0);
    EXPECT_THAT(refusal({"--data", enough, "--others", few}), HasSubstr(few + " holds 2 pictures; expected 6 or more"));
    EXPECT_THAT(refusal({"--data", enough, "--others", enough}), HasSubstr("/no/such/model"));
}

// A limit on the size of files stands for a disk that is full.
TEST_F(TrainTest, AFullDiskStopsTheTrainingAndLeavesTheCheckpointBefore)
{
    prepareTraining();
    const auto identity = [&] {
        return models::identityOf({}, models::readSafetensors(models::readSafetensorsIndex(checkpoint())));
    };
    const Outcome first = run(training({"--steps", "2"}));
    ASSERT_EQ(first.exitCode, 0) << first.err;
    const std::string before = identity();

    const std::vector<std::string> goingOn = training({"--steps", "4", "--resume"});
    const Outcome full = Process({"/bin/bash", "-c", "ulimit -f 16; exec " + shellWords(goingOn)}).finish();
    EXPECT_EQ(full.exitCode, 1);
    EXPECT_THAT(full.err, AllOf(HasSubstr("checkpoint.safetensors cannot be written: File too large"), EndsWith("\n")));
    EXPECT_EQ(before, identity());
    for (const auto &entry : fs::directory_iterator(result()))
        EXPECT_THAT(entry.path().extension().string(), AnyOf(".safetensors", ".jsonl", ".png"));
    const Outcome again = run(goingOn);
    EXPECT_EQ(again.exitCode, 0) << again.err;
}

TEST_F(TrainTest, OneBenchmarkIsMeasuredAsJson)
{
    const Outcome outcome = run({"bench", "--filter", "^data/painted-map", "--threads", "1", "--json"});
    if (outcome.err.find("without Google Benchmark") != std::string::npos)
        GTEST_SKIP() << outcome.err;
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const auto benchmarks = nlohmann::json::parse(outcome.out).at("benchmarks");
    ASSERT_EQ(benchmarks.size(), 1U);
    EXPECT_THAT(benchmarks.at(0).at("name").get<std::string>(), HasSubstr("data/painted-map"));
    EXPECT_GT(benchmarks.at(0).at("real_time"), 0);
}

TEST_F(TrainTest, PicturesToLookAt)
{
    std::vector<std::string> arguments = landscapes("2");
    arguments.push_back("--png");
    EXPECT_EQ(run(arguments).exitCode, 0);
    EXPECT_TRUE(fs::exists(output() / "landscape-0000000006.png"));
    EXPECT_FALSE(fs::exists(firstShard()));
}

} // namespace
} // namespace tessera::tests
