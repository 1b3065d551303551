// tessera-train evaluate --judge, tested from outside with a tiny model and an untaught judge.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "models/bundle.h"
#include "models/modelfile.h"
#include "models/training/evalnet.h"
#include "models/training/shard.h"
#include "tests/data/tinymodel.h"
#include "tests/unit/app/process.h"

namespace tessera::tests
{
namespace
{

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class JudgingTest : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        folder = fs::path(testing::TempDir()) / ("judging_test_" + std::to_string(getpid()));
        fs::create_directories(folder / "maps");
        writeTinyModel(folder / "tiny.safetensors");
        writeJudge("judge.safetensors", true);
        writeJudge("flat judge.safetensors", false);
        ASSERT_EQ(run({"landscapes", "--count", "14", "--size", "40x32", "-o", (folder / "data").string()}).exitCode,
                  0);
        writeMap("small.png", 32);
        writeMap("large.png", 40);
        writeControls("small.png");
    }
    static void TearDownTestSuite() { fs::remove_all(folder); }

    static Outcome run(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), TESSERA_TRAIN);
        return Process(arguments).finish();
    }
    static Outcome evaluate(const std::vector<std::string> &more, const std::string &model = "tiny.safetensors")
    {
        std::vector<std::string> arguments{
            "evaluate", "--model", (folder / model).string(), "--data", (folder / "data").string(), "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }
    static void writeJudge(const std::string &name, bool depth)
    {
        models::EvalNetConfig config;
        config.widths = {8, 8, 8, 8, 8};
        config.pyramid = 8;
        config.side = 32;
        config.depth = depth;
        models::FreshSource source(1);
        models::EvalNet::create(config, source);
        models::EvalNet::write(folder / name, config, source.tensors(), {});
    }
    // Of a PNG, pixels: as its header has them.
    static std::pair<uint32_t, uint32_t> sidesOf(const fs::path &png)
    {
        std::ifstream file(png, std::ios::binary);
        std::string start(24, '\0');
        file.read(start.data(), std::streamsize(start.size()));
        const auto at = [&](size_t place) {
            uint32_t value = 0;
            for (size_t i = 0; i < 4; ++i)
                value = value << 8 | uint8_t(start[place + i]);
            return value;
        };
        return {at(16), at(20)};
    }
    static std::string judge() { return (folder / "judge.safetensors").string(); }

    // A checker of sky and void, gray; one stored block is enough for so few bytes.
    static void writeMap(const std::string &name, int side)
    {
        std::string rows;
        for (int y = 0; y < side; ++y) {
            rows += '\0';
            for (int x = 0; x < side; ++x)
                rows += char((x + y) % 2);
        }
        const std::string header = number(uint32_t(side)) + number(uint32_t(side)) + std::string("\x08\0\0\0\0", 5);
        std::ofstream(folder / "maps" / name, std::ios::binary)
            << "\x89PNG\r\n\x1a\n"
            << chunk("IHDR", header) << chunk("IDAT", stored(rows)) << chunk("IEND", "");
    }
    static void writeControls(const std::string &name, const std::string &value = "sunset",
                              const std::string &key = "light")
    {
        std::ofstream(folder / "maps" / "controls.json") << json{{name, {{key, value}}}};
    }

    static inline fs::path folder;

private:
    static std::string number(uint32_t value)
    {
        return {char(value >> 24), char(value >> 16), char(value >> 8), char(value)};
    }
    static std::string chunk(const std::string &kind, const std::string &content)
    {
        return number(uint32_t(content.size())) + kind + content + number(0);
    }
    static std::string stored(const std::string &content)
    {
        uint32_t a = 1, b = 0;
        for (const char byte : content) {
            a = (a + uint8_t(byte)) % 65521;
            b = (b + a) % 65521;
        }
        const auto length = uint16_t(content.size());
        return "\x78\x01\x01" + std::string{char(length), char(length >> 8), char(~length), char(~length >> 8)}
               + content + number(b << 16 | a);
    }
};

TEST_F(JudgingTest, AddsItsRowsAndASheet)
{
    const fs::path sheet = folder / "look here.png";
    const Outcome outcome = evaluate(
        {"--judge", judge(), "--maps", (folder / "maps").string(), "--sheet", sheet.string(), "--pictures", "7"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const json figures = json::parse(outcome.out);
    EXPECT_EQ(figures.at("judged_pictures"), 7);
    EXPECT_EQ(figures.at("painted_maps"), 1);
    for (const char *share : {"faithfulness_iou", "faithfulness_iou_real", "painted_iou", "light_accuracy",
                              "light_accuracy_real", "painted_light_accuracy", "coverage", "coverage_real"}) {
        EXPECT_GE(figures.at(share), 0) << share;
        EXPECT_LE(figures.at(share), 1) << share;
    }
    for (const char *ending : {"", "_real", "_jpeg30", "_blurred", "_blocks", "_recoloured"}) {
        EXPECT_GT(figures.at(std::string("frechet") + ending), 0) << ending;
        EXPECT_TRUE(figures.at(std::string("mmd") + ending).is_number()) << ending;
    }
    EXPECT_GT(figures.at("seam"), 0);
    EXPECT_GT(figures.at("seam_real"), 0);
    EXPECT_TRUE(figures.contains("psnr"));
    // Rows of a map, of 12 and 4 pairs, and a canvas of 4 x 2 windows beside its map.
    EXPECT_EQ(sidesOf(sheet), std::pair(8U * 32, (1U + 3 + 1 + 2) * 32));
}

TEST_F(JudgingTest, TheSheetShowsEachKindOfMapThatTheModelReads)
{
    writeTinyModel(folder / "every kind.safetensors", TinyKind::Several);
    const fs::path sheet = folder / "sheet.png";
    const Outcome outcome =
        evaluate({"--judge", judge(), "--sheet", sheet.string(), "--pictures", "6", "--canvases", "0"},
                 "every kind.safetensors");
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_EQ(sidesOf(sheet), std::pair(8U * 32, (3U + 1 + 2 + 2) * 32)); // pairs, filled, depth and edges, a canvas
}

// Needs a model that reads depth and a judge that tells it; who lacks either is judged by the other rows.
TEST_F(JudgingTest, DepthIsJudgedWhereModelAndJudgeKnowIt)
{
    writeTinyModel(folder / "several.safetensors", TinyKind::Several);
    const auto figuresOf = [](const std::string &judgeName, const std::string &model) {
        const Outcome outcome =
            evaluate({"--judge", (folder / judgeName).string(), "--pictures", "6", "--canvases", "0"}, model);
        EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
        return json::parse(outcome.out);
    };
    const json figures = figuresOf("judge.safetensors", "several.safetensors");
    EXPECT_EQ(figures.at("depth_pictures"), 6);
    for (const char *name :
         {"depth_spearman", "depth_spearman_real", "depth_spearman_other", "depth_rows", "depth_rows_real"}) {
        EXPECT_GE(figures.at(name), -1) << name;
        EXPECT_LE(figures.at(name), 1) << name;
        EXPECT_NE(figures.at(name), 0) << name;
    }
    EXPECT_NE(figures.at("depth_spearman"), figures.at("depth_spearman_real"));
    for (const json &without : {figuresOf("judge.safetensors", "tiny.safetensors"),
                                figuresOf("flat judge.safetensors", "several.safetensors")}) {
        EXPECT_FALSE(without.contains("depth_spearman"));
        EXPECT_FALSE(without.contains("depth_pictures"));
        EXPECT_TRUE(without.contains("faithfulness_iou"));
    }
}

TEST_F(JudgingTest, EqualSeedsGiveEqualFigures)
{
    const std::vector<std::string> asked{"--judge", judge(), "--pictures", "6", "--canvases", "0"};
    const Outcome first = evaluate(asked), second = evaluate(asked);
    EXPECT_EQ(first.exitCode, 0) << first.err;
    EXPECT_EQ(first.out, second.out);
    EXPECT_THAT(first.out, Not(HasSubstr("painted_iou")));
    EXPECT_THAT(first.out, Not(HasSubstr("seam")));
}

TEST_F(JudgingTest, WhatCannotBeJudgedIsOneSentence)
{
    EXPECT_EQ(evaluate({"--maps", (folder / "maps").string()}).exitCode, 2); // without a judge
    const auto refusal = [](const std::vector<std::string> &more, const std::string &model = "tiny.safetensors") {
        const Outcome outcome = evaluate(more, model);
        EXPECT_EQ(outcome.exitCode, 1);
        EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
        return outcome.err;
    };
    EXPECT_THAT(refusal({"--judge", (folder / "tiny.safetensors").string()}), HasSubstr("holds no EvalNet"));
    EXPECT_THAT(refusal({"--judge", judge(), "--pictures", "3"}), HasSubstr("3 pictures are too few"));
    EXPECT_THAT(refusal({"--judge", judge(), "--maps", "/no/such"}), HasSubstr("/no/such/controls.json"));
    writeControls("large.png");
    EXPECT_THAT(refusal({"--judge", judge(), "--maps", (folder / "maps").string()}), HasSubstr("expected 32 x 32"));
    writeControls("small.png", "noon");
    EXPECT_THAT(refusal({"--judge", judge(), "--maps", (folder / "maps").string()}), HasSubstr("the value 'noon'"));
    writeControls("small.png", "sunset", "wind");
    EXPECT_THAT(refusal({"--judge", judge(), "--maps", (folder / "maps").string()}), HasSubstr("the control 'wind'"));
    writeControls("small.png");
    EXPECT_THAT(refusal({"--judge", judge(), "--sheet", folder.string()}), HasSubstr("is a folder"));
    EXPECT_THAT(refusal({"--judge", judge(), "--photographs", judge()}), HasSubstr("judge.safetensors"));
    EXPECT_THAT(refusal({"--windows", "--record", "/no/such/model.safetensors"}), HasSubstr("no folder '/no/such'"));
    writeTinyModel(folder / "depth.safetensors", TinyKind::Depth);
    EXPECT_THAT(refusal({"--judge", judge()}, "depth.safetensors"), HasSubstr("does not paint from labels"));
}

// The pictures' labels would go to planes that mean something else.
TEST_F(JudgingTest, AModelOfAnotherLabelSetIsRefused)
{
    const models::ModelFile tiny = models::ModelFile::open(folder / "tiny.safetensors");
    models::ModelConfig config = tiny.config;
    config.condition.labelSet = "plants";
    models::ModelBundle::write(folder / "plants.safetensors", config, tiny.readTensors(), {});
    for (const std::vector<std::string> &measured :
         {std::vector<std::string>{"--windows"}, {"--precisions"}, {"--judge", judge()}}) {
        const Outcome outcome = evaluate(measured, "plants.safetensors");
        EXPECT_EQ(outcome.exitCode, 1) << measured[0];
        EXPECT_THAT(outcome.err,
                    HasSubstr("plants.safetensors paints from the label set 'plants' in 25 planes; expected "
                              "what the pictures come with, 'landscape' in 25."))
            << measured[0];
    }
}

TEST_F(JudgingTest, PicturesWithoutLabelsAreNotPaintedFrom)
{
    const fs::path photographs = folder / "photographs";
    fs::create_directories(photographs);
    models::ShardWriter writer(photographs / "a.tlds", 32, 32);
    const size_t pixels = size_t(32) * 32;
    const models::ShardPicture picture{32,
                                       32,
                                       std::vector<uint8_t>(3 * pixels, 90),
                                       std::vector<uint8_t>(pixels),
                                       std::vector<uint8_t>(pixels),
                                       std::vector<uint16_t>(pixels),
                                       "{}"};
    for (int i = 0; i < 14; ++i)
        writer.add(picture);
    writer.close();
    const std::vector<std::string> arguments{"evaluate", "--model", (folder / "tiny.safetensors").string(), "--data",
                                             photographs.string()};
    EXPECT_EQ(run(arguments).exitCode, 0); // how well they come back can be told
    std::vector<std::string> judged = arguments;
    judged.insert(judged.end(), {"--judge", judge()});
    EXPECT_THAT(run(judged).err, HasSubstr("have no labels"));
}

TEST_F(JudgingTest, ProgressComesAsJsonWhereItIsAskedFor)
{
    const Outcome outcome = evaluate({"--judge", judge(), "--pictures", "7", "--progress", "json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
    const json first = json::parse(outcome.err.substr(0, outcome.err.find('\n')));
    EXPECT_GT(first.at("fraction"), 0);
}

} // namespace
} // namespace tessera::tests
