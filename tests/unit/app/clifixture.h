// What the tests of tessera-cli share: a folder, a tiny model, a map.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/document/imagefile.h"
#include "core/map/labelset.h"
#include "core/map/mapimport.h"
#include "tests/data/tinymodel.h"
#include "tests/unit/app/process.h"

namespace tessera::tests
{

inline std::string bytesOf(const std::filesystem::path &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline core::LabelMap landscapeMap(int width, int height)
{
    core::LabelMap map(width, height, 1);
    for (int y = height / 2; y < height; ++y)
        for (int x = 0; x < width; ++x)
            map.row(y)[x] = x < width / 2 ? 10 : 18;
    return map;
}

// One folder with a model and a map for all tests; each test writes into a folder of its own.
class Cli : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        ::setenv("OMP_NUM_THREADS", "1", 1); // several tests may run side by side
        shared() = std::filesystem::temp_directory_path() / ("tessera-cli-test-" + std::to_string(::getpid()));
        std::filesystem::create_directories(shared());
        writeTinyModel(shared() / "tiny.safetensors");
        writeTinyModel(shared() / "several.safetensors", TinyKind::Several);
        writeTinyModel(shared() / "depth.safetensors", TinyKind::Depth);
        writeTinyModel(shared() / "class.safetensors", TinyKind::Class);
        writeTinyModel(shared() / "nothing.safetensors", TinyKind::Unconditional);
        writeTinyModel(shared() / "coordinates.safetensors", TinyKind::Coordinates);
        core::writeImage(shared() / "map.png",
                         core::toQImage(core::mapToRgb(landscapeMap(48, 40), core::loadLabelSet("landscape"))));
    }
    static void TearDownTestSuite() { std::filesystem::remove_all(shared()); }

    Cli() : folder(shared() / testing::UnitTest::GetInstance()->current_test_info()->name())
    {
        std::filesystem::create_directories(folder);
    }

    static std::filesystem::path &shared()
    {
        static std::filesystem::path path;
        return path;
    }
    static std::string model() { return (shared() / "tiny.safetensors").string(); }
    static std::string model(const std::string &name) { return (shared() / (name + ".safetensors")).string(); }
    static std::string map() { return (shared() / "map.png").string(); }
    std::string file(const std::string &name) const { return (folder / name).string(); }

    static std::vector<std::string> commandLine(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), TESSERA_CLI);
        return arguments;
    }
    static Outcome run(const std::vector<std::string> &arguments) { return Process(commandLine(arguments)).finish(); }

    // `render` of the shared map with the tiny model.
    Outcome render(const std::vector<std::string> &more) const
    {
        std::vector<std::string> arguments{"render", "--model", model(), "--map", map(), "--threads", "1"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(arguments);
    }

    // Everything in the test's folder, by name.
    std::vector<std::string> files() const
    {
        std::vector<std::string> names;
        for (const auto &entry : std::filesystem::directory_iterator(folder))
            names.push_back(entry.path().filename().string());
        std::ranges::sort(names);
        return names;
    }

    std::filesystem::path folder;
};

inline void expectFailure(const Outcome &outcome, const std::string &part)
{
    EXPECT_EQ(outcome.exitCode, 1) << outcome.err;
    EXPECT_THAT(outcome.err, testing::HasSubstr(part));
    EXPECT_EQ(std::ranges::count(outcome.err, '\n'), 1) << outcome.err;
    EXPECT_EQ(outcome.out, "");
}

} // namespace tessera::tests
