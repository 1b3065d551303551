#include "core/sampling/windowplan.h"

#include <gtest/gtest.h>

#include "models/error.h"
#include "models/permuter.h"

namespace tessera::core
{

namespace
{

constexpr int kWindow = 16;
constexpr int kPrefix = 256;
constexpr WindowPolicy kExact;

WindowPolicy block(int step)
{
    return {WindowPolicy::Kind::Block, step};
}

std::vector<int> rowStarts(int rows, WindowPolicy policy = kExact)
{
    std::vector<int> starts;
    for (int row = 0; row < rows; ++row) {
        starts.push_back(windowOrigin({row, 0}, {rows, kWindow}, kWindow, policy).row);
    }
    return starts;
}

int64_t forwards(GridSize canvas, WindowPolicy policy)
{
    return planWindows(canvas, kWindow, policy).tokenForwards(kPrefix);
}

// Every code a cell's window holds before the cell stands in an earlier step, and each cache grows without
// gaps.
void expectConsistent(const WindowPlan &plan)
{
    Grid<int> stepOf(plan.canvas, -1);
    std::vector<int> appended(size_t(plan.windows), -1);
    for (size_t index = 0; index < plan.steps.size(); ++index) {
        for (const PlannedCode &code : plan.steps[index].codes) {
            int &length = appended[size_t(code.window)];
            EXPECT_EQ(code.opensWindow, length < 0);
            EXPECT_EQ(code.firstNew, std::max(0, length));
            EXPECT_GE(code.localPosition, code.firstNew);
            length = code.localPosition;
            for (int local = 0; local < code.localPosition; ++local) {
                const Cell seen{code.origin.row + local / plan.window, code.origin.column + local % plan.window};
                ASSERT_GE(stepOf.at(seen), 0) << "row " << seen.row << ", column " << seen.column;
                ASSERT_LT(stepOf.at(seen), int(index));
            }
        }
        for (const PlannedCode &code : plan.steps[index].codes) {
            EXPECT_EQ(stepOf.at(code.cell), -1);
            stepOf.at(code.cell) = int(index);
        }
    }
    EXPECT_EQ(plan.codes(), plan.canvas.cells());
}

TEST(WindowOrigin, FollowsThePublishedStarts)
{
    EXPECT_EQ(rowStarts(17), (std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}));
    EXPECT_EQ(rowStarts(20), (std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4}));
    const std::vector<int> tall = rowStarts(42);
    EXPECT_EQ(tall[8], 0);
    EXPECT_EQ(tall[20], 12);
    EXPECT_EQ(tall[33], 25);
    EXPECT_EQ(tall[41], 26);
}

TEST(WindowOrigin, MovesInStepsUnderTheBlockPolicy)
{
    EXPECT_EQ(rowStarts(32, block(16)),
              (std::vector<int>{0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
                                16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16}));
    EXPECT_EQ(rowStarts(42, block(1)), rowStarts(42));
    const std::vector<int> eight = rowStarts(42, block(8));
    EXPECT_EQ(eight[11], 0);
    EXPECT_EQ(eight[12], 8);
    EXPECT_EQ(eight[41], 26);
}

TEST(WindowPlan, CountsTokensOfTheExactPolicy)
{
    EXPECT_EQ(forwards({16, 16}, kExact), 511);
    EXPECT_EQ(forwards({32, 16}, kExact), 6895);
    EXPECT_EQ(forwards({16, 32}, kExact), 8575);
    EXPECT_EQ(forwards({32, 32}, kExact), 115311);
    EXPECT_EQ(forwards({32, 64}, kExact), 332143);
    EXPECT_EQ(forwards({42, 64}, kExact), 524293);
    EXPECT_EQ(forwards({64, 64}, kExact), 947023);
}

TEST(WindowPlan, FollowsAnOrderInOneWindow)
{
    const std::vector<int64_t> order = models::permuterOrder(models::PermuterKind::SpiralOut, 4, 4);
    const WindowPlan plan = planWindows({4, 4}, 4, kExact, true, {}, order);
    ASSERT_EQ(plan.steps.size(), 16u);
    for (int t = 0; t < 16; ++t) {
        ASSERT_EQ(plan.steps[size_t(t)].codes.size(), 1u);
        const PlannedCode &code = plan.steps[size_t(t)].codes[0];
        const int place = int(order[size_t(t)]);
        EXPECT_EQ(code.cell, (Cell{place / 4, place % 4}));
        EXPECT_EQ(code.localPosition, t);
        EXPECT_EQ(code.firstNew, std::max(0, t - 1));
        EXPECT_EQ(plan.cellAt(code.origin, t), code.cell);
    }
    EXPECT_EQ(plan.tokenForwards(kPrefix), kPrefix + 15);
    EXPECT_THROW(planWindows({4, 5}, 4, kExact, false, {}, order), Error);
    EXPECT_THROW(planWindows({5, 4}, 4, kExact, false, {}, order), Error);
}

