#include "core/sampling/guessdepth.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace tessera::core
{

namespace
{

// A picture of `codes` codes with one step each, of which a pass serves 1 and `right` of the guesses more.
struct Outcome {
    double cost = 0, plainCost = 0; // in passes
};

Outcome run(GuessDepth &depth, double tokenCost, int codes, double right)
{
    Outcome outcome;
    for (int code = 0; code < codes;) {
        const int guesses = depth.tokens(1), served = 1 + int(right * guesses);
        for (int i = 0; i < served; ++i, ++code) {
            depth.step(1);
            outcome.plainCost += 1 + tokenCost;
        }
        depth.pass(1 + guesses);
        outcome.cost += 1 + tokenCost * (1 + guesses);
    }
    return outcome;
}

TEST(GuessDepth, SpendsAboutAsMuchOnGuessesAsAPassCostsAnyway)
{
    EXPECT_EQ(GuessDepth(0.05).tokens(1), 16);
    EXPECT_EQ(GuessDepth(0.2).tokens(1), 4);
    EXPECT_EQ(GuessDepth(2.0).tokens(1), 0);
    EXPECT_EQ(GuessDepth(0.05).tokens(4), 4); // they share the pass
}

TEST(GuessDepth, GuessesThatAreNeverRightCostLittle)
{
    for (const double tokenCost : {0.4, 0.2, 0.1, 0.05, 0.03}) {
        GuessDepth depth(tokenCost);
        const Outcome useless = run(depth, tokenCost, 256, 0);
        EXPECT_LT(useless.cost, 1.06 * useless.plainCost) << tokenCost;
    }
}

TEST(GuessDepth, StaysWhereGuessesPay)
{
    for (const double tokenCost : {0.2, 0.05}) {
        GuessDepth depth(tokenCost);
        const int first = depth.tokens(1);
        const Outcome half = run(depth, tokenCost, 256, 0.5);
        EXPECT_EQ(depth.tokens(1), first);
        EXPECT_LT(half.cost, 0.7 * half.plainCost);
    }
}

TEST(GuessDepth, TriesAgainAfterAWhile)
{
    GuessDepth depth(0.05);
    run(depth, 0.05, 10, 0);
    EXPECT_EQ(depth.tokens(1), 0);
    run(depth, 0.05, 100, 1);
    EXPECT_EQ(depth.tokens(1), 16);
}

TEST(GuessDepth, RestsLongerWhereItFailsAgain)
{
    GuessDepth depth(0.05);
    int tries = 0;
    bool resting = false;
    for (int pass = 0; pass < 1024; ++pass) {
        tries += resting && depth.tokens(1) > 0;
        resting = depth.tokens(1) == 0;
        depth.step(1);
        depth.pass(1 + depth.tokens(1));
    }
    EXPECT_GE(tries, 3);
    EXPECT_LE(tries, 6);
}

} // namespace

} // namespace tessera::core
