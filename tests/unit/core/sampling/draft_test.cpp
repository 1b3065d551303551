#include "core/sampling/draft.h"

#include <gtest/gtest.h>

namespace tessera::core
{

namespace
{

constexpr GridSize kCanvas{3, 6};

// Settles a row of guesses, all of them 5, with one code.
void settleRow(Draft &draft, int row, int64_t code)
{
    for (int column = 0; column < kCanvas.columns; ++column) {
        draft.settle({row, column}, code);
    }
}

TEST(Draft, HoldsGuessesUntilTheyAreRevised)
{
    Draft draft(CodeGrid(kCanvas, 5));
    EXPECT_EQ(draft.at({0, 0}), 5);
    draft.revise({0, 0}, 7);
    EXPECT_EQ(draft.at({0, 0}), 7);
}

TEST(Draft, TrustsGuessesAsFarAsTheyProvedRight)
{
    Draft draft(CodeGrid(kCanvas, 5));
    const double first = draft.chance({2, 0});
    settleRow(draft, 0, 5);
    EXPECT_GT(draft.chance({2, 0}), first);
    Draft wrong(CodeGrid(kCanvas, 5));
    settleRow(wrong, 0, 6);
    EXPECT_LT(wrong.chance({2, 0}), first);
    EXPECT_GT(wrong.chance({2, 0}), 0);
}

TEST(Draft, DoubtsBelowAWrongGuess)
{
    Draft draft(CodeGrid(kCanvas, 5));
    draft.settle({0, 1}, 6);
    EXPECT_LT(draft.chance({1, 0}), draft.chance({1, 3}));
    EXPECT_EQ(draft.chance({1, 0}), draft.chance({1, 2}));
}

TEST(Draft, LearnsOfRevisedGuessesApart)
{
    Draft draft(CodeGrid(kCanvas, 5));
    draft.revise({2, 0}, 7);
    const double revised = draft.chance({2, 0});
    settleRow(draft, 0, 6);
    EXPECT_EQ(draft.chance({2, 0}), revised);
    draft.settle({2, 0}, 8);
    draft.revise({2, 5}, 7);
    EXPECT_LT(draft.chance({2, 5}), revised);
}

TEST(Draft, ANeighbourStandsInWhereThereIsNoGuess)
{
    Draft draft(CodeGrid(kCanvas, kNoCode));
    EXPECT_EQ(draft.at({0, 0}), 0);
    draft.settle({0, 0}, 6);
    EXPECT_EQ(draft.at({0, 1}), 6);
    settleRow(draft, 0, 7);
    draft.settle({1, 0}, 8);
    EXPECT_EQ(draft.at({1, 1}), 7); // the one above rather
    EXPECT_LT(draft.chance({1, 1}), 0.5);
}

TEST(Draft, LearnsOfStandInsApart)
{
    Draft draft(CodeGrid(kCanvas, kNoCode));
    const double standIn = draft.chance({2, 0});
    draft.revise({2, 5}, 7);
    const double revised = draft.chance({2, 5});
    settleRow(draft, 0, 0);
    EXPECT_GT(draft.chance({2, 0}), standIn);
    EXPECT_EQ(draft.chance({2, 5}), revised);
}

} // namespace

} // namespace tessera::core
