// The contract of `tessera-cli render`, tested from outside: exit codes, messages, files, JSON.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <sstream>
#include <thread>

#include <QColorSpace>
#include <QImage>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "core/document/imagefile.h"
#include "core/document/npyfile.h"
#include "core/document/picturefile.h"
#include "models/bundle.h"
#include "models/modelfile.h"
#include "models/parameters.h"
#include "tests/unit/app/clifixture.h"

namespace tessera::tests
{

namespace
{

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;

TEST_F(Cli, RendersAPicture)
{
    const Outcome outcome = render({"-o", file("a.png"), "--seed", "3"});
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    const QImage picture = core::readImage(file("a.png"));
    EXPECT_EQ(picture.size(), QSize(48, 40));
    EXPECT_EQ(files(), std::vector<std::string>{"a.png"});
}

TEST_F(Cli, AMapNeedsNoOption)
{
    render({"-o", file("a.png")});
    EXPECT_EQ(run({"render", map(), "-o", file("b.png"), "--model", model(), "--threads", "1"}).exitCode, 0);
    EXPECT_EQ(bytesOf(file("a.png")), bytesOf(file("b.png")));
    EXPECT_EQ(run({"render", map(), "--unconditional", "-o", file("c.png")}).exitCode, 2);
}

TEST_F(Cli, RenderJsonHasTheKeysOfTheContract)
{
    const Outcome outcome =
        render({"-o", file("a.png"), "--json", "--seed", "3", "--variation", "2", "--window", "block:2"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result.at("codes"), 30);
    EXPECT_GT(result.at("passes").get<int64_t>(), 0);
    for (const char *key : {"load", "condition", "sample", "decode", "total"})
        EXPECT_GE(result.at("seconds").at(key).get<double>(), 0) << key;
    EXPECT_EQ(result.at("device"), "cpu");
    EXPECT_EQ(result.at("precision"), "fp32");
    EXPECT_EQ(result.at("window"), "block:2");
    EXPECT_GT(result.at("nats_per_code").get<double>(), 0);
    EXPECT_EQ(result.at("seed"), 3);
    EXPECT_EQ(result.at("variation"), 2);
    EXPECT_EQ(result.at("outputs"), json::array({file("a.png")}));
}

TEST_F(Cli, AutoTakesTheWindowPolicyThatTheModelCanAfford)
{
    const auto window = [&](const std::string &modelName, const std::string &size) {
        const Outcome outcome = run({"render", "--model", model(modelName), "--map", map(), "--threads", "1", "-o",
                                     file("a.png"), "--json", "--window", "auto", "--size", size});
        EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
        return nlohmann::json::parse(outcome.out).at("window").get<std::string>();
    };
    EXPECT_EQ(window("tiny", "48x40"), "exact"); // no prices
    models::ModelFile priced = models::ModelFile::open(model());
    priced.config.windowPrices = {{2, 0.4}, {4, 0.9}};
    models::ModelBundle::write(model("priced"), priced.config, priced.readTensors(), {});
    EXPECT_EQ(window("priced", "48x40"), "block:2");
    EXPECT_EQ(window("priced", "32x32"), "exact"); // one window
}

TEST_F(Cli, SameSeedSameFileOtherSeedOtherPicture)
{
    render({"-o", file("a.png"), "--seed", "3"});
    render({"-o", file("b.png"), "--seed", "3"});
    render({"-o", file("c.png"), "--seed", "4"});
    EXPECT_EQ(bytesOf(file("a.png")), bytesOf(file("b.png")));
    EXPECT_NE(core::readImage(file("a.png")), core::readImage(file("c.png")));
}

TEST_F(Cli, VariationOfManyEqualsTheOneAlone)
{
    const Outcome outcome = render({"-o", file("a.png"), "--codes", file("a.npy"), "--variations", "3"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(files(), (std::vector<std::string>{"a-0.npy", "a-0.png", "a-1.npy", "a-1.png", "a-2.npy", "a-2.png"}));
    render({"-o", file("one.png"), "--codes", file("one.npy"), "--variation", "2"});
    EXPECT_EQ(bytesOf(file("one.png")), bytesOf(file("a-2.png")));
    EXPECT_EQ(bytesOf(file("one.npy")), bytesOf(file("a-2.npy")));
    EXPECT_NE(bytesOf(file("a-0.npy")), bytesOf(file("a-1.npy")));
}

TEST_F(Cli, CodesDecodeToThePictureAndScoresHaveTheirShape)
{
    const Outcome drawn = render({"-o", file("a.png"), "--codes", file("a.npy"), "--scores", file("s.npy"), "--json"});
    const Outcome outcome =
        run({"decode", "--model", model(), "--codes", file("a.npy"), "-o", file("b.png"), "--threads", "1"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(core::readImage(file("a.png")), core::readImage(file("b.png")));
    const core::FloatPlanes scores = core::readNpyPlanes(file("s.npy"));
    EXPECT_EQ(scores.planes, 2);
    EXPECT_EQ(scores.rows, 5);
    EXPECT_EQ(scores.columns, 6);
    const auto entropy = scores.values.begin() + 30;
    EXPECT_NEAR(std::accumulate(scores.values.begin(), entropy, 0.0) / 30,
                -json::parse(drawn.out).at("nats_per_code").get<double>(), 1e-5);
    EXPECT_GT(*entropy, 0);
}

TEST_F(Cli, AgainMakesTheSameFile)
{
    render({"-o", file("a.png"), "--seed", "11", "--control", "light=sunset", "weather=fog", "--guidance", "2",
            "--temperature", "0.9", "--top-k", "9", "--top-p", "0.9"});
    const Outcome outcome = run({"render", "--again", file("a.png"), "-o", file("b.png"), "--threads", "1"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(bytesOf(file("a.png")), bytesOf(file("b.png")));
    expectFailure(run({"render", "--again", map(), "-o", file("c.png")}), "carries no render record");
    expectFailure(run({"render", "--again", file("a.png"), "--model", (shared() / "depth.safetensors").string(), "-o",
                       file("c.png")}),
                  "was made with the model");
}

TEST_F(Cli, EveryKindOfModelHasItsOption)
{
    const auto paint = [&](const std::string &kind, std::vector<std::string> more) {
        more.insert(more.begin(), {"render", "--model", model(kind), "-o", file(kind + ".png")});
        return run(more);
    };
    EXPECT_EQ(paint("depth", {"--depth", map()}).exitCode, 0);
    EXPECT_EQ(paint("class", {"--class", "3"}).exitCode, 0);
    EXPECT_EQ(paint("nothing", {"--unconditional"}).exitCode, 0);
    EXPECT_EQ(paint("coordinates", {"--size", "48x40"}).exitCode, 0);
    EXPECT_EQ(core::readImage(file("class.png")).size(), QSize(32, 32));
    EXPECT_EQ(core::readImage(file("coordinates.png")).size(), QSize(48, 40));
    expectFailure(paint("class", {"--class", "9"}), "0 to 4");
    expectFailure(paint("class", {"--class", "1", "--size", "64x64"}), "one window");
    expectFailure(paint("nothing", {}), "--unconditional");
    expectFailure(paint("coordinates", {"--map", map()}), "not from labels");
    expectFailure(paint("coordinates", {"--unconditional"}), "takes no condition");
}

TEST_F(Cli, OneModelPaintsFromSeveralMaps)
{
    const std::vector<std::string> common{"--model", model("several"), "--threads", "1"};
    const auto paint = [&](const std::string &name, std::vector<std::string> more) {
        more.insert(more.begin(), {"render", "-o", file(name + ".png")});
        more.insert(more.end(), common.begin(), common.end());
        return run(more);
    };
    for (const std::string kind : {"depth", "edges"}) {
        ASSERT_EQ(paint(kind, {"--" + kind, map()}).exitCode, 0);
        EXPECT_EQ(
            run({"encode-condition", "--" + kind, map(), "-o", file("c.npy"), "--model", model("several")}).exitCode,
            0);
        EXPECT_EQ(paint("codes", {"--condition-codes", file("c.npy"), "--map-kind", kind}).exitCode, 0);
        EXPECT_EQ(core::readImage(file(kind + ".png")), core::readImage(file("codes.png")));
        ASSERT_EQ(run({"render", "--again", file(kind + ".png"), "-o", file("again.png"), "--threads", "1"}).exitCode,
                  0);
        EXPECT_EQ(bytesOf(file(kind + ".png")), bytesOf(file("again.png")));
    }
    EXPECT_NE(core::readImage(file("depth.png")), core::readImage(file("edges.png")));
    const json inspected = json::parse(run({"inspect", model("several"), "--json"}).out);
    EXPECT_EQ(inspected.at("other_maps"), json({"depth", "edges"}));

    fs::create_directories(folder / "maps");
    fs::copy_file(map(), file("maps/depth.png"));
    ASSERT_EQ(
        run({"batch", file("maps"), "-o", file("out"), "--map-kind", "depth", "--model", model("several")}).exitCode,
        0);
    EXPECT_EQ(core::readImage(file("out/depth.png")), core::readImage(file("depth.png")));
    EXPECT_EQ(paint("none", {"--map-kind", "depth"}).exitCode, 2); // of codes alone
    expectFailure(paint("none", {"--control", "position=above", "--map", map()}), "'position' follows from the canvas");
}

TEST_F(Cli, RegionEditLeavesTheRestAndCanBeMadeAgain)
{
    render({"-o", file("a.png"), "--size", "64x64"});
    QImage mask(64, 64, QImage::Format_Grayscale8);
    mask.fill(0);
    for (int y = 0; y < 16; ++y)
        std::fill_n(mask.scanLine(y), 16, uchar(255));
    core::writeImage(file("mask.png"), mask);
    const Outcome outcome =
        render({"-o", file("b.png"), "--init", file("a.png"), "--region", file("mask.png"), "--seed", "5", "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(json::parse(outcome.out).at("codes"), 4);
    const QImage before = core::readImage(file("a.png")), after = core::readImage(file("b.png"));
    EXPECT_EQ(before.copy(24, 0, 40, 64), after.copy(24, 0, 40, 64));
    EXPECT_EQ(before.copy(0, 24, 64, 40), after.copy(0, 24, 64, 40));
    EXPECT_NE(before.copy(0, 0, 16, 16), after.copy(0, 0, 16, 16));
    run({"render", "--again", file("b.png"), "-o", file("c.png"), "--threads", "1"});
    EXPECT_EQ(bytesOf(file("b.png")), bytesOf(file("c.png")));
}

TEST_F(Cli, APictureKeepsItsColourSpaceWithItsNumbers)
{
    render({"-o", file("a.png"), "--size", "64x64"});
    QImage before = core::readImage(file("a.png"));
    before.setColorSpace(QColorSpace::AdobeRgb); // the same numbers are other colours
    core::writeImage(file("before.png"), before);
    QImage mask(64, 64, QImage::Format_Grayscale8);
    mask.fill(0);
    for (int y = 0; y < 16; ++y)
        std::fill_n(mask.scanLine(y), 16, uchar(255));
    core::writeImage(file("mask.png"), mask);
    const Outcome outcome = render({"-o", file("after.png"), "--init", file("before.png"), "--region", file("mask.png"),
                                    "--seed", "5", "--codes", file("after.npy")});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const core::FilePicture after = core::readPicture(file("after.png"));
    EXPECT_EQ(after.space, QColorSpace(QColorSpace::AdobeRgb));
    EXPECT_EQ(core::toQImage(after.image).copy(24, 0, 40, 64),
              core::toQImage(core::readPicture(file("a.png")).image).copy(24, 0, 40, 64));
    run({"render", "--again", file("after.png"), "-o", file("again.png"), "--threads", "1"});
    EXPECT_EQ(bytesOf(file("after.png")), bytesOf(file("again.png")));

    run({"reconstruct", "--model", model(), "--image", file("before.png"), "-o", file("through.png")});
    EXPECT_EQ(core::readPicture(file("through.png")).space, QColorSpace(QColorSpace::AdobeRgb));
    EXPECT_FALSE(core::readPicture(file("a.png")).space.isValid()); // others are written as before
}

TEST_F(Cli, AStageOfMapsTakesNoPictures)
{
    const models::ModelFile whole = models::ModelFile::open(model());
    models::ModelConfig config;
    config.firstStage = *whole.config.condition.stage;
    config.imageTokens = {0, config.firstStage.codes};
    models::ModelBundle::write(file("maps.safetensors"), config,
                               models::withPrefixRemoved(whole.readTensors(), "cond_stage_model."), {});
    render({"-o", file("a.png")});
    expectFailure(run({"encode", "--model", file("maps.safetensors"), "--image", file("a.png"), "-o", file("a.npy")}),
                  "maps.safetensors encodes planes with a depth of 25; expected 3");
}

TEST_F(Cli, WrongUsageIsTwo)
{
    for (const std::vector<std::string> &arguments : std::vector<std::vector<std::string>>{
             {},
             {"paint"},
             {"render"},
             {"render", "--map", map()},
             {"render", "--map", map(), "--unconditional", "-o", file("a.png")},
             {"render", "--map", map(), "-o", file("a.png"), "--size", "12"},
             {"render", "--map", map(), "-o", file("a.png"), "--window", "blocks"},
             {"render", "--map", map(), "-o", file("a.png"), "--control", "light"},
             {"render", "--map", map(), "-o", file("a.png"), "--variations", "2", "--variation", "1"},
             {"render", "--map", map(), "-o", file("a.png"), "--init", map()},
             {"render", "--map", map(), "-o", file("a.png"), "--seed", "many"},
             {"render", "--map", map(), "-o", file("a.png"), "--seed", "-1"},
             {"render", "--map", map(), "-o", file("a.png"), "--variation", "-1"},
             {"render", "--map", map(), "-o", file("a.png"), "--temperature", "0"},
             {"render", "--map", map(), "-o", file("a.png"), "--temperature", "nan"},
             {"render", "--map", map(), "-o", file("a.png"), "--top-p", "2"},
             {"render", "--map", map(), "-o", file("a.png"), "--guidance", "inf"},
             {"render", "--map", map(), "-o", file("a.png"), "--guidance", "1e300"},
             {"render", "--map", map(), "-o", file("a.png"), "--device", "tpu"},
             {"render", "--again", map(), "-o", file("a.png"), "--seed", "1"},
             {"encode-condition", "-o", file("a.npy")},
             {"labels", "--sets"}}) {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exitCode, 2) << testing::PrintToString(arguments);
        EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    }
    EXPECT_TRUE(files().empty());
    EXPECT_EQ(run({"--help"}).exitCode, 0);
    EXPECT_EQ(run({"render", "--help"}).exitCode, 0);
}

TEST_F(Cli, BadInputIsOneWithASentence)
{
    expectFailure(run({"render", "--model", model(), "--map", file("none.png"), "-o", file("a.png")}), "none.png");
    expectFailure(run({"render", "--model", file("none.safetensors"), "--map", map(), "-o", file("a.png")}),
                  "none.safetensors");
    expectFailure(render({"-o", file("a.png"), "--size", "31x64"}), "32 x 32");
    expectFailure(render({"-o", file("a.png"), "--control", "light=noon"}), "any, day, sunset");
    expectFailure(render({"-o", file("a.png"), "--control", "mood=good"}), "light, biome, weather");
    expectFailure(render({"-o", file("a.png"), "--precision", "fp16"}), "it offers fp32, bf16, int8");
    expectFailure(run({"render", "--model", model(), "--depth", map(), "-o", file("a.png")}),
                  "paints from labels, not from depth");
    expectFailure(run({"render", "--model", model(), "-o", file("a.png")}), "--map FILE");
    expectFailure(run({"decode", "--model", model(), "--codes", map(), "-o", file("a.png")}), "map.png");
    EXPECT_TRUE(files().empty());
}

TEST_F(Cli, OutputsAreJudgedBeforeTheWork)
{
    expectFailure(render({"-o", file("none/a.png")}), "does not exist");
    expectFailure(render({"-o", file("a.gif")}), ".png");
    expectFailure(render({"-o", folder.string() + ".png/"}), "cannot be written");
    expectFailure(render({"-o", file("a.png"), "--codes", file("a.txt")}), ".npy");
    expectFailure(render({"-o", file("a.png"), "--codes", file("s.npy"), "--scores", file("s.npy")}), "same file");
    EXPECT_TRUE(files().empty());
}

TEST_F(Cli, AFailedRenderLeavesTheOldFile)
{
    std::ofstream(file("a.png")) << "old";
    expectFailure(render({"-o", file("a.png"), "--control", "light=noon"}), "noon");
    EXPECT_EQ(bytesOf(file("a.png")), "old");
    EXPECT_EQ(files(), std::vector<std::string>{"a.png"});
}

// Of several outputs all are written or none: a limit on the size of files lets the small one through alone.
TEST_F(Cli, SeveralOutputsAreWrittenTogetherOrNotAtAll)
{
    std::ofstream(file("a.npy")) << "old";
    const std::string command = "ulimit -f 2; exec " TESSERA_CLI " render --model " + model() + " --map " + map()
                                + " -o " + file("a.png") + " --codes " + file("a.npy");
    const Outcome outcome = Process({"/bin/sh", "-c", "trap '' XFSZ; " + command}).finish();
    EXPECT_EQ(outcome.exitCode, 1) << outcome.err;
    EXPECT_EQ(bytesOf(file("a.npy")), "old");
    EXPECT_EQ(files(), std::vector<std::string>{"a.npy"});
}

TEST_F(Cli, ProgressJsonIsOneObjectALine)
{
    const Outcome outcome = render({"-o", file("a.png"), "--progress", "json", "--preview-every", "10"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    std::istringstream lines(outcome.err);
    std::string line;
    json last;
    int previews = 0;
    while (std::getline(lines, line)) {
        const json event = json::parse(line);
        previews += event.at("event") == "preview";
        if (event.at("event") == "progress")
            last = event;
    }
    EXPECT_EQ(last.at("codes_done"), 30);
    EXPECT_EQ(last.at("codes_total"), 30);
    EXPECT_EQ(previews, 2);
    EXPECT_EQ(files(), (std::vector<std::string>{"a-preview.png", "a.png"}));
}

TEST_F(Cli, ATerminalShowsABarAndItGoes)
{
    if (::access("/dev/ptmx", R_OK | W_OK) != 0)
        GTEST_SKIP() << "no terminal can be made here";
    const auto shown = [](const std::vector<std::string> &arguments) {
        return Process(commandLine(arguments), ErrorOutput::Terminal).finish().err;
    };
    EXPECT_THAT(shown({"render", "--model", model(), "--map", map(), "-o", file("a.png")}),
                AllOf(HasSubstr("] 0/30 codes, starting"),
                      ContainsRegex("\\[#+] 30/30 codes, [0-9.]+ codes/s, 0 s left"), EndsWith("\r\x1b[K")));
    EXPECT_EQ(shown({"encode", "--model", model(), "--image", file("a.png"), "-o", file("a.npy")}),
              "\r\x1b[Kload ...\r\x1b[Kencode ...\r\x1b[K");
}

TEST_F(Cli, InterruptLeavesNothing)
{
    Process process(commandLine({"render", "--model", model(), "--map", map(), "-o", file("a.png"), "--codes",
                                 file("a.npy"), "--size", "512x512", "--progress", "json", "--preview-every", "40"}));
    ASSERT_TRUE(process.waitForError("\"preview\""));
    process.sendSignal(SIGINT);
    const Outcome outcome = process.finish();
    EXPECT_EQ(outcome.exitCode, 130);
    EXPECT_TRUE(files().empty()) << testing::PrintToString(files());
}

// From when the results are in their place to when the program is gone.
TEST_F(Cli, ASignalBehindTheWorkChangesNothing)
{
    std::ofstream(file("a.png")) << "old";
    Process process(commandLine({"render", "--model", model(), "--map", map(), "-o", file("a.png")}));
    while (bytesOf(file("a.png")) == "old")
        std::this_thread::yield();
    process.sendSignal(SIGTERM);
    const Outcome outcome = process.finish();
    EXPECT_EQ(outcome.exitCode, 0);
    EXPECT_THAT(outcome.out, HasSubstr("a.png"));
    EXPECT_EQ(outcome.err, "");
}

TEST_F(Cli, InterruptedVariationsLeaveEarlierFilesAsTheyWere)
{
    std::ofstream(file("a-0-preview.png")) << "old";
    Process process(commandLine({"render", "--model", model(), "--map", map(), "-o", file("a.png"), "--variations", "2",
                                 "--size", "512x512", "--progress", "json", "--preview-every", "200"}));
    ASSERT_TRUE(process.waitForError("a-1-preview.png")); // the first variation is done
    process.sendSignal(SIGINT);
    EXPECT_EQ(process.finish().exitCode, 130);
    EXPECT_EQ(files(), std::vector<std::string>{"a-0-preview.png"});
    EXPECT_EQ(bytesOf(file("a-0-preview.png")), "old");
}

} // namespace

} // namespace tessera::tests
