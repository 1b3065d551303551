#include "core/render/progressmeter.h"

#include <gtest/gtest.h>

namespace tessera::core
{

namespace
{

using namespace std::chrono_literals;

constexpr int kWindow = 4, kPrefix = 20;

TEST(ProgressMeter, WeighsCodesByTheirTokens)
{
    const WindowPlan plan = planWindows({4, 4}, kWindow, {}); // one window: a prefix in one pass, then 16 codes
    const ProgressMeter::Clock::time_point start{};
    ProgressMeter meter(plan, kPrefix, start);
    meter.count({0, 0});
    const RenderProgress progress = meter.report(start + 7s); // 1 code + 20 tokens of 1/8
    EXPECT_EQ(progress.codesDone, 1);
    EXPECT_EQ(progress.codesTotal, 16);
    EXPECT_NEAR(progress.codesPerSecond, 1 / 7.0, 1e-9);
    EXPECT_NEAR(progress.secondsLeft, 30, 1e-9); // 15 codes
}

TEST(ProgressMeter, IsDueThirtyTimesASecondAndAtTheEnd)
{
    const WindowPlan plan = planWindows({4, 4}, kWindow, {});
    const ProgressMeter::Clock::time_point start{};
    ProgressMeter meter(plan, kPrefix, start);
    EXPECT_TRUE(meter.due(start));
    meter.report(start);
    EXPECT_FALSE(meter.due(start + 10ms));
    EXPECT_TRUE(meter.due(start + 40ms));
    for (int row = 0; row < 4; ++row)
        for (int column = 0; column < 4; ++column)
            meter.count({row, column});
    EXPECT_TRUE(meter.due(start + 1ms));
    EXPECT_EQ(meter.report(start + 1ms).secondsLeft, 0);
}

TEST(ProgressMeter, LeavesLockedCodesOut)
{
    Grid<uint8_t> locked({4, 4}, 1);
    locked.at({2, 2}) = 0;
    ProgressMeter meter(planWindows({4, 4}, kWindow, {}, false, locked), kPrefix);
    EXPECT_EQ(meter.report({}).codesTotal, 1);
}

} // namespace

} // namespace tessera::core
