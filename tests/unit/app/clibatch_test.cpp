// `tessera-cli batch`, tested from outside: one bad map does not cost the others.
#include <csignal>
#include <filesystem>
#include <fstream>

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
using testing::HasSubstr;

class CliBatch : public Cli
{
protected:
    CliBatch()
    {
        fs::create_directories(folder / "maps");
        for (const char *name : {"maps/a.png", "maps/c.png"})
            fs::copy_file(map(), file(name));
    }

    Outcome batch(std::vector<std::string> more = {}, const std::string &output = "out") const
    {
        more.insert(more.begin(), {"batch", file("maps"), "-o", file(output), "--model", model(), "--threads", "1"});
        return run(more);
    }
};

TEST_F(CliBatch, GoesOnWithoutTheMapsThatCannotBePainted)
{
    std::ofstream(file("maps/b.png")) << "no picture";
    core::writeImage(file("maps/small.png"),
                     core::toQImage(core::mapToRgb(landscapeMap(24, 24), core::loadLabelSet("landscape"))));
    const Outcome outcome = batch({"--json"});
    EXPECT_EQ(outcome.exitCode, 1);
    const json result = json::parse(outcome.out);
    EXPECT_EQ(result.at("outputs"), json::array({file("out/a.png"), file("out/c.png")}));
    EXPECT_EQ(result.at("failed").size(), 2u);
    EXPECT_EQ(result.at("failed").at(0).at("map"), file("maps/b.png"));
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("maps/b.png"), HasSubstr("maps/small.png: The canvas is 24 x 24"),
                                   HasSubstr("failed 2, pictures written 2, there already 0")));
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 3) << outcome.err;

    fs::remove(file("maps/small.png"));
    const Outcome told = batch({"--resume", "--progress", "json"});
    EXPECT_EQ(told.exitCode, 1);
    const json event = json::parse(told.err.substr(0, told.err.find('\n')));
    EXPECT_EQ(event.at("event"), "failed");
    EXPECT_EQ(event.at("path"), file("maps/b.png"));
}

TEST_F(CliBatch, NoPictureIsWrittenOverAnother)
{
    for (const char *name : {"maps/c.jpg", "maps/c.old.png"}) // the latter stands between c.jpg and c.png
        fs::copy_file(map(), file(name));
    expectFailure(batch(), "would both be written to c.png");
    EXPECT_FALSE(fs::exists(file("out")));
}

TEST_F(CliBatch, WrongOptionsEndItAtOnce)
{
    expectFailure(batch({"--control", "light=noon"}), "any, day, sunset");
    expectFailure(batch({"--size", "24x24"}), "32 x 32");
    expectFailure(batch({"--map-kind", "depth"}), "not from depth");
    expectFailure(run({"batch", file("maps"), "-o", file("out"), "--model", model("depth"), "--guidance", "2"}),
                  "The guidance is 2");
    expectFailure(run({"batch", file("maps"), "-o", file("out/deep"), "--model", file("none.safetensors")}),
                  "none.safetensors");
    EXPECT_EQ(files(), std::vector<std::string>{"maps"}); // no empty folder is left
}

TEST_F(CliBatch, TakesNoHiddenFilesAndNoEmptyFilesForPictures)
{
    fs::copy_file(map(), file("maps/.b.png"));
    fs::create_directories(folder / "out");
    std::ofstream(file("out/a.png")).flush();
    const Outcome outcome = batch({"--resume", "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(json::parse(outcome.out).at("outputs"), json::array({file("out/a.png"), file("out/c.png")}));
    EXPECT_GT(fs::file_size(file("out/a.png")), 0u);
}

TEST_F(CliBatch, NeverReplacesMaps)
{
    const std::string before = bytesOf(file("maps/a.png"));
    for (const std::vector<std::string> &more : {std::vector<std::string>{}, {"--resume"}, {"--shard", "2/2"}}) {
        const Outcome outcome = batch(more, "maps");
        EXPECT_EQ(outcome.exitCode, 2) << outcome.err;
        EXPECT_THAT(outcome.err, HasSubstr("the same file as the input"));
    }
    EXPECT_EQ(bytesOf(file("maps/a.png")), before);
}

TEST_F(CliBatch, TargetsAreJudgedBeforeTheWork)
{
    std::ofstream(file("file")) << "no folder";
    expectFailure(batch({}, "file"), "cannot be made");
    expectFailure(batch({}, "file/out"), "cannot be made");
    expectFailure(batch({}, std::string(300, 'x')), "cannot be made");
    fs::create_directories(folder / "out/c.png");
    expectFailure(batch(), "out/c.png");
    EXPECT_FALSE(fs::exists(file("out/a.png")));
}

TEST_F(CliBatch, AShareWithoutMapsLeavesTheFolderToTheOthers)
{
    const Outcome outcome = batch({"--shard", "3/3"}); // of two maps
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_TRUE(fs::is_directory(file("out")));
}

TEST_F(CliBatch, AnInterruptLeavesWholePicturesToGoOnFrom)
{
    Process process(commandLine({"batch", file("maps"), "-o", file("out"), "--model", model(), "--threads", "1",
                                 "--size", "512x512", "--progress", "json"}));
    ASSERT_TRUE(process.waitForError("\"title\":\"c.png\""));
    process.sendSignal(SIGINT);
    EXPECT_EQ(process.finish().exitCode, 130);
    const std::string before = bytesOf(file("out/a.png"));
    EXPECT_FALSE(before.empty());
    EXPECT_FALSE(fs::exists(file("out/c.png")));

    const Outcome rest = batch({"--resume", "--json"});
    ASSERT_EQ(rest.exitCode, 0) << rest.err;
    EXPECT_EQ(json::parse(rest.out).at("outputs"), json({file("out/c.png")}));
    EXPECT_EQ(json::parse(rest.out).at("skipped"), json({file("out/a.png")}));
    EXPECT_EQ(bytesOf(file("out/a.png")), before);
}

TEST_F(CliBatch, WritesCodesAndScoresIntoFolders)
{
    const Outcome outcome =
        batch({"--codes", file("codes"), "--scores", file("scores"), "--variations", "2", "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(json::parse(outcome.out).at("outputs").size(), 12u); // two maps, two variations, three files
    render({"-o", file("one.png"), "--codes", file("one.npy"), "--scores", file("s.npy"), "--variation", "1"});
    EXPECT_EQ(bytesOf(file("codes/c-1.npy")), bytesOf(file("one.npy")));
    EXPECT_EQ(bytesOf(file("scores/c-1.npy")), bytesOf(file("s.npy")));

    fs::remove(file("codes/a-0.npy")); // so a's pictures alone are made again
    const Outcome resumed = batch({"--codes", file("codes"), "--variations", "2", "--resume"});
    EXPECT_EQ(resumed.out, "2 pictures written, 2 were there already\n") << resumed.err;
    expectFailure(batch({"--codes", file("both"), "--scores", file("both")}), "same file");
}

} // namespace

} // namespace tessera::tests
