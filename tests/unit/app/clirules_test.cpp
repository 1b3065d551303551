// What holds for every command of tessera-cli: no input is replaced, no value is misread, no signal leaves a part, what
// is printed arrives.
#include <csignal>
#include <filesystem>
#include <fstream>

#include <QImage>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/document/imagefile.h"
#include "core/document/pngtext.h"
#include "core/render/recordjson.h"
#include "tests/unit/app/clifixture.h"

namespace tessera::tests
{

namespace
{

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class CliRules : public Cli
{
protected:
    // `line` is a shell's, with $CLI for the program and its shared inputs.
    static Outcome shell(const std::string &line)
    {
        const std::string words = "CLI='" TESSERA_CLI "'; MODEL='" + model() + "'; MAP='" + map() + "'; ";
        return Process({"/bin/sh", "-c", words + line}).finish();
    }
    void expectRefused(const std::vector<std::string> &arguments, const std::string &one, const std::string &other)
    {
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exitCode, 2) << testing::PrintToString(arguments);
        EXPECT_THAT(outcome.err, AllOf(HasSubstr(one), HasSubstr(other)));
        EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    }
    json recordOf(const std::string &name) const
    {
        return json::parse(
            core::pngText(QByteArray::fromStdString(bytesOf(file(name))), core::kRecordKey)->toStdString());
    }
    void writeRecord(const std::string &name, const json &record) const
    {
        const QByteArray whole = core::pngWithText(QByteArray::fromStdString(bytesOf(file(name))), core::kRecordKey,
                                                   QByteArray::fromStdString(record.dump()));
        std::ofstream(file(name), std::ios::binary) << whole.toStdString();
    }
};

TEST_F(CliRules, EveryOptionReachesTheRequest)
{
    const Outcome outcome = render(
        {"-o",        file("a.png"),  "--size",      "64x56",         "--seed",   "11",      "--variation", "5",
         "--control", "light=sunset", "weather=fog", "--temperature", "0.9",      "--top-k", "9",           "--top-p",
         "0.8",       "--guidance",   "2.5",         "--greedy",      "--window", "block:3"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    json request = recordOf("a.png").at("request");
    EXPECT_TRUE(request.at("condition").contains("labels"));
    request.erase("condition");
    EXPECT_EQ(request, json({{"width", 64},
                             {"height", 56},
                             {"controls", {{"light", "sunset"}, {"weather", "fog"}}},
                             {"seed", 11},
                             {"variation", 5},
                             {"temperature", 0.9},
                             {"top_k", 9},
                             {"top_p", 0.8},
                             {"guidance", 2.5},
                             {"greedy", true},
                             {"window", {{"policy", "block"}, {"step", 3}}}}));
}

TEST_F(CliRules, AgainKeepsThePrecisionUnlessAskedOtherwise)
{
    render({"-o", file("a.png"), "--precision", "int8", "--seed", "4"});
    const Outcome same = run({"render", "--again", file("a.png"), "-o", file("b.png"), "--threads", "1", "--json"});
    ASSERT_EQ(same.exitCode, 0) << same.err;
    EXPECT_EQ(json::parse(same.out).at("precision"), "int8");
    EXPECT_EQ(same.err, "");
    EXPECT_EQ(bytesOf(file("a.png")), bytesOf(file("b.png")));
    const Outcome other =
        run({"render", "--again", file("a.png"), "-o", file("c.png"), "--precision", "fp32", "--json"});
    EXPECT_EQ(json::parse(other.out).at("precision"), "fp32");
}

TEST_F(CliRules, AgainSaysWhatItCannotMakeTheSame)
{
    render({"-o", file("a.png")});
    json record = recordOf("a.png");
    record["codes"]["values"][0] = record["codes"]["values"][0] == 0 ? 1 : 0;
    writeRecord("a.png", record);
    const Outcome differing = run({"render", "--again", file("a.png"), "-o", file("b.png"), "--threads", "1"});
    EXPECT_EQ(differing.exitCode, 0);
    EXPECT_THAT(differing.err, AllOf(HasSubstr("1 of 30 codes"), HasSubstr("cpu in fp32")));
    record["precision"] = "fp16";
    writeRecord("a.png", record);
    const Outcome refused = run({"render", "--again", file("a.png"), "-o", file("c.png"), "--device", "cpu"});
    expectFailure(refused, "a.png was made in fp16");
    EXPECT_THAT(refused.err, HasSubstr("--precision"));
}

TEST_F(CliRules, NoOutputReplacesAnInput)
{
    fs::copy_file(map(), file("own.png"));
    fs::copy_file(map(), file("a-preview.png"));
    fs::create_symlink("own.png", file("link.png"));
    const std::string before = bytesOf(file("own.png"));
    const std::string own = file("own.png"), link = file("link.png"), dotted = folder.string() + "/./own.png";
    for (const std::string &output : {own, link, dotted})
        expectRefused({"render", "--model", model(), "--map", own, "-o", output}, output, own);
    expectRefused({"render", "--map", map(), "--init", own, "--region", map(), "-o", own}, "output", own);
    expectRefused({"render", "--map", map(), "--init", map(), "--region", own, "-o", own}, "output", own);
    expectRefused({"render", "--map", file("a-preview.png"), "-o", file("a.png"), "--preview-every", "9"}, "output",
                  file("a-preview.png"));
    expectRefused({"reconstruct", "--image", own, "-o", link}, link, own);
    expectRefused({"convert", model(), "-o", model()}, "output", model());
    EXPECT_EQ(bytesOf(own), before);
    EXPECT_EQ(files(), (std::vector<std::string>{"a-preview.png", "link.png", "own.png"}));
}

TEST_F(CliRules, AModelOfSeveralFilesIsNotWrittenOverByItself)
{
    const std::string index = file("set.safetensors.index.json");
    ASSERT_EQ(run({"convert", model(), "-o", index}).exitCode, 0);
    for (const std::string &name : files()) {
        const std::string before = bytesOf(file(name));
        expectRefused({"convert", index, "-o", file(name)}, "output", file(name));
        EXPECT_EQ(bytesOf(file(name)), before);
    }
    EXPECT_GE(files().size(), 2u);
}

TEST_F(CliRules, APictureMayBeMadeAgainInItsOwnPlace)
{
    render({"-o", file("a.png")});
    const std::string before = bytesOf(file("a.png"));
    const Outcome outcome = run({"render", "--again", file("a.png"), "-o", file("a.png"), "--threads", "1"});
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(bytesOf(file("a.png")), before);
}

TEST_F(CliRules, AnotherPictureDoesNotTakeThePlaceOfTheOneMadeAgain)
{
    render({"-o", file("a.png")});
    json record = recordOf("a.png");
    record["codes"]["values"][0] = record["codes"]["values"][0] == 0 ? 1 : 0;
    writeRecord("a.png", record);
    const std::string before = bytesOf(file("a.png"));
    expectFailure(run({"render", "--again", file("a.png"), "-o", file("a.png")}), "a.png stays as it is");
    EXPECT_EQ(bytesOf(file("a.png")), before);
}

TEST_F(CliRules, TargetsAreLookedAtThroughLinks)
{
    fs::create_symlink("/nowhere/a.png", file("a.png"));
    fs::create_directories(folder / "b-preview.png");
    expectFailure(run({"render", "--model", file("none.safetensors"), "--map", map(), "-o", file("a.png")}),
                  "/nowhere");
    expectFailure(run({"render", "--model", file("none.safetensors"), "--map", map(), "-o", file("b.png"),
                       "--preview-every", "5"}),
                  "b-preview.png");
    const std::string longName(300, 'x');
    expectFailure(run({"render", "--map", map(), "-o", file(longName + ".png")}), longName);
}

TEST_F(CliRules, AClosedTerminalIsAnInterrupt)
{
    std::signal(SIGHUP, SIG_DFL); // `nohup` may have started the tests
    for (const int signal : {SIGTERM, SIGHUP}) {
        Process process(commandLine({"render", "--model", model(), "--map", map(), "-o", file("a.png"), "--size",
                                     "512x512", "--progress", "json", "--preview-every", "40"}));
        ASSERT_TRUE(process.waitForError("\"preview\""));
        process.sendSignal(signal);
        EXPECT_EQ(process.finish().exitCode, 130);
        EXPECT_TRUE(files().empty()) << testing::PrintToString(files());
    }
}

TEST_F(CliRules, NobodyNeedsToReadTheProgress)
{
    const Outcome outcome =
        shell("{ \"$CLI\" render --model \"$MODEL\" --map \"$MAP\" --size 160x160 --threads 1 "
              "--progress json -o '"
              + file("a.png") + "'; echo $? >'" + file("code") + "'; } 2>&1 >/dev/null | head -n 1");
    EXPECT_THAT(outcome.out, HasSubstr("\"codes_done\":0"));
    EXPECT_THAT(outcome.out, HasSubstr("\"seconds_left\":null"));
    EXPECT_EQ(bytesOf(file("code")), "0\n");
    EXPECT_TRUE(fs::exists(file("a.png")));
}

TEST_F(CliRules, WhatIsPrintedArrivesOrTheCommandFails)
{
    const Outcome full = shell("exec \"$CLI\" labels --json >/dev/full");
    EXPECT_EQ(full.exitCode, 1);
    EXPECT_THAT(full.err, HasSubstr("standard output"));
    const Outcome closed = shell("\"$CLI\" labels --json | head -n 1");
    EXPECT_EQ(closed.err, "");
    EXPECT_EQ(closed.out, "[\n");
}

TEST_F(CliRules, EmptyValuesAreNoValues)
{
    const auto refused = [&](const std::vector<std::string> &arguments, const std::string &option) {
        expectRefused(arguments, option, "expected");
    };
    refused({"render", "--map", "", "-o", file("a.png")}, "--map");
    refused({"render", "--map", map(), "--init", "", "--region", map(), "-o", file("a.png")}, "--init");
    refused({"render", "--map", map(), "--init", map(), "--region", "", "-o", file("a.png")}, "--region");
    refused({"render", "--map", map(), "--codes", "", "-o", file("a.png")}, "--codes");
    refused({"render", "--map", map(), "--top-p", "", "-o", file("a.png")}, "--top-p");
    refused({"score", "--image", "", "--map", map()}, "--image");
    refused({"labels", "--gpl", ""}, "--gpl");
    refused({"labels", "--set", ""}, "--set");
    EXPECT_TRUE(files().empty());
}

TEST_F(CliRules, NumbersHaveAPointWhereverTheUserLives)
{
    const std::string locales = file("locales");
    fs::create_directories(locales);
    Process({"/bin/sh", "-c", "localedef -i de_DE -f UTF-8 '" + locales + "/de_DE.UTF-8'"}).finish();
    if (!fs::exists(locales + "/de_DE.UTF-8/LC_NUMERIC"))
        GTEST_SKIP() << "no locale with a decimal comma can be made here";
    const Outcome outcome =
        shell("LOCPATH='" + locales + "' LC_ALL=de_DE.UTF-8 exec \"$CLI\" render --model \"$MODEL\" "
              + "--map \"$MAP\" --temperature 0.9 --top-p 0.5 --threads 1 -o '" + file("a.png") + "'");
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_THAT(outcome.out,
                AllOf(testing::ContainsRegex("[0-9][.][0-9]"), testing::Not(testing::ContainsRegex("[0-9],[0-9]"))));
    EXPECT_EQ(recordOf("a.png").at("request").at("temperature"), 0.9);
}

TEST_F(CliRules, AFileThatMayNotGrowLeavesNothingBehind)
{
    const Outcome outcome = shell("ulimit -f 2; exec \"$CLI\" convert \"$MODEL\" -o '" + file("a.safetensors") + "'");
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_THAT(outcome.err, HasSubstr("a.safetensors"));
    EXPECT_TRUE(files().empty());
}

TEST_F(CliRules, NumbersAreDecimalAndNeverClamped)
{
    const auto refused = [&](const std::string &option, const std::string &value, const std::string &range) {
        expectRefused({"render", "--map", map(), "-o", file("a.png"), option, value}, option,
                      "expected a whole number from " + range);
    };
    refused("--seed", "18446744073709551616", "0 to 18446744073709551615");
    refused("--seed", "-1", "0 to 18446744073709551615");
    refused("--seed", "0x10", "0 to 18446744073709551615");
    refused("--variation", "-1", "0 to 4294967295");
    refused("--variations", "0", "1 to 10000");
    refused("--threads", "1e9", "1 to 1024");
    refused("--top-k", "many", "0 to ");
    refused("--preview-every", "0", "1 to 1000000000");
    const auto seed = [&](const std::string &text) {
        return json::parse(render({"-o", file("a.png"), "--json", "--seed", text}).out).at("seed").get<uint64_t>();
    };
    EXPECT_EQ(seed("010"), 10u);
    EXPECT_EQ(seed("18446744073709551615"), 18446744073709551615u);
}

TEST_F(CliRules, AWordThatIsNoCommandIsNamed)
{
    expectRefused({"paint"}, "'paint'", "no command");
    expectRefused({"doctor", "one", "two"}, "Not expected here: one two", ".");
    expectRefused({"render", "--map", map(), "-o", file("a.png"), "--control", "light=day", "light=sunset"}, "'light'",
                  "twice");
}

TEST_F(CliRules, FaultsOfUsageNameTheOption)
{
    expectRefused({"--nosuch"}, "'--nosuch'", "--help lists them");
    expectRefused({"render", "--map", map(), "-o", file("a.png"), "--seed", "1", "--seed", "2"},
                  "--seed is given more than once", ".");
    expectRefused({"render", "-o", file("a.png"), "--map"}, "--map has no value", ".");
    expectRefused({"render", "--map", map(), "-o", file("a.png"), "--codes=", file("a.npy")}, "--codes",
                  "an empty value");
    EXPECT_TRUE(files().empty());
}

// libtiff, libpng and Qt have much to say about files.
TEST_F(CliRules, DecodersSayNothingThemselves)
{
    const QByteArray numbersOf32Bits = QByteArray::fromHex(
        "49492a00200000000000a0c0009cfa450000803e6f12833a000080bf0000c8420a000001030001000000030000000101"
        "030001000000020000000201030001000000200000000301030001000000010000000601030001000000010000001101"
        "040001000000080000001501030001000000010000001601030001000000020000001701040001000000180000005301"
        "0300010000000100000000000000");
    std::ofstream(file("a.tif"), std::ios::binary).write(numbersOf32Bits.constData(), numbersOf32Bits.size());
    expectFailure(run({"encode", "--model", model(), "--image", file("a.tif"), "-o", file("a.npy")}),
                  "a.tif is damaged or cut off, or of a kind that is not read");

    render({"-o", file("a.png")});
    std::string odd = bytesOf(file("a.png"));
    odd.insert(33, QByteArray::fromHex("0000000467414d41000000008b25604d").toStdString()); // gAMA of 0 behind IHDR
    std::ofstream(file("odd.png"), std::ios::binary) << odd;
    const Outcome outcome = run({"encode", "--model", model(), "--image", file("odd.png"), "-o", file("b.npy")});
    EXPECT_EQ(outcome.exitCode, 0);
    EXPECT_EQ(outcome.err, "");
}

TEST_F(CliRules, TransparentPixelsOfAMaskAreBlack)
{
    render({"-o", file("a.png"), "--size", "64x64"});
    QImage mask(64, 64, QImage::Format_RGBA8888);
    mask.fill(QColor(255, 255, 255, 0));
    for (int y = 0; y < 16; ++y)
        for (int x = 0; x < 16; ++x)
            mask.setPixelColor(x, y, Qt::white);
    core::writeImage(file("mask.png"), mask);
    const Outcome outcome =
        render({"-o", file("b.png"), "--init", file("a.png"), "--region", file("mask.png"), "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(json::parse(outcome.out).at("codes"), 4);
    mask.fill(QColor(255, 255, 255, 0));
    core::writeImage(file("mask.png"), mask);
    expectFailure(render({"-o", file("b.png"), "--init", file("a.png"), "--region", file("mask.png")}),
                  "mask.png: The region is empty");
}

TEST_F(CliRules, OneFileUnderTwoNamesIsNotWrittenTwice)
{
    expectFailure(render({"-o", file("a.png"), "--codes", "both.npy", "--scores", "./both.npy"}), "the same file");
}

TEST_F(CliRules, ErrorsAboutSizesNameTheFile)
{
    render({"-o", file("a.png")}); // 48 x 40
    QImage white(24, 24, QImage::Format_RGB888);
    white.fill(Qt::white);
    core::writeImage(file("small.png"), white);
    core::writeImage(file("tiny.png"), white.scaled(1, 1));
    expectFailure(render({"-o", file("b.png"), "--init", file("a.png"), "--region", file("small.png")}),
                  "small.png: The region is 24 x 24 pixels");
    expectFailure(render({"-o", file("b.png"), "--size", "64x64", "--init", file("a.png"), "--region", map()}),
                  "a.png: The initial picture is 48 x 40 pixels");
    const Outcome small = run({"render", "--model", model(), "--map", file("small.png"), "-o", file("b.png")});
    expectFailure(small, "small.png: The canvas is 24 x 24 pixels");
    EXPECT_THAT(small.err, HasSubstr("works is 32 x 32 pixels (--size scales it).\n"));
    expectFailure(run({"encode", "--model", model(), "--image", file("tiny.png"), "-o", file("c.npy")}),
                  "tiny.png: The picture is 1 x 1 pixels");
}

// A limit on the size of files stands for a full disk.
TEST_F(CliRules, AFullDiskNamesTheFileThatWasAskedFor)
{
    const Outcome outcome = shell(
        "ulimit -f 2; trap '' XFSZ; exec \"$CLI\" render --model \"$MODEL\" --map \"$MAP\" -o '" + file("a.png") + "'");
    expectFailure(outcome, file("a.png"));
    EXPECT_TRUE(files().empty());
}

} // namespace

} // namespace tessera::tests
