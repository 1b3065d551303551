#include "ui/classmodel.h"

#include <gtest/gtest.h>

namespace tessera::ui
{

namespace
{

TEST(ClassModel, AThousandClassesHaveTheirNames)
{
    ClassModel model;
    model.setClasses(1000);
    EXPECT_EQ(model.count(), 1000);
    EXPECT_EQ(model.nameOf(0), "tench, Tinca tinca");
    EXPECT_EQ(model.nameOf(963), "pizza, pizza pie");
    EXPECT_EQ(model.nameOf(1000), "");
}

TEST(ClassModel, OtherCountsAreKnownByNumber)
{
    ClassModel model;
    model.setClasses(5);
    EXPECT_EQ(model.nameOf(4), "class 4");
}

TEST(ClassModel, TheFilterFindsNamesAndNumbers)
{
    ClassModel model;
    model.setClasses(1000);
    model.setFilter("  PIZZA ");
    EXPECT_EQ(model.count(), 1);
    EXPECT_EQ(model.firstVisible(), 963);
    model.setFilter("28");
    EXPECT_EQ(model.firstVisible(), 28); // typed in full, before 280 to 289
    EXPECT_EQ(model.count(), 11);
    EXPECT_EQ(model.rowOf(280), 1);
    EXPECT_EQ(model.rowOf(29), -1);
    model.setFilter("no such thing");
    EXPECT_EQ(model.firstVisible(), -1);
}

TEST(ClassModel, AChoiceStaysWhereTheNextModelHasItToo)
{
    ClassModel model;
    model.setClasses(1000);
    model.setCurrent(-1);
    EXPECT_EQ(model.current(), 0);
    model.setCurrent(7);
    model.setClasses(10);
    EXPECT_EQ(model.current(), 7);
    model.setClasses(5);
    EXPECT_EQ(model.current(), 0);
    EXPECT_EQ(model.currentName(), "class 0");
}

} // namespace

} // namespace tessera::ui
