#include "app/common/terminalline.h"

#include <gtest/gtest.h>

namespace tessera::app
{

namespace
{

TEST(TerminalLine, HoldsACharacterInEachColumn)
{
    EXPECT_EQ(cutToColumns("12 of 34", 20), "12 of 34");
    EXPECT_EQ(cutToColumns("12 of 34", 5), "12 of");
    EXPECT_EQ(cutToColumns("12 of 34", 0), "");
}

TEST(TerminalLine, CutsNoCharacterInTwo)
{
    EXPECT_EQ(cutToColumns("Küste.png", 3), "Küs");
    EXPECT_EQ(cutToColumns("海の絵.png", 2), "海の");
    EXPECT_EQ(cutToColumns("\xbc\xbc.png", 1), "\xbc\xbc"); // damaged text ends all the same
}

} // namespace

} // namespace tessera::app
