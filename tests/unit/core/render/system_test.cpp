#include "core/render/system.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "core/render/memory.h"
#include "core/sampling/windowplan.h"
#include "models/error.h"

namespace tessera::core
{

namespace
{

ErrorCode codeOf(const std::function<void()> &work)
{
    try {
        work();
    } catch (const Error &error) {
        return error.code();
    }
    return ErrorCode::NonFinite; // none of those asked for here
}

TEST(System, TheCpuIsAlwaysThere)
{
    const SystemInfo system = systemInfo();
    EXPECT_EQ(system.devices.front().name, "cpu");
    EXPECT_GT(system.memory, system.memoryFree);
    EXPECT_EQ(resolvedDevice("cpu"), "cpu");
    EXPECT_EQ(resolvedDevice("auto"), system.devices.size() > 1 ? "cuda:0" : "cpu");
}

TEST(System, RefusesDevicesThatAreNotThere)
{
    EXPECT_EQ(codeOf([] { resolvedDevice("cuda:99"); }), ErrorCode::Device);
    EXPECT_EQ(codeOf([] { resolvedDevice("tpu"); }), ErrorCode::InvalidArgument);
    EXPECT_EQ(codeOf([] { resolvedDevice("cuda:"); }), ErrorCode::InvalidArgument);
    EXPECT_EQ(codeOf([] { resolvedDevice("cuda:-1"); }), ErrorCode::InvalidArgument);
}

TEST(System, RefusesPrecisionsThatAreNotOffered)
{
    EXPECT_EQ(resolvedPrecision("auto", "cpu"), "fp32");
    for (const char *precision : {"fp32", "bf16", "int8"})
        EXPECT_EQ(resolvedPrecision(precision, "cpu"), precision);
    EXPECT_EQ(codeOf([] { resolvedPrecision("fp16", "cpu"); }), ErrorCode::InvalidArgument);
    EXPECT_EQ(codeOf([] { resolvedPrecision("fp64", "cpu"); }), ErrorCode::InvalidArgument);
}

// Figures of the published decoder at 1024 x 1024: measured 2.1 to 2.7 GB.
TEST(Memory, EstimatesTheDecoderAsMeasured)
{
    const uint64_t bytes = activationBytes(models::AutoencoderConfig{}, {64, 64});
    EXPECT_GT(bytes, uint64_t(2100) << 20);
    EXPECT_LT(bytes, uint64_t(2900) << 20);
}

// Of the published decoder: maps at the resolution of codes and pictures are all that grows with the canvas.
TEST(Memory, TilesBoundTheDecoder)
{
    const models::AutoencoderConfig config;
    const uint64_t small = tiledDecodingBytes(config, {64, 64}, 16), large = tiledDecodingBytes(config, {256, 256}, 16);
    const uint64_t pixels = 16 * 16 * (256 * 256 - 64 * 64);
    EXPECT_LT(large - small, 70 * pixels);
    EXPECT_GT(activationBytes(config, {256, 256}), 12 * large);
    EXPECT_LT(tiledDecodingBytes(config, {16, 16}, 16), uint64_t(400) << 20);
    EXPECT_EQ(decodingBytes(config, {256, 256}), large);
}

TEST(Memory, TilesAreTheLargestThatFit)
{
    const models::AutoencoderConfig config;
    const GridSize canvas{128, 128};
    EXPECT_EQ(decodingTile(config, canvas, activationBytes(config, canvas)), 0);
    EXPECT_EQ(decodingTile(config, canvas, activationBytes(config, canvas) - 1), 64);
    EXPECT_EQ(decodingTile(config, canvas, tiledDecodingBytes(config, canvas, 32)), 32);
    EXPECT_EQ(decodingTile(config, canvas, tiledDecodingBytes(config, canvas, 32) - 1), 16);
    EXPECT_EQ(decodingTile(config, canvas, 0), 16);
}

TEST(Memory, TilesCanBecomeSmallerUntilTheSmallest)
{
    models::ModelConfig config;
    const models::AutoencoderConfig &stage = config.firstStage;
    const GridSize canvas{128, 128};
    const uint64_t whole = activationBytes(stage, canvas), middling = tiledDecodingBytes(stage, canvas, 32);
    EXPECT_TRUE(hasSmallerTiles(config, canvas, whole));
    EXPECT_TRUE(hasSmallerTiles(config, canvas, whole - 1));
    EXPECT_TRUE(hasSmallerTiles(config, canvas, middling));
    EXPECT_FALSE(hasSmallerTiles(config, canvas, middling - 1));
    config.condition.stage = models::AutoencoderConfig{};
    config.condition.stage->width = 4; // reads the map as a whole where the picture takes the smallest tiles
    ASSERT_EQ(encodingTile(*config.condition.stage, canvas, middling - 1), 0);
    EXPECT_TRUE(hasSmallerTiles(config, canvas, middling - 1));
    EXPECT_FALSE(hasSmallerTiles(config, canvas, 0));
}

TEST(Memory, BoundsTheWindowsOfAPlan)
{
    for (const GridSize canvas : {GridSize{4, 4}, {4, 11}, {5, 9}, {13, 4}, {17, 12}, {9, 23}}) {
        for (const int step : {0, 1, 2, 3, 4}) {
            const WindowPolicy policy{step ? WindowPolicy::Kind::Block : WindowPolicy::Kind::Exact, std::max(1, step)};
            const int live = planWindows(canvas, 4, policy).liveWindows(), most = mostLiveWindows(4, canvas, policy);
            EXPECT_LE(planWindows(canvas, 4, policy, true).liveWindows(), most)
                << canvas.rows << " x " << canvas.columns;
            EXPECT_LE(live, most) << canvas.rows << " x " << canvas.columns << ", step " << step;
            EXPECT_LE(most, live + 2) << canvas.rows << " x " << canvas.columns << ", step " << step;
        }
    }
}

TEST(Memory, CountsTheCachesOfLiveWindows)
{
    models::ModelConfig config;
    config.window = 4;
    config.firstStage.multipliers = {1};
    const uint64_t one = renderBytes(config, {4, 4}, {}, false, 1 << 20);
    EXPECT_EQ(renderBytes(config, {4, 4}, {}, true, 1 << 20) - one, uint64_t(1) << 20);
}

TEST(Memory, ACanvasThatIsTooLargeForWholeNetworksNeedsTilesAlone)
{
    models::ModelConfig config;
    const GridSize canvas{256, 256};
    EXPECT_LT(renderBytes(config, canvas, {}, false, 0), activationBytes(config.firstStage, canvas) / 10);
    config.condition.stage = models::AutoencoderConfig{};
    config.condition.stage->inChannels = 182;
    EXPECT_LT(renderBytes(config, canvas, {}, false, 0), activationBytes(*config.condition.stage, canvas) / 10);
    EXPECT_EQ(encodingTile(*config.condition.stage, canvas, renderBytes(config, canvas, {}, false, 0)), 16);
    EXPECT_EQ(encodingTile(*config.condition.stage, {16, 16}, uint64_t(1) << 40), 0);
}

} // namespace

} // namespace tessera::core
