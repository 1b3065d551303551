// The contract of the other commands of tessera-cli, tested from outside.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include <QImage>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/document/imagefile.h"
#include "tests/unit/app/clifixture.h"

namespace tessera::tests
{

namespace
{

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(Cli, EncodeThenDecodeIsReconstruct)
{
    render({"-o", file("a.png")});
    EXPECT_EQ(run({"encode", "--model", model(), "--image", file("a.png"), "-o", file("a.npy")}).exitCode, 0);
    EXPECT_EQ(run({"decode", "--model", model(), "--codes", file("a.npy"), "-o", file("b.png")}).exitCode, 0);
    const Outcome outcome =
        run({"reconstruct", "--model", model(), "--image", file("a.png"), "-o", file("c.png"), "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(core::readImage(file("b.png")), core::readImage(file("c.png")));
    EXPECT_EQ(json::parse(outcome.out).at("codes"), 30);
}

TEST_F(Cli, ConditionCodesStandForTheMap)
{
    EXPECT_EQ(
        run({"encode-condition", "--model", model(), "--map", map(), "-o", file("c.npy"), "--threads", "1"}).exitCode,
        0);
    const Outcome outcome =
        run({"render", "--model", model(), "--condition-codes", file("c.npy"), "-o", file("b.png"), "--threads", "1"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    render({"-o", file("a.png")});
    EXPECT_EQ(core::readImage(file("a.png")), core::readImage(file("b.png")));
}

TEST_F(Cli, ScoreAgreesWithTheRender)
{
    const json drawn = json::parse(render({"-o", file("a.png"), "--codes", file("a.npy"), "--json"}).out);
    const Outcome outcome = run({"score", "--model", model(), "--codes", file("a.npy"), "--map", map(), "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const json score = json::parse(outcome.out);
    const double nats = score.at("nats_per_code").get<double>();
    EXPECT_NEAR(nats, drawn.at("nats_per_code").get<double>(), 1e-4);
    EXPECT_NEAR(score.at("bits_per_code").get<double>(), nats / std::log(2.0), 1e-9);
    EXPECT_EQ(run({"score", "--model", model(), "--map", map()}).exitCode, 2);
}

TEST_F(Cli, ScoreReadsAMapBeyondWholeCodesAsRenderDoes)
{
    core::writeImage(file("odd.png"),
                     core::toQImage(core::mapToRgb(landscapeMap(53, 43), core::loadLabelSet("landscape"))));
    const std::vector<std::string> common{"--model", model(), "--map", file("odd.png"), "--json"};
    const auto with = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), common.begin(), common.end());
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
        return json::parse(outcome.out).at("nats_per_code").get<double>();
    };
    const double drawn = with({"render", "-o", file("a.png"), "--codes", file("a.npy"), "--guidance", "1"});
    EXPECT_NEAR(with({"score", "--codes", file("a.npy")}), drawn, 1e-4);
}

TEST_F(Cli, ScoreTellsWhatWindowsInStepsCost)
{
    const auto policies = [&](int width, std::vector<std::string> more) {
        core::writeImage(file("map.png"),
                         core::toQImage(core::mapToRgb(landscapeMap(width, 32), core::loadLabelSet("landscape"))));
        EXPECT_EQ(run({"render", "--model", model(), "--map", file("map.png"), "-o", file("a.png")}).exitCode, 0);
        const std::vector<std::string> common{"score",       "--model", model(),         "--image",
                                              file("a.png"), "--map",   file("map.png"), "--json"};
        more.insert(more.begin(), common.begin(), common.end());
        const json report = json::parse(run(more).out);
        EXPECT_EQ(report.at("nats_per_code"), report.at("policies").at(0).at("nats_per_code"));
        std::vector<std::string> names;
        for (const json &policy : report.at("policies"))
            names.push_back(policy.at("window"));
        return names;
    };
    EXPECT_THAT(policies(32, {}), ElementsAre("exact"));
    EXPECT_THAT(policies(64, {}), ElementsAre("exact", "block:2"));
    EXPECT_THAT(policies(64, {"--window", "block:3", "exact"}), ElementsAre("block:3", "exact"));

    const Outcome told =
        run({"score", "--model", model(), "--image", file("a.png"), "--map", file("map.png"), "--progress", "json"});
    EXPECT_EQ(std::ranges::count(told.err, '\n'), 5) << told.err; // a line for each window
    const json last = json::parse(told.err.substr(told.err.rfind('\n', told.err.size() - 2) + 1));
    EXPECT_EQ(last.at("event"), "progress");
    EXPECT_EQ(last.at("codes_done"), last.at("codes_total"));
    EXPECT_EQ(last.at("codes_total"), 64); // 32 by two policies
}

TEST_F(Cli, InspectTellsWhatAModelIs)
{
    const Outcome outcome = run({"inspect", model(), "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const json report = json::parse(outcome.out);
    EXPECT_EQ(report.at("paints_from"), "labels");
    EXPECT_EQ(report.at("window"), kTinyWindow);
    EXPECT_EQ(report.at("foreign_objects"), json::array());
    EXPECT_EQ(report.at("non_finite"), 0);
    EXPECT_GT(report.at("tensors").size(), 50u);
    EXPECT_THAT(run({"inspect", model()}).out, AllOf(HasSubstr("Tiny"), HasSubstr("light: any, day, sunset")));
    expectFailure(run({"inspect", map()}), "map.png");
}

TEST_F(Cli, ConvertedModelStillPaints)
{
    ASSERT_EQ(run({"convert", model(), "-o", file("int8.safetensors"), "--dtype", "int8"}).exitCode, 0);
    EXPECT_LT(fs::file_size(file("int8.safetensors")), fs::file_size(model()) / 2);
    ASSERT_EQ(run({"convert", model(), "-o", file("same.safetensors")}).exitCode, 0);
    EXPECT_EQ(json::parse(run({"inspect", file("same.safetensors"), "--json"}).out).at("identity"),
              json::parse(run({"inspect", model(), "--json"}).out).at("identity"));
    EXPECT_EQ(run({"render", "--model", file("int8.safetensors"), "--map", map(), "-o", file("a.png")}).exitCode, 0);
}

TEST_F(Cli, LabelsAndPalette)
{
    const Outcome outcome = run({"labels", "--set", "landscape", "--json", "--gpl", file("p.gpl")});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const json set = json::parse(outcome.out);
    EXPECT_EQ(set.at("set"), "landscape");
    EXPECT_EQ(set.at("labels").at(1).at("name"), "sky");
    EXPECT_EQ(set.at("labels").at(1).at("index"), 1);
    EXPECT_EQ(set.at("labels").at(1).at("color"), "#9ceedd");
    EXPECT_TRUE(set.at("labels").at(1).at("synonyms").is_array());
    EXPECT_THAT(bytesOf(file("p.gpl")), testing::StartsWith("GIMP Palette\n"));
    EXPECT_TRUE(json::parse(run({"labels", "--json"}).out).is_array());
    expectFailure(run({"labels", "--set", "moon"}), "landscape");
}

TEST_F(Cli, BatchPaintsAFolderInShardsAndResumes)
{
    fs::create_directories(folder / "maps");
    for (const char *name : {"maps/a.png", "maps/b.png", "maps/c.png"})
        fs::copy_file(map(), file(name));
    const auto batch = [&](std::vector<std::string> more) {
        std::vector<std::string> arguments{"batch", file("maps"), "-o", file("out"), "--model", model(), "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
        return json::parse(outcome.out);
    };
    EXPECT_EQ(batch({"--shard", "2/2"}).at("outputs"), json::array({file("out/b.png")}));
    const json rest = batch({"--resume"});
    EXPECT_EQ(rest.at("outputs").size(), 2u);
    EXPECT_EQ(rest.at("skipped"), json::array({file("out/b.png")}));
    EXPECT_EQ(run({"batch", file("maps"), "-o", file("out"), "--model", model(), "--shard", "3/2"}).exitCode, 2);
}

TEST_F(Cli, DoctorKnowsTheMachine)
{
    const Outcome outcome = run({"doctor", "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const json report = json::parse(outcome.out);
    EXPECT_EQ(report.at("devices").at(0).at("name"), "cpu");
    EXPECT_GT(report.at("memory").at("total_bytes").get<uint64_t>(), 0u);
    EXPECT_EQ(report.at("checks").size(), 3u);
    EXPECT_THAT(report.at("cpu").at("instructions").get<std::string>(),
                testing::AnyOf("amx", "avx512", "avxvnni", "avx2", "portable"));
}

} // namespace

} // namespace tessera::tests
