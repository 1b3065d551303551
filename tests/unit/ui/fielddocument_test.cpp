#include "ui/fielddocument.h"

#include <gtest/gtest.h>

namespace tessera::ui
{

namespace
{

TEST(FieldDocument, BeginsFarAndShowsNearBright)
{
    FieldDocument document(FieldKind::Depth);
    EXPECT_EQ(document.image().pixel(5, 5), qRgb(0, 0, 0));
    document.fillRect({0, 0, 20, 20}, 1);
    EXPECT_EQ(document.image().pixel(5, 5), qRgb(255, 255, 255));
    EXPECT_EQ(document.textAt({5, 5}), "nearness 100 %");
    EXPECT_EQ(document.textAt({30, 5}), "nearness 0 %");
    EXPECT_TRUE(document.modified());
    document.undo();
    EXPECT_EQ(document.image().pixel(5, 5), qRgb(0, 0, 0));
    EXPECT_FALSE(document.modified());
}

TEST(FieldDocument, EdgesAreSaidAsSuch)
{
    FieldDocument document(FieldKind::Edges);
    document.paintStroke({10, 10}, {50, 10}, 4, 1);
    EXPECT_EQ(document.textAt({30, 10}), "edge");
    EXPECT_EQ(document.textAt({30, 30}), "no edge");
}

TEST(FieldDocument, OnlyAMapNotBegunTakesAnotherSize)
{
    FieldDocument document(FieldKind::Depth);
    document.takeSize({1024, 512});
    EXPECT_EQ(document.size(), QSize(1024, 512));
    EXPECT_FALSE(document.canUndo());
    document.floodFill({0, 0}, 0.5);
    document.takeSize({256, 256});
    EXPECT_EQ(document.size(), QSize(1024, 512));
    EXPECT_EQ(document.inkAt({1000, 500}), 0.5);
}

} // namespace

} // namespace tessera::ui