TEST(WindowPlan, CountsTokensOfTheBlockPolicy)
{
    struct Row {
        GridSize canvas;
        int64_t expected[4];
    };
    const Row rows[] = {{{16, 32}, {4543, 2531, 1525, 1022}},
                        {{32, 32}, {32823, 10735, 4191, 2044}},
                        {{32, 64}, {91063, 27863, 9763, 4088}},
                        {{64, 64}, {247975, 70447, 22183, 8176}}};
    for (const Row &row : rows) {
        for (int i = 0; i < 4; ++i) {
            EXPECT_EQ(forwards(row.canvas, block(2 << i)), row.expected[i]) << row.canvas.rows << ", step " << (2 << i);
        }
    }
}

TEST(WindowPlan, ClosesWindowsAtTheirLastUse)
{
    EXPECT_EQ(planWindows({16, 16}, kWindow, kExact).liveWindows(), 1);
    EXPECT_EQ(planWindows({32, 16}, kWindow, kExact).liveWindows(), 1);
    EXPECT_EQ(planWindows({16, 32}, kWindow, kExact).liveWindows(), 17);
    EXPECT_EQ(planWindows({32, 64}, kWindow, kExact).liveWindows(), 49);
    EXPECT_EQ(planWindows({32, 64}, kWindow, block(8)).liveWindows(), 7);
    EXPECT_EQ(planWindows({32, 64}, kWindow, kExact).windows, 833);
}

TEST(WindowPlan, WavefrontTakesFewerSteps)
{
    const auto steps = [](GridSize canvas) { return planWindows(canvas, kWindow, kExact, true).steps.size(); };
    EXPECT_EQ(steps({16, 16}), 256u);
    EXPECT_EQ(steps({32, 16}), 512u);
    EXPECT_EQ(steps({16, 32}), 272u);
    EXPECT_EQ(steps({32, 32}), 528u);
    EXPECT_EQ(steps({32, 64}), 560u);
    EXPECT_EQ(planWindows({32, 64}, kWindow, kExact, true).tokenForwards(kPrefix), 332143);
}

TEST(WindowPlan, EveryCodeComesAfterWhatItSees)
{
    for (const GridSize canvas : {GridSize{4, 4}, {4, 13}, {11, 4}, {9, 14}}) {
        for (const bool wavefront : {false, true}) {
            expectConsistent(planWindows(canvas, 4, kExact, wavefront));
            for (int step = 1; step <= 4; ++step) {
                expectConsistent(planWindows(canvas, 4, block(step), wavefront));
            }
        }
    }
}

TEST(WindowPlan, LeavesLockedCellsOut)
{
    Grid<uint8_t> locked({6, 7}, 1);
    locked.at({2, 3}) = 0;
    locked.at({5, 6}) = 0;
    const WindowPlan plan = planWindows({6, 7}, 4, kExact, false, locked);
    ASSERT_EQ(plan.steps.size(), 2u);
    EXPECT_EQ(plan.windows, 2);
    EXPECT_EQ(plan.steps[0].codes[0].cell, (Cell{2, 3}));
    EXPECT_TRUE(plan.steps[0].codes[0].opensWindow);
    EXPECT_TRUE(plan.steps[0].codes[0].closesWindow);
    EXPECT_EQ(plan.steps[1].codes[0].origin, (Cell{2, 3}));
    EXPECT_EQ(plan.tokenForwards(16), 16 + 10 + 16 + 15);
}

TEST(WindowPlan, RefusesWhatCannotWork)
{
    EXPECT_THROW(planWindows({15, 40}, kWindow, kExact), Error);
    EXPECT_THROW(planWindows({40, 15}, kWindow, kExact), Error);
    EXPECT_THROW(planWindows({16, 16}, kWindow, block(0)), Error);
    EXPECT_THROW(planWindows({16, 16}, kWindow, block(17)), Error);
    EXPECT_THROW(planWindows({16, 16}, kWindow, kExact, false, Grid<uint8_t>({16, 17})), Error);
}

TEST(AutomaticWindow, TakesTheLongestStepThatIsCheapEnough)
{
    const std::map<int, double> prices{{2, -0.01}, {4, 0.1}, {8, kMostWindowPrice}, {16, 0.51}};
    EXPECT_EQ(automaticWindow({32, 32}, kWindow, prices), block(8));
    EXPECT_EQ(automaticWindow({16, 17}, kWindow, prices), block(8));
    EXPECT_EQ(automaticWindow({32, 32}, kWindow, {{2, 0.2}, {4, 0.7}}), block(2));
    EXPECT_EQ(automaticWindow({32, 32}, 8, {{4, 0.2}, {16, 0.2}}), block(4)) << "a step beyond the window";
}

TEST(AutomaticWindow, IsExactWhereNothingIsWonOrKnown)
{
    EXPECT_EQ(automaticWindow({16, 16}, kWindow, {{8, 0.1}}), kExact);
    EXPECT_EQ(automaticWindow({32, 32}, kWindow, {}), kExact);
    EXPECT_EQ(automaticWindow({32, 32}, kWindow, {{2, 0.6}, {8, 3}}), kExact);
}

} // namespace

} // namespace tessera::core
