// The contract of the other commands of tessera-cli, tested from outside.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include <QImage>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/document/imagefile.h"
#include "models/bundle.h"
#include "models/modelfile.h"
#include "tests/unit/app/clifixture.h"
#include "tests/unit/models/checkpoint/samplefile.h"

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

TEST_F(Cli, StagesTellTheirPhases)
{
    const auto phases = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--model", model(), "--progress", "json"});
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
        std::vector<std::string> names;
        std::istringstream lines(outcome.err);
        for (std::string line; std::getline(lines, line);) {
            const json event = json::parse(line);
            EXPECT_EQ(event.at("event"), "phase");
            names.push_back(event.at("phase"));
        }
        return names;
    };
    EXPECT_THAT(phases({"encode", "--image", map(), "-o", file("a.npy")}), ElementsAre("load", "encode"));
    EXPECT_THAT(phases({"decode", "--codes", file("a.npy"), "-o", file("a.png")}), ElementsAre("load", "decode"));
    EXPECT_THAT(phases({"reconstruct", "--image", map(), "-o", file("b.png")}),
                ElementsAre("load", "encode", "decode"));
    EXPECT_THAT(phases({"encode-condition", "--map", map(), "-o", file("c.npy")}), ElementsAre("load", "condition"));
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
    EXPECT_THAT(run({"inspect", "starter"}).out, AllOf(HasSubstr("overcast; guided\n"), HasSubstr("cloudy, fog\n")));
    expectFailure(run({"inspect", map()}), "map.png");
}

TEST_F(Cli, InspectCountsWhatIsNotFiniteAndNamesItsTensor)
{
    const std::string name = "transformer.head.weight";
    const models::ModelFile whole = models::ModelFile::open(model());
    const models::StateDict tensors = whole.readTensors();
    tensors.at(name).flatten().narrow(0, 7, 1).fill_(std::numeric_limits<double>::quiet_NaN());
    models::ModelBundle::write(file("broken.safetensors"), whole.config, tensors, {});

    const json report = json::parse(run({"inspect", file("broken.safetensors"), "--json"}).out);
    EXPECT_EQ(report.at("non_finite"), 1);
    for (const json &tensor : report.at("tensors"))
        EXPECT_EQ(tensor.at("non_finite"), tensor.at("name") == name ? 1 : 0) << tensor;
    EXPECT_THAT(run({"inspect", file("broken.safetensors")}).out,
                testing::ContainsRegex("transformer.head.weight .*, not all finite"));
}

// A first stage as torch would have saved it, with a call of os.system beside it.
void writeForeignCheckpoint(const fs::path &path)
{
    const fs::path stage = writeTinyModel(fs::path(path).replace_extension(".safetensors"), TinyKind::FirstStage);
    const models::ModelFile plain = models::ModelFile::open(stage);
    models::PickleText pickle;
    pickle.raw("}(").text("extra").global("os", "system").text("false").raw("\x85R");
    pickle.text("state_dict").raw("}(");
    std::vector<std::pair<std::string, std::string>> storages;
    for (const auto &[name, entry] : plain.entries) {
        const std::string key = std::to_string(storages.size());
        pickle.text(name).floatTensor(key, entry.shape);
        storages.emplace_back(key, models::floats(int(entry.bytes / sizeof(float)), 0));
    }
    std::ofstream(path, std::ios::binary) << models::zipPlan(pickle.raw("uu").stop(), storages).bytes();
    std::ofstream(fs::path(path).replace_extension(".yaml")) << plain.config.toJson().dump();
}

TEST_F(Cli, InspectNamesForeignObjects)
{
    writeForeignCheckpoint(file("foreign.ckpt"));
    const Outcome outcome = run({"inspect", file("foreign.ckpt"), "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const json report = json::parse(outcome.out);
    EXPECT_EQ(report.at("format"), "torch zip");
    EXPECT_EQ(report.at("foreign_objects"), json({"os.system"}));
    EXPECT_THAT(run({"inspect", file("foreign.ckpt")}).out, testing::ContainsRegex("foreign objects +1\n"));
}

TEST_F(Cli, InspectTellsTheNumberFormatThatConvertWrote)
{
    std::string before = model();
    for (const auto &[dtype, told] : {std::pair{"fp16", "float16"}, {"int8", "int8"}, {"fp32", "float32"}}) {
        const std::string converted = file(std::string(dtype) + ".safetensors");
        ASSERT_EQ(run({"convert", before, "-o", converted, "--dtype", dtype}).exitCode, 0);
        EXPECT_EQ(json::parse(run({"inspect", converted, "--json"}).out).at("dtype"), json(told)) << dtype;
        before = converted;
    }
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
    ASSERT_EQ(report.at("checks").size(), 3u);
    for (const json &check : report.at("checks"))
        EXPECT_EQ(check.at("state"), "ok") << check;
    EXPECT_THAT(report.at("cpu").at("instructions").get<std::string>(),
                testing::AnyOf("amx", "avx512", "avxvnni", "avx2", "portable"));
}

TEST_F(Cli, DoctorFailsWhereTheResourcesAreMissing)
{
    const Outcome outcome =
        Process({"/usr/bin/env", "TESSERA_RESOURCES=" + file("none"), TESSERA_CLI, "doctor", "--json"}).finish();
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("The check of 'resources' failed"), HasSubstr(file("none"))));
    EXPECT_EQ(json::parse(outcome.out).at("checks").at(0).at("state"), "failed");
}

// ./run in a tree where everything is built.
TEST_F(Cli, RunPaintsTheExampleMapWhereThereIsNoDisplay)
{
    const auto written = [&](const std::string &name, const std::string &text) {
        fs::create_directories(fs::path(file(name)).parent_path());
        std::ofstream(file(name)) << text;
        fs::permissions(file(name), fs::perms::owner_all);
    };
    written("run", bytesOf("run"));
    // Whatever it asks for is done already.
    written("packaging/build.sh", "say() { echo \"$@\" >&2; }\ncommand_not_found_handle() { :; }\n");
    written("build/release/bin/tessera-cli", "#!/bin/sh\necho \"$@\"\n");
    const std::vector<std::string> line{"/usr/bin/env", "-u", "DISPLAY", "-u", "WAYLAND_DISPLAY", file("run")};
    const Outcome outcome = Process(line).finish();
    EXPECT_EQ(outcome.exitCode, 0);
    EXPECT_THAT(outcome.err, HasSubstr("there is no display"));
    EXPECT_EQ(outcome.out, "render --map " + file("resources/examples/lake.png") + " -o lake-picture.png\n");
    EXPECT_EQ(Process({file("run"), "labels", "--json"}).finish().out, "labels --json\n");
}

} // namespace

} // namespace tessera::tests
